//! What a command sees around it.

use rootfs_sandbox::{Exit, Stream};

use crate::stage::{Stage, command, run, shell};

pub(crate) fn process_1_is_the_runner() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    assert_eq!(shell(&mut sandbox, "cat /proc/1/comm; echo $PPID"), "rootfs-guest\n1");
    let visible = shell(&mut sandbox, "cd /proc; for p in [0-9]*; do echo $p; done");
    assert_eq!(visible.lines().next(), Some("1"));
    assert_eq!(visible.lines().count(), 2, "{visible}");
}

pub(crate) fn the_network_is_empty() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    let devices = shell(&mut sandbox, "cat /proc/net/dev");
    let names: Vec<&str> = devices.lines().skip(2).filter_map(|line| line.split(':').next()).map(str::trim).collect();
    assert!(names.iter().all(|name| !name.starts_with("eth") && !name.starts_with("en")), "{devices}");
    assert!(names.contains(&"lo"), "{devices}");
    assert!(shell(&mut sandbox, "cat /proc/net/route").lines().count() <= 1, "a headline at most");
    assert_eq!(shell(&mut sandbox, "cat /sys/class/net/lo/operstate"), "down");
}

/// As Debian's `ischroot` decides it.
pub(crate) fn a_command_is_in_a_chroot() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    let inodes = shell(&mut sandbox, "stat -L -c %d:%i / /proc/1/root");
    let (own, process_1) = inodes.split_once('\n').unwrap();
    assert_ne!(own, process_1);
}

pub(crate) fn host_files_are_out_of_reach() {
    let stage = Stage::new();
    fs_err::write(stage.root().join("tree-file"), "").unwrap();
    let mut sandbox = stage.start();
    assert_eq!(shell(&mut sandbox, "cd /; echo *"), "dev lib lib64 proc sys tmp tree-file usr");
    assert_eq!(shell(&mut sandbox, "ls /proc/1/root/"), "root");
    assert_eq!(shell(&mut sandbox, "ls /proc/1/root/../../.."), "root");
    assert_eq!(shell(&mut sandbox, "cd /; cd ../../..; ls -d tree-file"), "tree-file");
    let open = shell(&mut sandbox, "for f in /proc/self/fd/*; do readlink $f; done; for f in /proc/1/fd/*; do readlink $f; done");
    let outside = open.lines().filter(|target| target.starts_with('/') && !target.starts_with("/dev/") && !target.starts_with("/root/"));
    // The shell's own list, and process 1's /proc, are all that is a path.
    assert_eq!(outside.filter(|target| !target.starts_with("/proc")).collect::<Vec<_>>(), [] as [&str; 0], "{open}");
}

/// Process 1's root is one that root may write to, were it not for Landlock. A kernel without it can't pass.
pub(crate) fn nothing_is_written_outside_of_the_tree() {
    let stage = Stage::new();
    fs_err::write(stage.path().join("precious"), "precious\n").unwrap();
    let mut sandbox = stage.start();
    let attempts = [
        "echo x > /proc/1/root/canary",
        "echo x > /proc/1/cwd/canary",
        "echo x >> /proc/1/root/precious",
        "mknod /proc/1/root/canary p",
        "cat < /dev/null > /proc/1/root/precious",
    ];
    for attempt in attempts {
        let done = run(&mut sandbox, &command(&["sh", "-c", attempt])).unwrap();
        assert!(done.outcome.exit != Exit::Code(0) && done.error.contains("denied"), "{attempt}: {done:?}");
    }
    // The same directory by the name it has inside can be written.
    shell(&mut sandbox, "echo x > /proc/1/root/root/tree-file; echo x > /tree-file; ls /tree-file");
    sandbox.stop().unwrap();
    assert!(!stage.path().join("canary").exists());
    assert_eq!(fs_err::read_to_string(stage.path().join("precious")).unwrap(), "precious\n");
}

/// A program of the stage's own has the stage as its root, and may write in the tree alone.
pub(crate) fn a_program_beside_the_tree_works_on_the_tree() {
    let stage = Stage::new();
    stage.copy_beside();
    let mut sandbox = stage.start();
    let script = "ls /; echo x > /canary; echo y > /root/tmp/written; cat /root/tmp/written";
    let mut said = Vec::new();
    let outcome = sandbox
        .run_outside(&command(&["sh", "-c", script]), &mut |stream, bytes| {
            if stream == Stream::Output {
                said.extend_from_slice(bytes);
            }
        })
        .unwrap();
    let said = String::from_utf8(said).unwrap();
    assert!(outcome.exit.success() && said.ends_with("y\n") && said.contains("root\n"), "{said}");
    assert_eq!(fs_err::read_to_string(stage.root().join("tmp/written")).unwrap(), "y\n");
    assert!(!stage.path().join("canary").exists(), "{said}");
    assert_eq!(shell(&mut sandbox, "cat /tmp/written"), "y", "the next command is in the tree again");
}

pub(crate) fn devices_are_the_harmless_ones() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    let listed = shell(&mut sandbox, "cd /dev; echo *");
    assert_eq!(listed, "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero");
    shell(&mut sandbox, "echo gone > /dev/null; head -c 4 /dev/zero > /dev/null; head -c 1 /dev/urandom > /dev/null");
    shell(&mut sandbox, "echo shared > /dev/shm/file; ls /dev/pts/ptmx");
    let terminal = run(&mut sandbox, &command(&["sh", "-c", "exec 3<>/dev/tty"])).unwrap();
    assert_ne!(terminal.outcome.exit, Exit::Code(0), "there is no controlling terminal");
}

/// A script may make device nodes, for that is data; opening one is refused.
pub(crate) fn device_nodes_in_the_tree_are_data() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    shell(&mut sandbox, "mknod /tmp/null c 1 3; ls /tmp/null");
    let opened = run(&mut sandbox, &command(&["sh", "-c", "cat /tmp/null"])).unwrap();
    assert!(opened.error.contains("ermission denied"), "{opened:?}");
}

pub(crate) fn the_kernel_can_not_be_changed() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    for script in [
        "echo x > /proc/sys/kernel/hostname",
        "echo b > /proc/sysrq-trigger",
        "echo x > /sys/kernel/uevent_helper",
        "mount -t tmpfs tmpfs /tmp",
    ] {
        let done = run(&mut sandbox, &command(&["sh", "-c", script])).unwrap();
        assert_ne!(done.outcome.exit, Exit::Code(0), "{script}");
    }
}

pub(crate) fn identity_and_limits_are_fixed() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    assert_eq!(shell(&mut sandbox, "cat /proc/sys/kernel/hostname"), "guest-under-test");
    assert_eq!(shell(&mut sandbox, "umask"), "0022");
    assert_eq!(shell(&mut sandbox, "ulimit -c; ulimit -S -n"), "0\n1024");
    assert_eq!(shell(&mut sandbox, "cat /proc/self/oom_score_adj"), "0");
    let signals = shell(&mut sandbox, "while read name value; do case $name in Sig[BI]*) echo $value;; esac; done < /proc/self/status");
    assert_eq!(signals, "0000000000000000\n0000000000000000", "nothing is blocked or ignored");
}

pub(crate) fn the_environment_is_exactly_what_was_said() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    let mut asked = command(&["cat", "/proc/self/environ"]);
    asked.environment.push(("LC_ALL".to_owned(), "C.UTF-8".to_owned()));
    asked.environment.push(("EMPTY".to_owned(), String::new()));
    let done = run(&mut sandbox, &asked).unwrap();
    assert_eq!(done.output, "PATH=/usr/bin:/bin\0LC_ALL=C.UTF-8\0EMPTY=\0");
}

/// sync(1) says when a call fails; that the calls do nothing is seen by their never reaching the disk, which the filter's own tests cover.
pub(crate) fn syncing_succeeds_at_once() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    shell(&mut sandbox, "echo x > /tmp/file; sync; sync /tmp/file; sync -d /tmp/file; sync -f /tmp/file");
    assert_eq!(shell(&mut sandbox, "while read name value; do case $name in Seccomp:) echo $value;; esac; done < /proc/self/status"), "2");
}
