use std::collections::VecDeque;

/// How many of the console's last lines are kept.
const KEPT: usize = 30;

/// A longer line is cut.
const LINE_LIMIT: usize = 400;

/// How many lines are kept after a panic's own: the rest is a trace that would push out what led there.
const KEPT_AFTER_PANIC: usize = 8;

/// How a kernel says that it gives up.
const PANIC: &str = "Kernel panic - not syncing: ";

/// What a guest wrote to its console, as far as anybody will want to know.
#[derive(Debug, Default)]
pub(crate) struct Console {
    lines: VecDeque<String>,
    current: Vec<u8>,
    panic: Option<String>,
    lines_after_panic: usize,
}

impl Console {
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => self.end_line(),
                byte if self.current.len() < LINE_LIMIT => self.current.push(*byte),
                _ => {}
            }
        }
    }

    /// The kernel's reason for giving up.
    pub(crate) fn panic(&self) -> Option<&str> {
        self.panic.as_deref()
    }

    /// The last lines, without what only a terminal understands.
    pub(crate) fn lines(&self) -> Vec<String> {
        let unfinished = readable(&self.current);
        self.lines.iter().cloned().chain((!unfinished.is_empty()).then_some(unfinished)).collect()
    }

    fn end_line(&mut self) {
        let line = readable(&std::mem::take(&mut self.current));
        if self.panic.is_none()
            && let Some((_, reason)) = line.split_once(PANIC)
        {
            self.panic = Some(reason.to_owned());
        }
        self.lines_after_panic += usize::from(self.panic.is_some());
        if line.is_empty() || self.lines_after_panic > KEPT_AFTER_PANIC {
            return;
        }
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}

/// Without escape sequences (ECMA-48: `ESC [` up to a letter, `ESC` and one character) and other control characters.
fn readable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut readable = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\x1b' => {
                if letters.next() == Some('[') {
                    let _ = letters.by_ref().find(|letter| ('@'..='~').contains(letter));
                }
            }
            letter if letter.is_control() && letter != '\t' => {}
            letter => readable.push(letter),
        }
    }
    readable.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_lines_are_kept() {
        let mut console = Console::default();
        for number in 0..100 {
            console.take(format!("line {number}\r\n").as_bytes());
        }
        console.take(b"unfinished");
        let lines = console.lines();
        assert_eq!((lines.len(), lines[0].as_str(), lines[KEPT].as_str()), (KEPT + 1, "line 70", "unfinished"));
    }

    #[test]
    fn what_only_a_terminal_understands_is_left_out() {
        assert_eq!(readable(b"\x1bc\x1b[?7l\x1b[2J[\x1b[0;32m  OK  \x1b[0m] Started\x07.\r"), "[  OK  ] Started.");
        assert_eq!(readable(b"\x1b["), "");
    }

    #[test]
    fn a_panic_is_noticed_once() {
        let mut console = Console::default();
        console.take(b"[    1.2] Kernel panic - not syncing: VFS: Unable to mount");
        assert_eq!(console.panic(), None);
        console.take(b" root fs\r\nKernel panic - not syncing: other\n");
        assert_eq!(console.panic(), Some("VFS: Unable to mount root fs"));
    }

    #[test]
    fn what_led_to_a_panic_is_kept() {
        let mut console = Console::default();
        console.take(b"the cause\nKernel panic - not syncing: x\n");
        (0..100).for_each(|_| console.take(b"trace\n"));
        assert_eq!(console.lines()[0], "the cause");
    }

    #[test]
    fn a_line_without_an_end_takes_no_memory() {
        let mut console = Console::default();
        (0..1000).for_each(|_| console.take(&[b'x'; 1000]));
        assert_eq!(console.lines(), ["x".repeat(LINE_LIMIT)]);
    }
}
