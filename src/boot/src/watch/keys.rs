use std::collections::VecDeque;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;

use crate::terminal::Escape;

/// What the caller types, or pipes in.
pub(super) struct Keys<'a> {
    /// None once it has ended.
    input: Option<BorrowedFd<'a>>,
    for_console: VecDeque<u8>,
    escape: Escape,
}

/// Some of an input.
pub(super) enum Read {
    Bytes(Vec<u8>),
    Nothing,
    End,
}

impl<'a> Keys<'a> {
    pub(super) fn new(input: Option<BorrowedFd<'a>>) -> Self {
        Self { input, for_console: VecDeque::new(), escape: Escape::default() }
    }

    /// The file to wait for.
    pub(super) fn wanted(&self) -> Option<BorrowedFd<'a>> {
        self.input
    }

    /// Up to `limit` bytes of it.
    pub(super) fn read(&mut self, limit: usize) -> Read {
        let Some(input) = self.input else {
            return Read::End;
        };
        let mut buffer = vec![0; limit];
        match rustix::io::read(input, &mut buffer) {
            Ok(count) if count > 0 => {
                buffer.truncate(count);
                return Read::Bytes(buffer);
            }
            Err(Errno::INTR | Errno::AGAIN) => return Read::Nothing,
            // A terminal that is gone is an input that has ended.
            Ok(_) | Err(_) => self.input = None,
        }
        Read::End
    }

    /// Whether these keys complete the way out.
    pub(super) fn lead_out(&mut self, keys: &[u8]) -> bool {
        self.escape.is_completed_by(keys)
    }

    /// Keeps keys until the console takes them.
    pub(super) fn keep_for_console(&mut self, keys: &[u8]) {
        self.for_console.extend(keys);
    }

    pub(super) fn for_console(&self) -> &VecDeque<u8> {
        &self.for_console
    }

    /// The console has taken so many.
    pub(super) fn forget(&mut self, count: usize) {
        self.for_console.drain(..count);
    }
}
