use std::fmt;
use std::io;

use rustix::io::Errno;

use crate::protocol::Failure;

/// Why two copies can't be made equal.
#[derive(Debug)]
pub enum MirrorError {
    /// A copy can't be read or written.
    Disk {
        /// The verb.
        action: &'static str,
        /// Inside the copy, unprintable bytes escaped.
        path: String,
        /// The kernel's reason.
        errno: Errno,
    },
    /// What comes from the other side breaks off, or is not what this sends.
    Stream(io::Error),
}

impl MirrorError {
    /// The same as the far side tells it.
    #[must_use]
    pub fn failure(&self) -> Failure {
        match self {
            Self::Disk { action, path, errno } => {
                Failure { step: format!("{action} `{path}`"), errno: errno.raw_os_error().unsigned_abs() }
            }
            Self::Stream(error) => Failure { step: format!("receive the tree ({error})"), errno: Errno::IO.raw_os_error().unsigned_abs() },
        }
    }
}

impl fmt::Display for MirrorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk { action, path, .. } => write!(f, "can't {action} `{path}` in the tree"),
            Self::Stream(_) => f.write_str("can't exchange the tree"),
        }
    }
}

// By hand: this crate is compiled a second time for the far side, and a derive would triple what that compiles.
impl std::error::Error for MirrorError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Disk { errno, .. } => Some(errno),
            Self::Stream(error) => Some(error),
        }
    }
}

impl From<io::Error> for MirrorError {
    fn from(error: io::Error) -> Self {
        Self::Stream(error)
    }
}
