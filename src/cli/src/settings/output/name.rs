use std::path::Path;

use rootfs_image::Compression;

use super::disk::Filesystem;
use crate::output::Format;

/// What a file's name says of its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// A tar or a cpio archive.
    Archive(Format, Compression),
    /// A disk; the least that a name can say.
    Disk,
    /// A filesystem without a partition table.
    Bare(Filesystem),
    /// A disk in QEMU's own image.
    Qcow2,
    /// Nothing that is known.
    Nothing,
}

/// Longer suffixes before those that they end in.
const SUFFIXES: [(&str, Name); 19] = [
    ("tar", Name::Archive(Format::Tar, Compression::None)),
    ("tar.gz", Name::Archive(Format::Tar, Compression::GZIP)),
    ("tgz", Name::Archive(Format::Tar, Compression::GZIP)),
    ("tar.xz", Name::Archive(Format::Tar, Compression::XZ)),
    ("txz", Name::Archive(Format::Tar, Compression::XZ)),
    ("tar.zst", Name::Archive(Format::Tar, Compression::ZSTD)),
    ("cpio", Name::Archive(Format::Cpio, Compression::None)),
    ("cpio.gz", Name::Archive(Format::Cpio, Compression::GZIP)),
    ("cpio.xz", Name::Archive(Format::Cpio, Compression::XZ)),
    ("cpio.zst", Name::Archive(Format::Cpio, Compression::ZSTD)),
    ("initrd", Name::Archive(Format::Cpio, Compression::GZIP)),
    ("img", Name::Disk),
    ("raw", Name::Disk),
    ("image", Name::Disk),
    ("ext4", Name::Bare(Filesystem::Ext4)),
    ("squashfs", Name::Bare(Filesystem::Squashfs)),
    ("sqfs", Name::Bare(Filesystem::Squashfs)),
    ("qcow2", Name::Qcow2),
    ("erofs", Name::Bare(Filesystem::Erofs)),
];

impl Name {
    pub(super) fn of(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let has = |suffix: &str| name.strip_suffix(suffix).is_some_and(|stem| stem.len() > 1 && stem.ends_with('.'));
        SUFFIXES.into_iter().find(|(suffix, _)| has(suffix)).map_or(Self::Nothing, |(_, meaning)| meaning)
    }

    /// What `--format` must not contradict.
    pub(super) fn format(self) -> Option<Format> {
        match self {
            Self::Archive(format, _) => Some(format),
            Self::Bare(_) => Some(Format::Disk),
            Self::Qcow2 => Some(Format::Qcow2),
            Self::Disk | Self::Nothing => None,
        }
    }

    /// How it is packed.
    pub(super) fn compression(self) -> Option<Compression> {
        match self {
            Self::Archive(_, compression) => Some(compression),
            _ => None,
        }
    }

    /// The filesystem that is all of the file.
    pub(super) fn filesystem(self) -> Option<Filesystem> {
        match self {
            Self::Bare(filesystem) => Some(filesystem),
            _ => None,
        }
    }
}
