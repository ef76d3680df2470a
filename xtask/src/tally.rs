/// How many tests did what, over all test binaries of a run.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Ran and held.
    pub(crate) passed: u64,
    /// Ran and did not.
    pub(crate) failed: u64,
    /// Could not run.
    pub(crate) skipped: u64,
}

impl Tally {
    /// Adds what a binary says in its last line (`test result: ok. 3 passed; 0 failed; 1 ignored; …`); other lines say nothing.
    pub(crate) fn read(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        for part in result.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(count), Some(what)) = (words.next().and_then(|word| word.parse::<u64>().ok()), words.next()) else {
                continue;
            };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.skipped += count,
                _ => {}
            }
        }
    }

    /// The closing line.
    pub(crate) fn line(&self) -> String {
        format!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// A line without the colours of a terminal.
pub(crate) fn plain(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_the_binaries_up() {
        let mut tally = Tally::default();
        tally.read("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.00s");
        tally.read("test result: FAILED. 2 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s");
        tally.read("test result of something else: 9 passed");
        tally.read("test this::case ... ok");
        assert_eq!(tally, Tally { passed: 5, failed: 4, skipped: 1 });
        assert_eq!(tally.line(), "5 passed, 4 failed, 1 skipped");
    }

    #[test]
    fn colours_are_taken_out() {
        assert_eq!(plain("test result: \u{1b}[32mok\u{1b}[0m. 3 passed"), "test result: ok. 3 passed");
        assert_eq!(plain("nothing"), "nothing");
    }
}
