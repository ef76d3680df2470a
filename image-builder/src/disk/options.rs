use super::bios::BiosBoot;
use super::check::check;
use super::error::DiskError;
use crate::erofs::ErofsOptions;
use crate::ext4::Ext4Options;
use crate::fat::EspOptions;
use crate::gpt::Architecture;
use crate::guid::Guid;
use crate::squashfs::SquashfsOptions;
use crate::verity::VerityOptions;

/// What a disk should be like. The default is one ext4 partition, bootable, in an MBR.
#[derive(Debug, Clone, Default)]
pub struct DiskOptions {
    /// The root filesystem. A fixed size is that of the whole disk.
    pub root: RootFilesystem,
    /// How the disk is divided.
    pub table: Table,
    /// What the size is to be a multiple of, in bytes: whole MiB, or 4096 where there is no table. What this adds lies behind the last partition.
    pub align: Option<u64>,
    /// Whether 2 MiB are put in front that let a guest map the image as NVDIMM.
    pub dax: bool,
    /// Whether a second partition has hashes of the root filesystem.
    pub verity: Option<VerityOptions>,
    /// The EFI system partition, in front of the root's.
    pub esp: Option<EspOptions>,
    /// What a BIOS starts.
    pub bios: Option<BiosBoot>,
    /// Whose programs the root filesystem has, for a GPT; without it, its partition is of no architecture.
    pub architecture: Option<Architecture>,
    /// The disk's identity in an MBR; without it, one derived from the root filesystem's.
    pub signature: Option<[u8; 4]>,
    /// The disk's identity in a GPT, which those of its partitions are derived from; without it, one derived from the root filesystem's.
    pub guid: Option<Guid>,
}

impl DiskOptions {
    /// Refuses what can't be together. [`crate::DiskLayout::plan`] does so too; this needs no tree.
    ///
    /// # Errors
    /// When options exclude each other.
    pub fn check(&self) -> Result<(), DiskError> {
        check(self)
    }
}

/// A root filesystem.
#[derive(Debug, Clone)]
pub enum RootFilesystem {
    /// ext4.
    Ext4(Ext4Options),
    /// squashfs, as large as what is in it.
    Squashfs(SquashfsOptions),
    /// erofs, as large as what is in it.
    Erofs(ErofsOptions),
}

impl Default for RootFilesystem {
    fn default() -> Self {
        Self::Ext4(Ext4Options::default())
    }
}

/// How a disk is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Table {
    /// A master boot record: disks up to 2 TiB, known to everything.
    #[default]
    Mbr,
    /// A GUID partition table, which says what each partition is for.
    Gpt,
    /// Not at all: the filesystem is the whole disk.
    None,
}
