use std::io;
use std::path::PathBuf;

use crate::failure::{Exit, Failure};
use crate::units;

/// Why a disk isn't written over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeviceError {
    /// A file, or anything else.
    #[error("`{}` is no block device", path.display())]
    NoDevice { path: PathBuf },
    /// A part of a disk.
    #[error("`{}` is a partition, and a disk is written with its table", path.display())]
    Partition { path: PathBuf, disk: String },
    /// A filesystem on it is in use.
    #[error("`{}` is in use: {part} is mounted at {at}", path.display())]
    Mounted { path: PathBuf, part: String, at: String },
    /// Memory is swapped to it.
    #[error("`{}` is in use: the system swaps to {part}", path.display())]
    Swap { path: PathBuf, part: String },
    /// Another device is made of it.
    #[error("`{}` is in use: {part} is a part of {holder}", path.display())]
    Held { path: PathBuf, part: String, holder: String },
    /// A switch on it, say.
    #[error("`{}` can't be written to: it is read-only", path.display())]
    ReadOnly { path: PathBuf },
    /// Another program has it.
    #[error("`{}` is in use by another program", path.display())]
    Busy { path: PathBuf },
    /// The image is larger.
    #[error("`{}` is too small: the image has {} ({needed} bytes), and it has {} ({size})", path.display(), units::size(*needed), units::size(*size))]
    TooSmall { path: PathBuf, needed: u64, size: u64 },
    /// The disk fails.
    #[error("can't {action} `{}`", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The disk doesn't give back what it was given.
    #[error("`{}` does not hold what was written to it: bytes {from} to {to} have another SHA-256", path.display())]
    Differs { path: PathBuf, from: u64, to: u64 },
    /// Ctrl-C in the middle.
    #[error("interrupted: what is on `{}` now is of no use", path.display())]
    Interrupted { path: PathBuf },
}

impl From<DeviceError> for Failure {
    fn from(error: DeviceError) -> Self {
        use DeviceError as E;
        let hint = match &error {
            E::NoDevice { .. } => Some("-o FILE writes files".to_owned()),
            E::Partition { disk, .. } => Some(format!("name the disk: /dev/{disk}")),
            E::Mounted { .. } => Some("see with `lsblk` whether it is the right disk, and unmount it".to_owned()),
            E::Swap { .. } => Some("see with `lsblk` whether it is the right disk; `swapoff` ends that".to_owned()),
            E::Held { .. } => Some("see with `lsblk` what that is".to_owned()),
            E::TooSmall { .. } => Some("--free or --size make the image smaller".to_owned()),
            E::Differs { .. } => Some("the disk is broken, or smaller than it says".to_owned()),
            E::ReadOnly { .. } | E::Busy { .. } | E::Io { .. } | E::Interrupted { .. } => None,
        };
        let exit = match &error {
            E::Interrupted { .. } => Exit::Interrupted,
            E::Io { .. } | E::Differs { .. } => Exit::Failed,
            _ => Exit::Usage,
        };
        Self::of(&error).hint(hint).exit(exit)
    }
}
