//! The agent by itself, over a socket: everything but the guest.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rootfs_guest::protocol::{Ended, Event, Exec, Refusal, Request, Size, Status, Stream, VERSION, WINDOW};
use rootfs_sandbox::GUEST;
use tempfile::TempDir;

struct Client {
    socket: UnixStream,
    agent: Child,
    _directory: TempDir,
}

impl Client {
    #[expect(clippy::disallowed_methods, reason = "a test may start the agent without a guest")]
    fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let program = directory.path().join("rootfs-agent-of-a-test");
        fs_err::write(&program, GUEST).unwrap();
        fs_err::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        let (socket, theirs) = UnixStream::pair().unwrap();
        let agent = Command::new(program).args(["agent", "-"]).stdin(OwnedFd::from(theirs)).spawn().unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut client = Self { socket, agent, _directory: directory };
        assert_eq!(client.next(), (0, Event::Ready(VERSION)));
        client
    }

    fn send(&mut self, id: u32, request: &Request) {
        request.send(id, &mut self.socket).unwrap();
    }

    fn next(&mut self) -> (u32, Event) {
        Event::receive(&mut self.socket).unwrap().unwrap()
    }

    /// The next event that is no news about input.
    fn answer(&mut self) -> (u32, Event) {
        loop {
            match self.next() {
                (_, Event::Taken(_)) => {}
                other => return other,
            }
        }
    }

    fn shell(&mut self, id: u32, script: &str) {
        self.send(id, &Request::Exec(exec(script)));
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        let _ = self.agent.wait();
    }
}

fn exec(script: &str) -> Exec {
    let arguments = ["sh", "-c", script].map(|argument| argument.as_bytes().to_vec()).to_vec();
    Exec { arguments, environment: vec![b"PATH=/usr/bin:/bin".to_vec()], directory: b"/".to_vec() }
}

fn output(id: u32, text: &str) -> (u32, Event) {
    (id, Event::Output(Stream::Output, text.as_bytes().to_vec()))
}

fn ended(id: u32, status: Status) -> (u32, Event) {
    (id, Event::Ended(Ended { status, left_running: Vec::new() }))
}

pub(crate) fn commands_run_side_by_side() {
    let mut client = Client::start();
    client.shell(1, "read line; echo one $line; exit 1");
    client.shell(2, "read line; echo two $line >&2; kill -15 $$");
    client.send(2, &Request::Input(b"b\n".to_vec()));
    assert_eq!(client.answer(), (2, Event::Output(Stream::Error, b"two b\n".to_vec())));
    assert_eq!(client.answer(), ended(2, Status::Signal(15)));
    client.send(1, &Request::Input(b"a\n".to_vec()));
    assert_eq!(client.answer(), output(1, "one a\n"));
    assert_eq!(client.answer(), ended(1, Status::Code(1)));
}

pub(crate) fn input_comes_as_it_is_sent() {
    let mut client = Client::start();
    client.shell(1, "while read line; do echo got $line; done; echo end");
    for text in ["a", "b"] {
        client.send(1, &Request::Input(format!("{text}\n").into_bytes()));
        assert_eq!(client.next(), (1, Event::Taken(2)));
        assert_eq!(client.next(), output(1, &format!("got {text}\n")));
    }
    client.send(1, &Request::EndOfInput);
    assert_eq!(client.next(), output(1, "end\n"));
    assert_eq!(client.next(), ended(1, Status::Code(0)));
}

/// A pipe holds some, the agent the rest of what may be on the way, and a command that leaves without reading settles all.
pub(crate) fn input_that_nobody_reads_is_settled() {
    let mut client = Client::start();
    client.shell(1, "exec sleep 0.5");
    let piece = vec![b'x'; 32 << 10];
    for _ in 0..WINDOW / piece.len() {
        client.send(1, &Request::Input(piece.clone()));
    }
    let mut settled = 0;
    loop {
        match client.next() {
            (1, Event::Taken(count)) => settled += usize::try_from(count).unwrap(),
            (1, Event::Ended(_)) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(settled <= WINDOW, "{settled}");
    client.shell(2, "exec <&-; sleep 0.2; echo closed; sleep 0.2");
    client.send(2, &Request::Input(piece.clone()));
    let mut events = [client.next(), client.next()];
    events.sort_by_key(|(_, event)| matches!(event, Event::Taken(_)));
    assert_eq!(events, [output(2, "closed\n"), (2, Event::Taken(32 << 10))]);
}

pub(crate) fn a_terminal_has_a_size_and_keys() {
    let mut client = Client::start();
    client.send(
        1,
        &Request::Terminal(exec("trap 'stty size' WINCH; stty size; tty; read a; read b; exit 5"), Size { rows: 11, columns: 22 }),
    );
    let mut text = String::new();
    let mut until = |client: &mut Client, wanted: &str| {
        while !text.contains(wanted) {
            match client.answer() {
                (1, Event::Output(Stream::Output, bytes)) => text.push_str(&String::from_utf8_lossy(&bytes)),
                other => panic!("{other:?} after {text}"),
            }
        }
    };
    until(&mut client, "/dev/pts/");
    until(&mut client, "11 22");
    client.send(1, &Request::Resize(Size { rows: 44, columns: 55 }));
    client.send(1, &Request::Input(b"a\r".to_vec()));
    until(&mut client, "44 55");
    client.send(1, &Request::Input(b"b\r".to_vec()));
    loop {
        match client.answer() {
            (1, Event::Output(..)) => {}
            (1, Event::Ended(ended)) => break assert_eq!(ended.status, Status::Code(5)),
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn what_is_left_behind_does_not_hold_the_end_back() {
    let mut client = Client::start();
    let started = Instant::now();
    client.shell(1, "sleep 30 & echo started");
    assert_eq!(client.answer(), output(1, "started\n"));
    assert_eq!(client.answer(), ended(1, Status::Code(0)));
    assert!(started.elapsed() < Duration::from_secs(10));
}

pub(crate) fn a_client_that_leaves_hangs_up() {
    let mut client = Client::start();
    let directory = TempDir::new().unwrap();
    let mark = directory.path().join("mark");
    client.shell(
        1,
        &format!("exec 2>/dev/null; trap 'echo gone > {}; exit' HUP; echo ready; while true; do sleep 0.05; done", mark.display()),
    );
    assert_eq!(client.answer(), output(1, "ready\n"));
    drop(client);
    let deadline = Instant::now() + Duration::from_secs(10);
    while !mark.exists() {
        assert!(Instant::now() < deadline, "the command still runs");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub(crate) fn a_command_is_killed_by_request() {
    let mut client = Client::start();
    client.shell(1, "echo started; sleep 1000");
    assert_eq!(client.answer(), output(1, "started\n"));
    client.send(2, &Request::Kill(9));
    client.send(1, &Request::Kill(9));
    assert_eq!(client.answer(), ended(1, Status::Signal(9)));
}

pub(crate) fn what_can_not_start_is_told() {
    let mut client = Client::start();
    let missing = Exec { arguments: vec![b"no-such-program".to_vec()], directory: b"/".to_vec(), ..Exec::default() };
    client.send(1, &Request::Exec(missing));
    assert_eq!(client.answer(), (1, Event::Refused(Refusal::Missing)));
    client.send(2, &Request::Exec(Exec { directory: b"/no/such".to_vec(), ..exec("true") }));
    assert_eq!(client.answer(), (2, Event::Refused(Refusal::Directory(2))));
    // Nonsense ends the agent, which in a guest is started anew.
    client.socket.write_all(&[0xff; 9]).unwrap();
    let mut rest = Vec::new();
    client.socket.read_to_end(&mut rest).unwrap();
    assert!(!client.agent.wait().unwrap().success());
}
