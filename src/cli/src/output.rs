//! The file that a build or `image` writes: where, and in which form.

use std::fmt;
use std::path::PathBuf;

use rootfs_image::{Compression, DiskOptions, Qcow2Compression};

/// A file to write.
#[derive(Debug, Clone)]
pub struct Output {
    /// Where.
    pub path: PathBuf,
    /// In which form.
    pub form: Form,
}

/// What a file is, with everything that can be said of one like it.
#[derive(Debug, Clone)]
pub enum Form {
    /// A tar.
    Tar(Compression),
    /// A cpio archive, which the kernel unpacks as its first root.
    Cpio(Compression),
    /// An OCI layout, which is a directory: the tag, and how the layer is packed.
    Oci(Option<String>, Compression),
    /// An archive for `docker load`: the image's name, and how the archive is packed.
    DockerArchive(Option<String>, Compression),
    /// A disk, or a filesystem without a partition table, what starts it, and what kind of file it is in.
    Disk(Box<DiskOptions>, Boot, Container),
}

/// The file that a disk is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Container {
    /// The disk itself, with holes.
    #[default]
    Raw,
    /// QEMU's own.
    Qcow2(Qcow2Compression),
}

/// What starts a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Boot {
    /// The monitor, with a kernel from outside.
    #[default]
    Direct,
    /// UEFI firmware, with a program that has kernel, initrd and command line in it.
    Uefi,
    /// A PC's BIOS, with GRUB in front of the root filesystem, which has kernel and initrd.
    Bios,
}

impl Boot {
    /// All there are, by their names.
    pub const ALL: [(&'static str, Self); 3] = [("direct", Self::Direct), ("uefi", Self::Uefi), ("bios", Self::Bios)];
}

impl fmt::Display for Boot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::ALL.into_iter().find(|(_, boot)| boot == self).map_or("", |(name, _)| name))
    }
}

impl Form {
    /// Whether a machine can start from it, so that the kernel that fits is to be known.
    #[must_use]
    pub fn is_disk(&self) -> bool {
        matches!(self, Self::Disk(..))
    }

    /// What starts it; the monitor where it is no disk.
    #[must_use]
    pub fn boot(&self) -> Boot {
        if let Self::Disk(_, boot, _) = self { *boot } else { Boot::Direct }
    }
}

/// The kind of a file, as `--format` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A tar.
    Tar,
    /// A cpio archive.
    Cpio,
    /// A disk or a bare filesystem.
    Disk,
    /// A disk in QEMU's own image.
    Qcow2,
    /// An OCI layout, which a name alone says.
    Oci,
    /// An archive for `docker load`, which a name alone says.
    DockerArchive,
}

impl Format {
    /// All that `--format` knows, by their names.
    pub const ALL: [(&'static str, Self); 4] = [("disk", Self::Disk), ("qcow2", Self::Qcow2), ("tar", Self::Tar), ("cpio", Self::Cpio)];

    /// With its article, as an error has it.
    #[must_use]
    pub fn described(self) -> &'static str {
        match self {
            Self::Tar => "a tar",
            Self::Cpio => "a cpio archive",
            Self::Disk => "a disk image",
            Self::Qcow2 => "a qcow2",
            Self::Oci => "an OCI layout",
            Self::DockerArchive => "a docker-archive",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.into_iter().find(|(_, format)| format == self).map_or("", |(name, _)| name);
        f.pad(name)
    }
}
