use std::io;
use std::path::{Path, PathBuf};

use rootfs_tree::Digest;

/// Why the store can't take or give something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Reading or writing failed in a way that is not told apart below.
    #[error("can't {action} `{}`", path.display())]
    Io {
        /// A verb.
        action: &'static str,
        /// On the host.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The disk, or the user's part of it, is full.
    #[error("no space is left for `{}`{}", path.display(), of_needed(*needed))]
    Full {
        /// What was being written.
        path: PathBuf,
        /// How many bytes it needs in all; 0 when that isn't known.
        needed: u64,
        /// As the system says it.
        #[source]
        source: io::Error,
    },
    /// The store, or the disk it is on, is not the user's to write.
    #[error("can't write `{}`", path.display())]
    NotWritable {
        /// What was being written.
        path: PathBuf,
        /// As the system says it.
        #[source]
        source: io::Error,
    },
    /// Nobody has put it there.
    #[error("the store has nothing with the SHA-256 {sha256}")]
    Missing {
        /// What was asked for.
        sha256: Digest,
    },
    /// The disk gave other bytes back than were written. The file is gone now.
    #[error("`{}` was damaged: its SHA-256 is {found}", path.display())]
    Damaged {
        /// The file, which had the right hash as its name.
        path: PathBuf,
        /// What it hashes to.
        found: Digest,
    },
}

impl StoreError {
    /// Tells a failed write by its cause.
    pub(crate) fn writing(path: &Path, needed: u64, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path, needed, source },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::NotADirectory => {
                Self::NotWritable { path, source }
            }
            _ => Self::Io { action: "write", path, source },
        }
    }

    pub(crate) fn reading(path: &Path, source: io::Error) -> Self {
        Self::Io { action: "read", path: path.to_owned(), source }
    }

    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Full { .. } => Some("free some space, or choose a store on another disk with --store".to_owned()),
            Self::NotWritable { .. } => Some("choose a store that you may write with --store".to_owned()),
            Self::Damaged { .. } => Some("build again to fetch it anew; if it happens often, check the disk".to_owned()),
            Self::Io { .. } | Self::Missing { .. } => None,
        }
    }
}

fn of_needed(needed: u64) -> String {
    if needed == 0 { String::new() } else { format!(", which needs {needed} bytes") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_is_told_by_its_cause() {
        let error = |code: rustix::io::Errno| StoreError::writing(Path::new("/s/x"), 42, code.into());
        for full in [rustix::io::Errno::NOSPC, rustix::io::Errno::DQUOT] {
            assert!(matches!(error(full), StoreError::Full { needed: 42, .. }));
        }
        for refused in [rustix::io::Errno::ACCESS, rustix::io::Errno::PERM, rustix::io::Errno::ROFS, rustix::io::Errno::NOTDIR] {
            assert!(matches!(error(refused), StoreError::NotWritable { .. }));
        }
        assert!(matches!(error(rustix::io::Errno::IO), StoreError::Io { .. }));
        assert_eq!(error(rustix::io::Errno::NOSPC).to_string(), "no space is left for `/s/x`, which needs 42 bytes");
    }
}
