use std::io::Write as _;

/// Lines on standard error, for logs.
#[derive(Debug, Default)]
pub(super) struct Plain {
    /// Of several builds at once, which one it is.
    pub(super) name: Option<String>,
}

impl Plain {
    pub(super) fn line(&self, line: &str) {
        let text = match &self.name {
            Some(name) => format!("{name}: {line}\n"),
            None => format!("{line}\n"),
        };
        // A log that is gone must not end the build.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}
