use rootfs_tree::Tree;
use sha2::{Digest, Sha256};

use crate::ext4::{Ext4Error, Ext4Layout, Ext4Options, Size};
use crate::mbr::{SECTOR, boot_record};
use crate::sink::{Image, SinkError};

/// Where the partition begins: what disks, their caches and boot loaders all agree with.
const PARTITION: u64 = 1 << 20;
/// What a disk's size is a multiple of.
const ALIGNMENT: u64 = 1 << 20;
/// Sectors that a partition table's 32 bits can tell apart.
const MOST: u64 = SECTOR * 0xFFFF_FFFF;

/// What a disk should be like.
#[derive(Debug, Clone, Default)]
pub struct DiskOptions {
    /// The filesystem; a fixed size is that of the whole disk.
    pub filesystem: Ext4Options,
    /// The disk's identity in its partition table; without it, one derived from the filesystem's.
    pub signature: Option<[u8; 4]>,
}

/// Why a tree can't become a disk.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum DiskError {
    /// [`Size::Fixed`] is less than the tree takes.
    #[error("a disk of {size} bytes is too small for the tree: it needs {needed}")]
    TooSmall { size: u64, needed: u64 },
    /// More than a partition table can tell.
    #[error("the disk would have {size} bytes, and a partition table can tell {limit}")]
    TooLarge { size: u64, limit: u64 },
    /// The filesystem can't be.
    #[error(transparent)]
    Ext4(#[from] Ext4Error),
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
            Self::Ext4(error) => error.hint(),
            _ => None,
        }
    }
}

/// A disk with an MBR and one bootable ext4 partition at 1 MiB, ready to be written.
#[derive(Debug)]
pub struct DiskLayout {
    filesystem: Ext4Layout,
    signature: [u8; 4],
    size: u64,
    boot_record: Vec<u8>,
}

impl DiskLayout {
    /// Gives everything in a tree its place on a disk. The disk's size is a multiple of 1 MiB, or the one asked for.
    ///
    /// # Errors
    /// As [`Ext4Layout::plan`], and when a partition table can't tell the size.
    pub fn plan(tree: &Tree, options: &DiskOptions) -> Result<Self, DiskError> {
        let mut filesystem_options = options.filesystem.clone();
        if let Size::Fixed(size) = options.filesystem.size {
            filesystem_options.size = Size::Fixed(size.saturating_sub(PARTITION));
        }
        let filesystem = Ext4Layout::plan(tree, &filesystem_options).map_err(|error| of_disk(error, options.filesystem.size))?;
        let size = match options.filesystem.size {
            Size::Fixed(size) => size,
            _ => (PARTITION + filesystem.size()).next_multiple_of(ALIGNMENT),
        };
        let signature = options.signature.unwrap_or_else(|| derive_signature(filesystem.uuid()));
        let boot_record = boot_record(signature, PARTITION, filesystem.size()).ok_or(DiskError::TooLarge { size, limit: MOST })?;
        Ok(Self { filesystem, signature, size, boot_record })
    }

    /// Bytes of the disk.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What the partition holds.
    #[must_use]
    pub fn filesystem(&self) -> &Ext4Layout {
        &self.filesystem
    }

    /// The disk's identity: what `root=PARTUUID=` names, with `-01` after it, read from its last byte to its first.
    #[must_use]
    pub fn signature(&self) -> [u8; 4] {
        self.signature
    }

    /// Writes the disk.
    ///
    /// # Errors
    /// As [`Ext4Layout::write`].
    pub fn write(&self, tree: &Tree, image: &Image<'_>) -> Result<(), DiskError> {
        image.data(0, &self.boot_record)?;
        Ok(self.filesystem.write(tree, &image.from(PARTITION))?)
    }
}

/// Sizes are the disk's where the disk was asked for.
fn of_disk(error: Ext4Error, size: Size) -> DiskError {
    match (error, size) {
        (Ext4Error::TooSmall { needed, .. }, Size::Fixed(size)) => DiskError::TooSmall { size, needed: PARTITION + needed },
        (error, _) => DiskError::Ext4(error),
    }
}

fn derive_signature(uuid: [u8; 16]) -> [u8; 4] {
    let digest: [u8; 32] = Sha256::new().chain_update(b"rootfs-image disk 1\n").chain_update(uuid).finalize().into();
    // All zeros mean none.
    [digest[0] | 1, digest[1], digest[2], digest[3]]
}
