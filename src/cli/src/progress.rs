//! What a user sees while a build runs.

mod plain;
mod screens;
mod tail;
mod terminal;

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rootfs_package::observer::{Event, Observer, Step};

use crate::failure::ScriptOutput;
use crate::invocation::Verbosity;
use crate::units;
use plain::Plain;
use tail::Tail;
use terminal::Terminal;

pub(crate) use screens::Screens;

/// Shows a build on standard error: one moving line on a terminal, plain lines elsewhere.
#[derive(Debug)]
pub struct Progress {
    state: Mutex<State>,
    interrupted: Arc<AtomicBool>,
}

#[derive(Debug)]
struct State {
    screen: Screen,
    verbosity: Verbosity,
    phase: Option<Phase>,
    times: Vec<(Step, Duration)>,
    tail: Tail,
    explain: bool,
    decisions: Vec<Decision>,
}

/// Whether a stage's result was there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// `index`, `resolve`, `fetch`, `install`, `tools`.
    pub stage: String,
    /// It was there.
    pub reused: bool,
    /// Why or why not.
    pub reason: String,
}

/// A step from where it began to where the next one does.
#[derive(Debug, Clone)]
struct Phase {
    step: Step,
    began: Instant,
    items: u64,
    bytes: u64,
    expected_items: u64,
    expected_bytes: u64,
}

#[derive(Debug)]
enum Screen {
    Off,
    Plain(Plain),
    Terminal(Terminal),
}

impl Progress {
    /// Chooses the screen: none when nothing is to be said.
    #[must_use]
    pub fn new(verbosity: Verbosity, interrupted: Arc<AtomicBool>) -> Self {
        let screen = match verbosity {
            Verbosity::Quiet => Screen::Off,
            _ if std::io::stderr().is_terminal() => Screen::Terminal(Terminal::new()),
            _ => Screen::Plain(Plain::default()),
        };
        Self::on(screen, verbosity, interrupted)
    }

    fn on(screen: Screen, verbosity: Verbosity, interrupted: Arc<AtomicBool>) -> Self {
        let state =
            State { screen, verbosity, phase: None, times: Vec::new(), tail: Tail::default(), explain: false, decisions: Vec::new() };
        Self { state: Mutex::new(state), interrupted }
    }

    /// What was reused, and why, is worth a line each, if `explain`.
    #[must_use]
    pub fn explaining(self, explain: bool) -> Self {
        self.state().explain = explain;
        self
    }

    /// What ends the build when it is set.
    #[must_use]
    pub fn interrupted(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupted)
    }

    /// Shows lines worth telling.
    pub fn notes(&self, lines: &[String]) {
        lines.iter().for_each(|line| self.event(Event::Note(line)));
    }

    /// Ends the last step and clears the moving line.
    pub fn finish(&self) {
        let mut state = self.state();
        state.end_phase();
        if let Screen::Terminal(terminal) = &state.screen {
            terminal.clear();
        }
    }

    /// The time each step took, in the order they first began.
    #[must_use]
    pub fn times(&self) -> Vec<(Step, Duration)> {
        self.state().times.clone()
    }

    /// What was reused and what was not, in order.
    #[must_use]
    pub fn decisions(&self) -> Vec<Decision> {
        self.state().decisions.clone()
    }

    /// What the last script printed last, unless it was shown already.
    #[must_use]
    pub fn script_tail(&self) -> Option<ScriptOutput> {
        let state = self.state();
        if state.verbosity == Verbosity::Verbose { None } else { state.tail.get() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Numbers on a screen are worth showing even after a thread died over them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Progress {
    fn event(&self, event: Event<'_>) {
        self.state().event(event);
    }

    fn cancelled(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

impl State {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Began(step) => self.begin_phase(step),
            Event::Expect { items, bytes } => self.change(|phase| (phase.expected_items, phase.expected_bytes) = (items, bytes)),
            Event::Bytes(bytes) => self.change(|phase| phase.bytes = phase.bytes.saturating_add(bytes)),
            Event::Item(_) => self.change(|phase| phase.items = phase.items.saturating_add(1)),
            Event::Decided { stage, reused, reason } => {
                let decision = Decision { stage: stage.to_owned(), reused, reason: printable(reason) };
                if self.explain {
                    self.line(&format!("explain    {decision}"));
                }
                self.decisions.push(decision);
            }
            Event::Attended => {
                self.end_phase();
                if let Screen::Terminal(terminal) = &self.screen {
                    terminal.clear();
                }
            }
            Event::Note(line) => self.line(&format!("note: {}", printable(line))),
            Event::Script { origin, line } => {
                let line = printable(line);
                self.tail.push(origin, &line);
                if self.verbosity == Verbosity::Verbose {
                    self.line(&format!("{origin}: {line}"));
                }
            }
        }
    }

    fn begin_phase(&mut self, step: Step) {
        self.end_phase();
        if !self.times.iter().any(|(known, _)| *known == step) {
            self.times.push((step, Duration::ZERO));
        }
        let phase = Phase { step, began: Instant::now(), items: 0, bytes: 0, expected_items: 0, expected_bytes: 0 };
        match &self.screen {
            Screen::Plain(plain) => plain.line(&format!("{} …", step.name())),
            Screen::Terminal(terminal) => terminal.show(&phase),
            Screen::Off => {}
        }
        self.phase = Some(phase);
    }

    fn end_phase(&mut self) {
        let Some(phase) = self.phase.take() else { return };
        let elapsed = phase.began.elapsed();
        if let Some((_, total)) = self.times.iter_mut().find(|(step, _)| *step == phase.step) {
            *total += elapsed;
        }
        self.line(&phase.summary(elapsed));
    }

    fn change(&mut self, change: impl FnOnce(&mut Phase)) {
        let Some(phase) = &mut self.phase else { return };
        change(phase);
        if let Screen::Terminal(terminal) = &self.screen {
            terminal.show(phase);
        }
    }

    fn line(&self, line: &str) {
        match &self.screen {
            Screen::Off => {}
            Screen::Plain(plain) => plain.line(line),
            Screen::Terminal(terminal) => terminal.line(line),
        }
    }
}

impl std::fmt::Display for Decision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let done = if self.reused { "reused" } else { "done anew" };
        write!(f, "{} {done}: {}", self.stage, self.reason)
    }
}

/// The line without what would move the cursor or colour the terminal: scripts are not ours.
fn printable(line: &str) -> String {
    let plain = anstream::adapter::strip_str(line).to_string();
    plain.chars().map(|letter| if letter.is_control() && letter != '\t' { ' ' } else { letter }).collect()
}

impl Phase {
    fn summary(&self, elapsed: Duration) -> String {
        let items = (self.items > 0).then(|| format!("{} items", self.items));
        let bytes = (self.bytes > 0).then(|| units::size(self.bytes));
        let counts: Vec<String> = items.into_iter().chain(bytes).chain([units::time(elapsed)]).collect();
        format!("{:<10} {}", self.step.name(), counts.join(", "))
    }

    fn rate(&self) -> Option<String> {
        let milliseconds = u64::try_from(self.began.elapsed().as_millis()).ok().filter(|elapsed| *elapsed >= 200)?;
        (self.bytes > 0).then(|| format!("{}/s", units::size(self.bytes.saturating_mul(1000) / milliseconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_begins_again_is_timed_once() {
        let progress = Progress::new(Verbosity::Quiet, Arc::default());
        for step in [Step::Unpack, Step::Configure, Step::Unpack] {
            progress.event(Event::Began(step));
        }
        progress.finish();
        assert_eq!(progress.times().into_iter().map(|(step, _)| step).collect::<Vec<_>>(), [Step::Unpack, Step::Configure]);
    }

    #[test]
    fn a_phase_says_what_it_did() {
        let phase = Phase { step: Step::Fetch, began: Instant::now(), items: 3, bytes: 1_500_000, expected_items: 3, expected_bytes: 0 };
        assert_eq!(phase.summary(Duration::from_millis(250)), "fetch      3 items, 1.5 MB, 0.2 s");
        assert_eq!(Phase { items: 0, bytes: 0, ..phase }.summary(Duration::ZERO), "fetch      0.0 s");
    }

    #[test]
    fn a_script_cannot_drive_the_terminal() {
        assert_eq!(printable("\u{1b}[31mred\u{1b}[0m\rover\tx"), "red over\tx");
    }

    #[test]
    fn cancelled_follows_the_flag() {
        let flag = Arc::new(AtomicBool::new(false));
        let progress = Progress::new(Verbosity::Quiet, Arc::clone(&flag));
        assert!(!progress.cancelled());
        flag.store(true, Ordering::Relaxed);
        assert!(progress.cancelled());
    }
}
