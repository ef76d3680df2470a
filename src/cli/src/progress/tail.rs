use std::collections::VecDeque;

use crate::failure::ScriptOutput;

/// How many lines of a failed script are shown.
const LINES: usize = 20;

/// The last lines of the script that printed last.
#[derive(Debug, Default)]
pub(super) struct Tail {
    origin: String,
    lines: VecDeque<String>,
}

impl Tail {
    pub(super) fn push(&mut self, origin: &str, line: &str) {
        if self.origin != origin {
            origin.clone_into(&mut self.origin);
            self.lines.clear();
        }
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line.to_owned());
    }

    pub(super) fn get(&self) -> Option<ScriptOutput> {
        (!self.lines.is_empty()).then(|| ScriptOutput { origin: self.origin.clone(), lines: self.lines.iter().cloned().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_of_one_script_and_short() {
        let mut tail = Tail::default();
        assert_eq!(tail.get(), None);
        tail.push("a preinst", "old");
        (0..=LINES).for_each(|number| tail.push("b postinst", &number.to_string()));
        let ScriptOutput { origin, lines } = tail.get().unwrap();
        assert_eq!((origin.as_str(), lines.len(), lines[0].as_str()), ("b postinst", LINES, "1"));
    }
}
