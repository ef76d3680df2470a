use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Phase;
use crate::units;

/// One moving line on standard error, ten times a second at most.
#[derive(Debug)]
pub(super) struct Terminal {
    bar: ProgressBar,
    /// Of several builds at once, which one it is.
    name: Option<String>,
}

impl Terminal {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        style(&bar);
        Self { bar, name: None }
    }

    /// One of several lines, put in its place by `add`.
    pub(super) fn of_build(name: &str, add: impl FnOnce(ProgressBar) -> ProgressBar) -> Self {
        let bar = add(ProgressBar::new_spinner());
        style(&bar);
        Self { bar, name: Some(name.to_owned()) }
    }

    pub(super) fn show(&self, phase: &Phase) {
        if self.bar.is_finished() {
            self.bar.reset();
        }
        let items = match (phase.items, phase.expected_items) {
            (0, 0) => None,
            (done, 0) => Some(done.to_string()),
            (done, expected) => Some(format!("{done}/{expected}")),
        };
        let bytes = match (phase.bytes, phase.expected_bytes) {
            (0, 0) => None,
            (done, 0) => Some(units::size(done)),
            (done, expected) => Some(format!("{} of {}", units::size(done), units::size(expected))),
        };
        let parts: Vec<String> = [bar(phase), items, bytes, phase.rate()].into_iter().flatten().collect();
        let step = phase.step.name();
        self.bar.set_prefix(self.name.as_ref().map_or_else(|| step.to_owned(), |name| format!("{name}: {step}")));
        self.bar.set_message(parts.join("  "));
    }

    pub(super) fn line(&self, line: &str) {
        match &self.name {
            Some(name) => self.bar.println(format!("{name}: {line}")),
            None => self.bar.println(line),
        }
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(bar: &ProgressBar) {
    if let Ok(style) = ProgressStyle::with_template("{prefix:<10} {wide_msg}") {
        bar.set_style(style);
    }
}

/// How far the step is, by bytes where they are known, else by items.
fn bar(phase: &Phase) -> Option<String> {
    const WIDTH: u64 = 24;
    let (done, expected) = if phase.expected_bytes > 0 { (phase.bytes, phase.expected_bytes) } else { (phase.items, phase.expected_items) };
    let filled = done.min(expected).checked_mul(WIDTH)?.checked_div(expected)?;
    let cell = |position: u64| if position < filled { '█' } else { '░' };
    Some((0..WIDTH).map(cell).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use rootfs_package::observer::Step;

    use super::*;

    #[test]
    fn the_bar_needs_something_to_expect() {
        let phase = Phase { step: Step::Fetch, began: Instant::now(), items: 1, bytes: 0, expected_items: 0, expected_bytes: 0 };
        assert_eq!(bar(&phase), None);
        let half = bar(&Phase { expected_items: 2, ..phase }).unwrap();
        assert_eq!(half.chars().filter(|cell| *cell == '█').count(), 12);
    }
}
