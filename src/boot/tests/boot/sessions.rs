//! What is done in a guest comes back as it was.

use std::io::{Seek, Write};
use std::os::fd::AsFd;

use rootfs_boot::{BootError, End, Session};
use rustix::pty::OpenptFlags;
use rustix::termios::{Winsize, tcsetwinsize};

use crate::guest::{run, session, shell};

pub(crate) fn status_and_streams_come_back() {
    let given = run("echo to output; echo to error >&2; exit 3");
    let verdict = given.verdict.unwrap();
    assert_eq!(verdict.end, End::Exited(3));
    assert_eq!(verdict.exit_code(), 3);
    assert!(verdict.powered_off, "the guest powers itself off");
    assert!(verdict.answered_after.unwrap() < verdict.total);
    assert_eq!((given.output.as_str(), given.error.as_str()), ("to output\n", "to error\n"));
}

pub(crate) fn a_signal_comes_back() {
    let verdict = run("kill -9 $$").verdict.unwrap();
    assert_eq!((verdict.end, verdict.exit_code()), (End::Killed(9), 137));
}

/// Far more than may be on the way at once, and the end of it too.
pub(crate) fn input_is_passed_on() {
    let mut input = tempfile::tempfile().unwrap();
    let line = "0123456789abcde\n";
    input.write_all(line.repeat(1 << 16).as_bytes()).unwrap();
    input.rewind().unwrap();
    let given = session(shell("sleep 1; wc -c; echo done"), Some(input.as_fd()), |_| {});
    assert_eq!(given.verdict.unwrap().end, End::Exited(0));
    let words: Vec<&str> = given.output.split_whitespace().collect();
    assert_eq!(words, ["1048576", "done"]);
}

pub(crate) fn a_missing_program_is_told() {
    let given = session(Session::Run(vec![b"no-such-program".to_vec()]), None, |_| {});
    let error = given.verdict.unwrap_err();
    assert!(matches!(&error, BootError::ProgramMissing { program } if program == "no-such-program"), "{error:?}");
    assert_eq!(error.exit_code(), 127);
}

pub(crate) fn a_shell_has_a_terminal() {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let ours = rustix::pty::openpt(flags).unwrap();
    rustix::pty::unlockpt(&ours).unwrap();
    let theirs = rustix::pty::ioctl_tiocgptpeer(&ours, flags).unwrap();
    tcsetwinsize(&ours, Winsize { ws_row: 33, ws_col: 77, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let before = rustix::termios::tcgetattr(&theirs).unwrap();
    // Typed before the shell is there, as an impatient user does.
    std::fs::File::from(ours.try_clone().unwrap()).write_all(b"stty size; tty; pwd; exit 4\n").unwrap();
    let given = session(Session::Shell, Some(theirs.as_fd()), |_| {});
    assert_eq!(given.verdict.unwrap().end, End::Exited(4));
    for expected in ["33 77", "/dev/pts/0", "/root"] {
        assert!(given.output.contains(expected), "{expected}: {}", given.output);
    }
    let after = rustix::termios::tcgetattr(&theirs).unwrap();
    assert_eq!(after.local_modes, before.local_modes, "keys have their meaning again");
}

/// The agent has no port then; whoever types at the console ends the guest.
pub(crate) fn the_console_is_passed_on() {
    let given = session(Session::Console, None, |request| {
        request.command_line =
            "rdinit=/bin/sh -- -c \"mkdir /p; mount -t proc p /p; echo hello; echo o > /p/sysrq-trigger; sleep 9\"".to_owned();
    });
    assert_eq!(given.verdict.unwrap().end, End::PoweredOff);
    assert!(given.output.contains("Linux version") && given.output.contains("hello"), "{}", given.output);
}

pub(crate) fn the_init_has_prepared_the_guest() {
    let script = "cat /proc/sys/kernel/hostname; ifconfig lo | grep -o 'UP LOOPBACK RUNNING'; \
                  for place in /proc /sys /dev /dev/pts /dev/shm /run /tmp; do grep -q \" $place \" /proc/mounts || echo $place; done; \
                  (sleep 0.1 &); sleep 0.5; cat /proc/[0-9]*/status | grep -c 'State:.Z'";
    let given = run(script);
    assert_eq!(given.output, "guest\nUP LOOPBACK RUNNING\n0\n", "names, the loopback interface, no mount that is missing, no orphan");
}
