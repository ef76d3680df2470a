//! How a build is run and where its results go.

use std::fmt;
use std::path::{Path, PathBuf};

use rootfs_image::{BlockSize, Profile};
use rootfs_package::fetch::Proxies;
use rootfs_plugin::Distro;

/// How a build is run and where its results go: all that is not part of what is built.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The distribution.
    pub distro: &'static dyn Distro,
    /// The directory to fill (`-r`).
    pub directory: Option<PathBuf>,
    /// The file to write (`-o`). At least one of the two is there.
    pub output: Option<Output>,
    /// How a disk image is made, if one is.
    pub image: ImageOptions,
    /// Where to write the lock besides what `DIR.rootfs-gen` has.
    pub lock: Option<PathBuf>,
    /// The lock to follow; never together with `lock`.
    pub locked: Option<PathBuf>,
    /// Use nothing but the store.
    pub offline: bool,
    /// The store's directory.
    pub store: PathBuf,
    /// Replace what an earlier build left at the targets.
    pub force: bool,
    /// Reuse what earlier builds made.
    pub cache: bool,
    /// Say of each stage whether it was reused, and why.
    pub explain: bool,
    /// Check the tree.
    pub check: bool,
    /// Results as JSON on standard output.
    pub json: bool,
    /// How much to say on standard error.
    pub verbosity: Verbosity,
    /// Which proxy leads where: the environment's, else what the host's own package manager uses.
    pub proxies: Proxies,
    /// Seconds since 1970, for judging whether an index is still valid; nothing else may depend on it.
    pub now: i64,
}

impl Invocation {
    /// Where the output file goes, if there is to be one.
    #[must_use]
    pub fn output_path(&self) -> Option<&Path> {
        self.output.as_ref().map(|output| output.path.as_path())
    }
}

/// A file that a build writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Where.
    pub path: PathBuf,
    /// In which format.
    pub kind: OutputKind,
}

/// A format of output files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    /// A tar without compression.
    Tar,
    /// A disk with a partition table and one ext4 filesystem.
    Disk,
}

/// How a disk image is made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageOptions {
    /// Bytes of the whole disk; none means the smallest that fits.
    pub size: Option<u64>,
    /// Bytes of free space, where the size is not fixed; none means [`ImageOptions::USEFUL`], and none at all where nothing is ever written.
    pub free: Option<u64>,
    /// The filesystem's label.
    pub label: Option<String>,
    /// What the filesystem is for.
    pub profile: Profile,
    /// The size of its blocks.
    pub block_size: BlockSize,
}

impl ImageOptions {
    /// What a guest needs to boot and to keep a journal: a full filesystem boots into errors.
    pub const USEFUL: u64 = 64 << 20;
}

/// How much is said on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Verbosity {
    /// Errors.
    Quiet,
    /// Progress and the summary.
    #[default]
    Normal,
    /// What scripts print, too.
    Verbose,
}

/// Why a suffix does not tell a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownKind {
    /// A format that a later version writes.
    Later,
    /// None that is known.
    Never,
}

impl OutputKind {
    /// Suffixes of formats that can't be written yet.
    const LATER: [&str; 12] =
        ["tar.gz", "tgz", "tar.xz", "txz", "tar.zst", "qcow2", "ext4", "erofs", "squashfs", "cpio", "cpio.gz", "initrd"];

    /// The format that the file's suffix says.
    ///
    /// # Errors
    /// When no format has that suffix, or none yet.
    pub fn of(path: &Path) -> Result<Self, UnknownKind> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let has = |suffix: &str| name.strip_suffix(suffix).is_some_and(|stem| stem.len() > 1 && stem.ends_with('.'));
        if has("tar") {
            Ok(Self::Tar)
        } else if has("img") || has("raw") {
            Ok(Self::Disk)
        } else if Self::LATER.into_iter().any(has) {
            Err(UnknownKind::Later)
        } else {
            Err(UnknownKind::Never)
        }
    }
}

impl fmt::Display for OutputKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tar => f.pad("tar"),
            Self::Disk => f.pad("disk image"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_says_the_format() {
        for (name, kind) in [
            ("rootfs.tar", Ok(OutputKind::Tar)),
            ("out/ROOTFS.TAR", Ok(OutputKind::Tar)),
            ("rootfs.tar.gz", Err(UnknownKind::Later)),
            ("guest.img", Ok(OutputKind::Disk)),
            ("guest.qcow2", Err(UnknownKind::Later)),
            (".tar", Err(UnknownKind::Never)),
            ("rootfs", Err(UnknownKind::Never)),
            ("rootfs.zip", Err(UnknownKind::Never)),
        ] {
            assert_eq!(OutputKind::of(Path::new(name)), kind, "{name}");
        }
    }
}
