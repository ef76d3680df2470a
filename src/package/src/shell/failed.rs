use std::path::Path;

use rootfs_sandbox::{Exit, SandboxError};

/// How the driver begins the line that says where it failed.
const TOLD: &str = "rootfs-gen-failed\t";

/// Where the driver keeps our own functions, whose lines are nobody's business.
const LIBRARY: &str = "/run/rootfs-gen/lib.sh";

/// How much of what the scripts printed an error shows.
const SHOWN_LINES: usize = 20;

/// Why a shell directory's scripts have made no root.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// The scripts are bash's.
    #[error("`bash` is not installed on this machine")]
    NoBash,
    /// Somebody wants what only pinned packages can give.
    #[error("{option} is nothing for a shell directory, whose scripts download for themselves")]
    Unlocked {
        /// `--locked`.
        option: &'static str,
    },
    /// The scripts ended the build.
    #[error("{origin} {how}{}{}", place.as_ref().map(|place| format!(": {place}")).unwrap_or_default(), output.iter().map(|line| format!("\n    | {line}")).collect::<String>())]
    Failed {
        /// `build_rootfs of myos`.
        origin: String,
        /// `exited with 1`.
        how: String,
        /// Where, if the scripts came so far that it is known.
        place: Option<FailedPlace>,
        /// The last lines that were printed.
        output: Vec<String>,
        /// Whether who wrote them says that they fail at times.
        expected: bool,
    },
    /// There is no place for them to run.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

impl ShellError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoBash => "install bash, which runs `config.sh` and `rootfs_lib.sh`".to_owned(),
            Self::Unlocked { option } => format!("build without {option}"),
            Self::Failed { expected: true, .. } => {
                "its config.sh says BUILD_CAN_FAIL: try again later, or ask who wrote it; -v shows everything that the scripts print"
                    .to_owned()
            }
            Self::Failed { .. } => "run again with -v to see everything that the scripts print".to_owned(),
            Self::Sandbox(error) => return error.hint(),
        })
    }

    pub(super) fn failed(origin: String, exit: Exit, place: Option<FailedPlace>, output: &[&String], expected: bool) -> Self {
        let skipped = output.len().saturating_sub(SHOWN_LINES);
        Self::Failed {
            origin,
            how: exit.to_string(),
            place,
            output: output[skipped..].iter().map(|line| (*line).clone()).collect(),
            expected,
        }
    }
}

/// Where scripts failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedPlace {
    /// The command's exit status; none when the scripts themselves ended the build.
    pub status: Option<u8>,
    /// The command, or why the scripts ended it.
    pub what: String,
    /// The function, if it was in one.
    pub function: Option<String>,
    /// The file, relative to the directory where it is in that.
    pub file: Option<String>,
    /// The line in the file.
    pub line: u32,
}

impl FailedPlace {
    /// Whether the driver says with this line where it failed.
    pub(super) fn is_told(line: &str) -> bool {
        line.starts_with(TOLD)
    }

    pub(super) fn parse(line: &str, directory: &Path) -> Option<Self> {
        let fields: Vec<&str> = line.strip_prefix(TOLD)?.split('\t').collect();
        let [status, what, function, file, number] = fields[..] else { return None };
        let (function, file) = if file == LIBRARY { ("", "") } else { (function, file) };
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let file = Path::new(file).strip_prefix(directory).ok().and_then(Path::to_str).unwrap_or(file);
        Some(Self {
            status: status.parse().ok(),
            what: what.to_owned(),
            // What a file does outside of functions is, for bash, a function `source`.
            function: some(function).filter(|name| name != "source" && name != "main"),
            file: some(file),
            line: number.parse().ok()?,
        })
    }
}

impl std::fmt::Display for FailedPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.status {
            Some(status) => write!(f, "`{}` exited with {status}", self.what)?,
            None => f.write_str(&self.what)?,
        }
        let function = self.function.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
        match &self.file {
            Some(file) => write!(f, "{function} (line {} of {file})", self.line),
            None => f.write_str(&function),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_failed_is_told() {
        let place = |line: &str| FailedPlace::parse(line, Path::new("/plugins/myos")).map(|place| place.to_string());
        let told = "rootfs-gen-failed\t7\tgrep x y\tbuild_rootfs\t/plugins/myos/rootfs_lib.sh\t12";
        assert_eq!(place(told).unwrap(), "`grep x y` exited with 7 in build_rootfs (line 12 of rootfs_lib.sh)");
        let ended = "rootfs-gen-failed\t\tno mirror\tsource\t/plugins/myos/config.sh\t3";
        assert_eq!(place(ended).unwrap(), "no mirror (line 3 of config.sh)");
        assert_eq!(place("rootfs-gen-failed\t\tnone\t\t\t0").unwrap(), "none");
        assert_eq!(place("rootfs-gen-failed\t\tno source\tgenerate_dnf_config\t/run/rootfs-gen/lib.sh\t54").unwrap(), "no source");
        assert_eq!(place("rootfs-gen-failed\t1"), None);
        assert!(!FailedPlace::is_told("ERROR: no mirror"));
    }

    #[test]
    fn the_last_lines_are_shown() {
        let lines: Vec<String> = (0..30).map(|number| format!("line {number}")).collect();
        let error = ShellError::failed("build_rootfs of x".to_owned(), Exit::Code(1), None, &lines.iter().collect::<Vec<_>>(), false);
        let text = error.to_string();
        assert!(text.starts_with("build_rootfs of x exited with 1\n    | line 10\n") && text.ends_with("| line 29"), "{text}");
    }
}
