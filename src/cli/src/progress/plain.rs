use std::io::Write as _;

/// Lines on standard error, for logs.
#[derive(Debug)]
pub(super) struct Plain;

impl Plain {
    pub(super) fn line(&self, line: &str) {
        // A log that is gone must not end the build.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}
