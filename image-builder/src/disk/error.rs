use crate::erofs::ErofsError;
use crate::ext4::Ext4Error;
use crate::fat::FatError;
use crate::sink::SinkError;
use crate::squashfs::SquashfsError;
use crate::verity::VerityError;

/// Why a tree can't become a disk.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum DiskError {
    /// Two options that exclude each other.
    #[error("{one} and {other} exclude each other: {why}")]
    Exclusive { one: &'static str, other: &'static str, why: &'static str },
    /// [`crate::Size::Fixed`] is less than the tree takes.
    #[error("a disk of {size} bytes is too small for the tree: it needs {needed}")]
    TooSmall { size: u64, needed: u64 },
    /// More than a partition table can tell.
    #[error("the disk would have {size} bytes, and a partition table can tell {limit}")]
    TooLarge { size: u64, limit: u64 },
    /// A size, or what it should be a multiple of, that the disk can't have.
    #[error("{size} bytes are no multiple of {multiple}, as a disk with {because} must be")]
    Unaligned { size: u64, multiple: u64, because: &'static str },
    /// A boot loader's first sector that isn't one.
    #[error("boot.img has {length} bytes, and {least} to {most} are a boot sector")]
    BootImage { length: usize, least: usize, most: usize },
    /// A boot loader's image that isn't one.
    #[error("core.img is not a core image of GRUB for a BIOS: {why}")]
    CoreImage { why: &'static str },
    /// A boot loader's image that is too large for where it has to be.
    #[error("core.img has {length} bytes, and {limit} are free in front of the first partition")]
    CoreImageTooLarge { length: u64, limit: u64 },
    /// The root filesystem can't be.
    #[error(transparent)]
    Ext4(#[from] Ext4Error),
    /// The root filesystem can't be.
    #[error(transparent)]
    Squashfs(#[from] SquashfsError),
    /// The root filesystem can't be.
    #[error(transparent)]
    Erofs(#[from] ErofsError),
    /// The EFI system partition can't be.
    #[error("can't make the EFI system partition")]
    Esp(#[from] FatError),
    /// The hashes can't be.
    #[error(transparent)]
    Verity(#[from] VerityError),
    /// A table that doesn't fit its disk.
    #[error("can't make the partition table")]
    Gpt(#[from] gptman::Error),
    /// The image can't be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
}

impl DiskError {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::TooSmall { needed, .. } => Some(format!("give a size of at least {needed} bytes, or none to get the smallest that fits")),
            Self::TooLarge { .. } => Some("use a GPT".to_owned()),
            Self::Unaligned { size, multiple, .. } => {
                let (below, above) = (size - size % multiple, size.next_multiple_of(*multiple));
                Some(if below == 0 { format!("{above} would be one") } else { format!("{below} and {above} would be") })
            }
            Self::CoreImageTooLarge { .. } => Some("use a GPT, where it gets a partition of its own".to_owned()),
            Self::Ext4(error) => error.hint(),
            Self::Erofs(error) => error.hint(),
            Self::Esp(error) => error.hint(),
            _ => None,
        }
    }
}
