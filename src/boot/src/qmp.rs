use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use serde_json::Value;

/// No message of QEMU's is longer; what is, is forgotten.
const MESSAGE_LIMIT: usize = 1 << 20;

/// QEMU's monitor, in the form that is meant for programs (QMP).
#[derive(Debug)]
pub(crate) struct Monitor {
    socket: UnixStream,
    received: Vec<u8>,
    shutdown: Option<String>,
    closed: bool,
}

impl Monitor {
    /// Over a fresh socket.
    pub(crate) fn new(socket: UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let mut monitor = Self { socket, received: Vec::new(), shutdown: None, closed: false };
        monitor.send("qmp_capabilities");
        Ok(monitor)
    }

    /// The file to wait for; none once QEMU has closed it.
    pub(crate) fn wanted(&self) -> Option<BorrowedFd<'_>> {
        (!self.closed).then(|| self.socket.as_fd())
    }

    /// Tells QEMU to end, now.
    pub(crate) fn quit(&mut self) {
        self.send("quit");
    }

    /// Why the machine went down, in QEMU's words: `guest-shutdown`, `guest-reset`, `host-qmp-quit`, …
    pub(crate) fn shutdown(&self) -> Option<&str> {
        self.shutdown.as_deref()
    }

    /// Reads what is there.
    pub(crate) fn read(&mut self) {
        let mut buffer = [0; 4096];
        loop {
            match self.socket.read(&mut buffer) {
                Ok(0) => return self.closed = true,
                Ok(count) => self.take(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => return self.closed = true,
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
        while let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
            let message: Vec<u8> = self.received.drain(..=end).collect();
            let Ok(message) = serde_json::from_slice::<Value>(&message) else { continue };
            if message["event"] == "SHUTDOWN" {
                self.shutdown = message["data"]["reason"].as_str().map(str::to_owned);
            }
        }
        if self.received.len() > MESSAGE_LIMIT {
            self.received.clear();
        }
    }

    /// A QEMU that doesn't listen any more is about to be killed anyway.
    fn send(&mut self, command: &str) {
        let _ = self.socket.write_all(format!("{{\"execute\":\"{command}\"}}\n").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_a_shutdown_is_kept() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut monitor = Monitor::new(ours).unwrap();
        theirs.write_all(b"{\"QMP\":{}}\r\n{\"return\":{}}\r\nnonsense\n{\"event\":\"SHUTDOWN\",\"data\":{\"reason\":").unwrap();
        monitor.read();
        assert_eq!(monitor.shutdown(), None);
        theirs.write_all(b"\"guest-shutdown\"}}\n").unwrap();
        drop(theirs);
        monitor.read();
        assert_eq!(monitor.shutdown(), Some("guest-shutdown"));
        assert!(monitor.wanted().is_none());
    }
}
