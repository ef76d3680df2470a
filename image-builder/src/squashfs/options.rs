use rootfs_tree::Time;

use super::SquashfsError;

/// Least and largest size of a block, in bytes.
const BLOCK_SIZES: std::ops::RangeInclusive<u32> = 4096..=1 << 20;
/// Smallest dictionary of xz, in bytes: that of a metadata block.
const LEAST_DICTIONARY: u32 = 8192;

/// How a squashfs is written. The default is what `mksquashfs -comp zstd` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SquashfsOptions {
    /// What contents and metadata are compressed with.
    pub compression: SquashfsCompression,
    /// What files are cut into before they are compressed, in bytes: a power of two from 4 KiB to 1 MiB. Larger ones compress better, smaller ones are
    /// read faster where little of a file is read. 128 KiB is the default.
    pub block_size: u32,
    /// When the filesystem was made; without, the newest time in the tree. Nanoseconds are dropped.
    pub time: Option<Time>,
    /// Whether inodes can be found by their number, which is what a network's file server needs. Yes is the default.
    pub export: bool,
    /// Whether files shorter than a block are compressed together with others. Yes is the default.
    pub fragments: bool,
    /// Whether the ends of longer files are as well: smaller, but slower to read. No is the default; nothing without [`SquashfsOptions::fragments`].
    pub tail_fragments: bool,
    /// What becomes of extended attributes that squashfs can't keep.
    pub other_xattrs: OtherXattrs,
}

impl Default for SquashfsOptions {
    fn default() -> Self {
        Self {
            compression: SquashfsCompression::zstd(),
            block_size: 128 << 10,
            time: None,
            export: true,
            fragments: true,
            tail_fragments: false,
            other_xattrs: OtherXattrs::Refuse,
        }
    }
}

/// A compressor with its options. The functions give each with those that mksquashfs has when nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SquashfsCompression {
    /// Nothing is compressed.
    None,
    /// zlib, which every kernel with squashfs reads.
    Gzip {
        /// 1 to 9.
        level: u32,
    },
    /// The smallest, and the slowest to read.
    Xz {
        /// 0 to 9: the preset; its dictionary does not count.
        level: u32,
        /// In bytes, up to the size of a block, which it is when nothing is said: a power of two, or one and a half.
        dictionary: Option<u32>,
        /// Whether each block is also tried with the filter for x86 code, and the smaller one kept. Takes twice the time for what may be code.
        x86: bool,
    },
    /// Nearly as small as xz and nearly as fast to read as lz4; Linux 4.14 and later.
    Zstd {
        /// 1 to 22.
        level: u32,
    },
    /// The fastest to read, and the largest.
    Lz4 {
        /// Whether to take more time for a smaller image, which is as fast to read.
        hc: bool,
    },
}

impl SquashfsCompression {
    /// Level 9.
    #[must_use]
    pub fn gzip() -> Self {
        Self::Gzip { level: 9 }
    }

    /// Level 6, a dictionary as large as a block, no filter.
    #[must_use]
    pub fn xz() -> Self {
        Self::Xz { level: 6, dictionary: None, x86: false }
    }

    /// Level 15.
    #[must_use]
    pub fn zstd() -> Self {
        Self::Zstd { level: 15 }
    }

    /// The fast one.
    #[must_use]
    pub fn lz4() -> Self {
        Self::Lz4 { hc: false }
    }
}

/// What becomes of an extended attribute that is neither a user's, nor trusted, nor security's. squashfs has no other, so that access control lists
/// (`system.posix_acl_access` and `_default`) can't be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OtherXattrs {
    /// The tree is refused.
    #[default]
    Refuse,
    /// It is left out, and [`crate::Squashfs::left_out`] says so.
    LeaveOut,
}

impl SquashfsOptions {
    /// Refuses what no image can have.
    pub(super) fn check(&self) -> Result<(), SquashfsError> {
        let block_size = self.block_size;
        if !block_size.is_power_of_two() || !BLOCK_SIZES.contains(&block_size) {
            return Err(SquashfsError::BlockSize { block_size });
        }
        if let Some(seconds) = self.time.map(|time| time.seconds).filter(|seconds| u32::try_from(*seconds).is_err()) {
            return Err(SquashfsError::OwnTime { seconds });
        }
        let level = |compressor, level, least, most| {
            if (least..=most).contains(&level) { Ok(()) } else { Err(SquashfsError::Level { compressor, level, least, most }) }
        };
        match self.compression {
            SquashfsCompression::None | SquashfsCompression::Lz4 { .. } => Ok(()),
            SquashfsCompression::Gzip { level: chosen } => level("gzip", chosen, 1, 9),
            SquashfsCompression::Zstd { level: chosen } => level("zstd", chosen, 1, 22),
            SquashfsCompression::Xz { level: chosen, dictionary, .. } => {
                if let Some(dictionary) = dictionary.filter(|size| !is_dictionary(*size, block_size)) {
                    return Err(SquashfsError::Dictionary { dictionary, block_size });
                }
                level("xz", chosen, 0, 9)
            }
        }
    }
}

/// The dictionary of xz when nothing is said of it, which is also what the kernel takes it for.
pub(super) fn usual_dictionary(block_size: u32) -> u32 {
    block_size.max(LEAST_DICTIONARY)
}

/// Whether the kernel takes a dictionary of so many bytes.
fn is_dictionary(size: u32, block_size: u32) -> bool {
    let is_round = size.is_power_of_two() || (size.is_multiple_of(3) && (size / 3).is_power_of_two());
    is_round && (LEAST_DICTIONARY..=usual_dictionary(block_size)).contains(&size)
}
