use std::fmt;

use crate::gpt::type_name;
use crate::guid::Guid;
use crate::squashfs::Squashfs;
use crate::verity::RootHash;

/// What is known of a disk once it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// Bytes of the image.
    pub size: u64,
    /// In the order of their numbers; none on a disk without a table.
    pub partitions: Vec<Partition>,
    /// What speaks for the root filesystem, if there are hashes of it.
    pub verity: Option<RootHash>,
    /// What is known of the root filesystem, if it is a squashfs.
    pub squashfs: Option<Squashfs>,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Counted from 1.
    pub number: u32,
    /// What it has.
    pub role: Role,
    /// Its first byte in the image.
    pub start: u64,
    /// Bytes.
    pub length: u64,
    /// What the table says it is for.
    pub kind: PartitionType,
    /// What the kernel finds it by, behind `PARTUUID=`.
    pub partuuid: String,
}

/// What a partition has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// GRUB's core image.
    BiosBoot,
    /// What firmware starts.
    Esp,
    /// The root filesystem.
    Root,
    /// Hashes of the root filesystem.
    RootVerity,
}

/// What a table says that a partition is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartitionType {
    /// A byte.
    Mbr(u8),
    /// A GUID.
    Gpt(Guid),
}

impl Role {
    /// Its name in a GPT.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BiosBoot => "bios-boot",
            Self::Esp => "esp",
            Self::Root => "root",
            Self::RootVerity => "root-verity",
        }
    }
}

impl fmt::Display for PartitionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mbr(kind) => write!(f, "{kind:#04x}"),
            Self::Gpt(kind) => f.write_str(&type_name(*kind).unwrap_or_else(|| kind.to_string())),
        }
    }
}

impl Disk {
    /// The partition with a role.
    #[must_use]
    pub fn partition(&self, role: Role) -> Option<&Partition> {
        self.partitions.iter().find(|partition| partition.role == role)
    }

    /// What `root=` on the kernel's command line says, without dm-verity: the root filesystem's partition. Nothing on a disk without a table.
    #[must_use]
    pub fn root_device(&self) -> Option<String> {
        self.partition(Role::Root).map(Partition::device)
    }
}

impl Partition {
    /// The partition as the kernel's command line has it.
    #[must_use]
    pub fn device(&self) -> String {
        format!("PARTUUID={}", self.partuuid)
    }
}
