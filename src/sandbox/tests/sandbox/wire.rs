//! The runner by itself: a client of the tests' own, that speaks the protocol.

use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rootfs_guest::protocol::{Ended, Event, Exec, Request, Status, Stream, VERSION};
use rootfs_sandbox::{GUEST, Sandbox, SandboxError};

use crate::stage::{Stage, options};

struct Client {
    runner: Child,
    requests: ChildStdin,
    events: ChildStdout,
}

impl Client {
    #[expect(clippy::disallowed_methods, reason = "a test may start the runner without its client")]
    fn start(stage: &Stage) -> Self {
        let program = stage.path().join("rootfs-guest");
        fs_err::write(&program, GUEST).unwrap();
        fs_err::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        for name in ["proc", "sys", "dev"] {
            fs_err::create_dir(stage.root().join(name)).unwrap();
        }
        let mut runner = Command::new(program)
            .args(["runner", "wire"])
            .current_dir(stage.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (requests, events) = (runner.stdin.take().unwrap(), runner.stdout.take().unwrap());
        let mut client = Self { runner, requests, events };
        let mut first = [client.next().1, client.next().1];
        first.sort_by_key(|event| matches!(event, Event::Ready(_)));
        assert!(matches!(first, [Event::Forked(_), Event::Ready(VERSION)]), "{first:?}");
        client
    }

    fn send(&mut self, id: u32, request: &Request) {
        request.send(id, &mut self.requests).unwrap();
    }

    fn shell(&mut self, id: u32, script: &str) {
        let arguments = ["sh", "-c", script].map(|argument| argument.as_bytes().to_vec()).to_vec();
        self.send(id, &Request::Exec(Exec { arguments, environment: vec![b"PATH=/usr/bin".to_vec()], directory: b"/".to_vec() }));
        self.send(id, &Request::EndOfInput);
    }

    fn next(&mut self) -> (u32, Event) {
        Event::receive(&mut self.events).unwrap().unwrap()
    }
}

pub(crate) fn a_command_is_killed_by_request() {
    let stage = Stage::new();
    let mut client = Client::start(&stage);
    client.shell(7, "echo started; sleep 1000");
    assert_eq!(client.next(), (7, Event::Output(Stream::Output, b"started\n".to_vec())));
    client.send(6, &Request::Kill(9));
    client.send(7, &Request::Kill(15));
    assert_eq!(client.next(), (7, Event::Ended(Ended { status: Status::Signal(15), left_running: Vec::new() })));
    client.send(7, &Request::Kill(15));
    client.shell(8, "exit 4");
    assert_eq!(client.next(), (8, Event::Ended(Ended { status: Status::Code(4), left_running: Vec::new() })));
}

pub(crate) fn closing_the_requests_ends_the_runner() {
    let stage = Stage::new();
    let mut client = Client::start(&stage);
    client.shell(1, "sleep 1000");
    let Client { mut runner, requests, mut events } = client;
    drop(requests);
    assert_eq!(Event::receive(&mut events).unwrap(), None);
    runner.wait().unwrap();
}

/// Nothing that a client could send makes the runner do something else than end.
pub(crate) fn nonsense_ends_the_runner() {
    use std::io::Write;
    let stage = Stage::new();
    let mut client = Client::start(&stage);
    client.requests.write_all(&[0xff; 9]).unwrap();
    assert_eq!(Event::receive(&mut client.events).unwrap(), None);
    assert!(!client.runner.wait().unwrap().success());
}

/// In a thread of its own, because only that thread loses what it takes.
pub(crate) fn who_may_not_is_told_what_it_takes() {
    use rustix::thread::{CapabilitySet, capabilities, remove_capability_from_bounding_set, set_capabilities};
    let stage = Stage::new();
    let started = std::thread::scope(|scope| {
        let start = scope.spawn(|| {
            let mut sets = capabilities(None).unwrap();
            remove_capability_from_bounding_set(CapabilitySet::SYS_ADMIN).unwrap();
            sets.effective.remove(CapabilitySet::SYS_ADMIN);
            sets.permitted.remove(CapabilitySet::SYS_ADMIN);
            set_capabilities(None, sets).unwrap();
            Sandbox::start(stage.path(), &options())
        });
        start.join().unwrap()
    });
    let error = started.unwrap_err();
    assert!(matches!(&error, SandboxError::NotPermitted { step } if step == "make namespaces"), "{error:?}");
    assert!(error.hint().unwrap().contains("root"));
    assert!(!stage.root().join("proc").exists(), "nothing is left in the tree");
}
