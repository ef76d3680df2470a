//! How commands start, speak and end.

use rootfs_sandbox::{Exit, Runner, SandboxError, Stream};

use crate::stage::{Stage, command, run, shell};

pub(crate) fn exits_and_signals_come_back() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    let mut exit = |script: &str| run(&mut sandbox, &command(&["sh", "-c", script])).unwrap().outcome.exit;
    assert_eq!(exit("exit 0"), Exit::Code(0));
    assert_eq!(exit("exit 3"), Exit::Code(3));
    assert_eq!(exit("exit 255"), Exit::Code(255));
    assert_eq!(exit("kill -KILL $$"), Exit::Signal(9));
    assert_eq!(exit("kill -TERM $$"), Exit::Signal(15));
    assert_eq!(exit("kill -PIPE $$"), Exit::Signal(13));
}

pub(crate) fn streams_are_told_apart_and_come_whole() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    let script = "i=0; while [ $i -lt 160 ]; do head -c 32768 /dev/zero; head -c 32768 /dev/zero >&2; i=$((i+1)); done";
    let (mut output, mut error, mut changes, mut last) = (0, 0, 0, None);
    let mut count = |stream, bytes: &[u8]| {
        assert!(bytes.iter().all(|byte| *byte == 0));
        changes += usize::from(last.replace(stream) != Some(stream));
        match stream {
            Stream::Output => output += bytes.len(),
            Stream::Error => error += bytes.len(),
        }
    };
    sandbox.run(&command(&["sh", "-c", script]), &mut count).unwrap();
    assert_eq!((output, error), (160 * 32768, 160 * 32768));
    assert!(changes > 10, "the streams came one after the other, not as they were written: {changes} changes");
}

pub(crate) fn output_comes_while_the_command_runs() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    let started = std::time::Instant::now();
    let mut first = None;
    let mut note = |_, _: &[u8]| {
        first.get_or_insert_with(|| started.elapsed());
    };
    sandbox.run(&command(&["sh", "-c", "echo early; sleep 1"]), &mut note).unwrap();
    assert!(first.unwrap() < started.elapsed() / 2, "{first:?} of {:?}", started.elapsed());
}

pub(crate) fn input_comes_whole_and_ends() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    let mut asked = command(&["cat"]);
    asked.input = (0..3_000_000_u32).map(|number| b'a' + u8::try_from(number % 26).unwrap()).collect();
    let done = run(&mut sandbox, &asked).unwrap();
    assert!(done.output.as_bytes() == asked.input);
    assert_eq!(run(&mut sandbox, &command(&["cat"])).unwrap().output, "", "no input is an end of input");
}

pub(crate) fn arguments_and_directory_are_taken_as_they_are() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    let mut asked = command(&["sh", "-c", "for a; do echo \"<$a>\"; done; cat /proc/self/cwd/here", "sh", "a b", "", "$HOME", "\n"]);
    asked.directory = "/tmp".to_owned();
    fs_err::write(stage.root().join("tmp/here"), "there").unwrap();
    assert_eq!(run(&mut sandbox, &asked).unwrap().output, "<a b>\n<>\n<$HOME>\n<\n>\nthere");
}

pub(crate) fn what_can_not_start_is_told_by_name() {
    let stage = Stage::new();
    stage.script("usr/bin/orphan-script", "#!/usr/bin/python9\n");
    stage.script("usr/bin/nonsense", "\0\0\0\0");
    fs_err::write(stage.root().join("usr/bin/not-executable"), "#!/bin/sh\n").unwrap();
    let mut sandbox = stage.start();
    let mut start = |asked: &rootfs_sandbox::Command| run(&mut sandbox, asked).unwrap_err();

    let error = start(&command(&["no-such-program"]));
    assert!(matches!(&error, SandboxError::Missing { program } if program == "no-such-program"), "{error:?}");
    let error = start(&command(&["/no/such/program"]));
    assert!(matches!(&error, SandboxError::Missing { program } if program == "/no/such/program"), "{error:?}");
    let error = start(&command(&["orphan-script"]));
    assert_eq!(error.to_string(), "`orphan-script` needs `/usr/bin/python9`, which does not exist in the tree");
    let error = start(&command(&["nonsense"]));
    assert!(error.hint().unwrap().contains("architecture"), "{error:?}");
    let error = start(&command(&["not-executable"]));
    assert!(error.hint().unwrap().contains("execute bit"), "{error:?}");
    let error = start(&command(&[]));
    assert!(matches!(error, SandboxError::Missing { .. }), "{error:?}");
    let mut elsewhere = command(&["sh"]);
    elsewhere.directory = "/nowhere".to_owned();
    let error = start(&elsewhere);
    assert_eq!(error.to_string(), "can't enter `/nowhere` in the tree");

    assert_eq!(shell(&mut sandbox, "echo alive"), "alive", "none of it ends the sandbox");
}

pub(crate) fn a_program_without_its_loader_is_told_so() {
    let stage = Stage::new();
    let root = stage.root();
    for directory in ["lib64", "lib"] {
        let _ = fs_err::rename(root.join(directory), root.join(format!("away-{directory}")));
    }
    let mut sandbox = stage.start();
    let error = run(&mut sandbox, &command(&["sh"])).unwrap_err();
    assert!(matches!(&error, SandboxError::Interpreter { interpreter, .. } if interpreter.starts_with("/lib")), "{error:?}");
}

pub(crate) fn a_command_line_too_long_is_refused() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    let long = "a".repeat(5 << 20);
    let error = run(&mut sandbox, &command(&["sh", "-c", "exit 0", &long])).unwrap_err();
    assert!(matches!(error, SandboxError::TooLong { .. }), "{error:?}");
    let error = run(&mut sandbox, &command(&["sh", "-c", "exit 0", &long[..1 << 20]])).unwrap_err();
    assert!(matches!(error, SandboxError::Program { .. }), "the kernel's own limit: {error:?}");
    assert_eq!(shell(&mut sandbox, "echo alive"), "alive");
}

pub(crate) fn what_a_command_leaves_behind_is_killed_and_named() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    let script = "sleep 1000 & sleep 1000 > /dev/null 2>&1 & echo done";
    let done = run(&mut sandbox, &command(&["sh", "-c", script])).unwrap();
    assert_eq!(done.outcome.exit, Exit::Code(0));
    assert_eq!(done.output, "done\n");
    assert_eq!(done.outcome.left_running, ["sleep", "sleep"]);
    let visible = shell(&mut sandbox, "cd /proc; for p in [0-9]*; do echo $p; done");
    assert_eq!(visible.lines().count(), 2, "{visible}");
    let short = run(&mut sandbox, &command(&["sh", "-c", "sleep 0.02 &"])).unwrap();
    assert_eq!(short.outcome.left_running, [] as [&str; 0], "what ends by itself at once is not left behind");
}
