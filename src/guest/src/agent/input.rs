use std::collections::VecDeque;
use std::os::fd::OwnedFd;

use rootfs_guest::protocol::WINDOW;
use rustix::io::Errno;

/// What a command is still to read.
pub(super) struct Input {
    /// None once the command reads no more, or everything was said.
    file: Option<OwnedFd>,
    waiting: VecDeque<u8>,
    ends: bool,
}

/// The client sends more than it may.
#[derive(Debug)]
pub(super) struct Overrun;

impl Input {
    /// A file that doesn't block.
    pub(super) fn new(file: OwnedFd) -> Self {
        Self { file: Some(file), waiting: VecDeque::new(), ends: false }
    }

    /// Whoever has something to write waits for this file.
    pub(super) fn wanted(&self) -> Option<&OwnedFd> {
        self.file.as_ref().filter(|_| !self.waiting.is_empty())
    }

    /// Takes bytes; gives how many of them nobody will ever read.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<usize, Overrun> {
        if self.file.is_none() {
            return Ok(bytes.len());
        }
        if self.waiting.len() + bytes.len() > WINDOW {
            return Err(Overrun);
        }
        self.waiting.extend(bytes);
        Ok(0)
    }

    /// Nothing follows.
    pub(super) fn end(&mut self) {
        self.ends = true;
        self.close_at_end();
    }

    /// Writes what the file takes; gives how many bytes are settled by that.
    pub(super) fn feed(&mut self) -> usize {
        let Some(file) = &self.file else {
            return 0;
        };
        let written = match rustix::io::write(file, self.waiting.as_slices().0) {
            Ok(count) => count,
            Err(Errno::INTR | Errno::AGAIN) => 0,
            // The command has closed its end.
            Err(_) => {
                self.file = None;
                self.waiting.len()
            }
        };
        self.waiting.drain(..written);
        self.close_at_end();
        written
    }

    fn close_at_end(&mut self) {
        if self.ends && self.waiting.is_empty() {
            self.file = None;
        }
    }
}
