use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::plain::Plain;
use super::terminal::Terminal;
use super::{Progress, Screen};
use crate::invocation::Verbosity;

/// One view of several builds at once: on a terminal a moving line for each that runs and one for all, plain lines that begin with its name elsewhere.
#[derive(Debug)]
pub(crate) struct Screens {
    verbosity: Verbosity,
    terminal: Option<(MultiProgress, ProgressBar)>,
}

impl Screens {
    pub(crate) fn new(verbosity: Verbosity) -> Self {
        let moving = verbosity > Verbosity::Quiet && std::io::stderr().is_terminal();
        let terminal = moving.then(|| {
            let lines = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10));
            let all = lines.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
                all.set_style(style);
            }
            (lines, all)
        });
        Self { verbosity, terminal }
    }

    /// The line of one build, which goes when its progress is finished.
    pub(crate) fn progress(&self, name: &str, interrupted: Arc<AtomicBool>) -> Progress {
        let screen = match &self.terminal {
            _ if self.verbosity == Verbosity::Quiet => Screen::Off,
            Some((lines, all)) => Screen::Terminal(Terminal::of_build(name, |line| lines.insert_before(all, line))),
            None => Screen::Plain(Plain { name: Some(name.to_owned()) }),
        };
        Progress::on(screen, self.verbosity, interrupted)
    }

    /// Says how far all of them are.
    pub(crate) fn count(&self, text: &str) {
        if let Some((_, all)) = &self.terminal {
            all.set_message(text.to_owned());
        }
    }

    /// Says something about a build that stays.
    pub(crate) fn note(&self, name: &str, line: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.tell(&format!("{name}: {line}\n"));
        }
    }

    /// Says something that stays, even when only errors are wanted; it ends with a newline.
    pub(crate) fn tell(&self, text: &str) {
        let write = || {
            // A log that is gone must not end a build.
            let _ = anstream::stderr().write_all(text.as_bytes());
        };
        match &self.terminal {
            Some((lines, _)) => lines.suspend(write),
            None => write(),
        }
    }

    /// Clears the moving lines.
    pub(crate) fn finish(&self) {
        if let Some((_, all)) = &self.terminal {
            all.finish_and_clear();
        }
    }
}
