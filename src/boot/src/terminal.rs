use std::os::fd::BorrowedFd;

use rootfs_guest::protocol::Size;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// The caller's terminal while every key goes to the guest. Dropping it gives the keys their meaning back.
#[derive(Debug)]
pub(crate) struct RawTerminal<'a> {
    terminal: BorrowedFd<'a>,
    before: Termios,
}

impl<'a> RawTerminal<'a> {
    /// None when the file is no terminal.
    pub(crate) fn enter(terminal: BorrowedFd<'a>) -> Option<Self> {
        let before = tcgetattr(terminal).ok()?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(terminal, OptionalActions::Drain, &raw).ok()?;
        Some(Self { terminal, before })
    }
}

impl Drop for RawTerminal<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(self.terminal, OptionalActions::Drain, &self.before);
    }
}

/// How large the terminal is; none when the file is no terminal.
pub(crate) fn size(terminal: BorrowedFd<'_>) -> Option<Size> {
    let size = tcgetwinsize(terminal).ok()?;
    Some(Size { rows: size.ws_row, columns: size.ws_col })
}

/// Watches for the way out of a guest that listens to nothing: Ctrl-] three times with nothing between.
#[derive(Debug, Default)]
pub(crate) struct Escape(u8);

impl Escape {
    const KEY: u8 = 0x1d;

    /// Whether these keys complete it.
    pub(crate) fn is_completed_by(&mut self, keys: &[u8]) -> bool {
        keys.iter().any(|key| {
            self.0 = if *key == Self::KEY { self.0 + 1 } else { 0 };
            self.0 >= 3
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_in_a_row_are_the_way_out() {
        let mut escape = Escape::default();
        assert!(!escape.is_completed_by(&[0x1d, 0x1d, b'a', 0x1d]));
        assert!(!escape.is_completed_by(&[0x1d]));
        assert!(escape.is_completed_by(&[0x1d, b'x']));
    }
}
