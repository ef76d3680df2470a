use rootfs_tree::Time;
use zerocopy::{FromZeros, IntoBytes};

use super::{ErofsReadError, read_exact};
use crate::erofs::format::{Incompat, MAGIC, SLOT, SUPER_OFFSET, Superblock, algorithm, checksum, compat};
use crate::guid::Guid;
use crate::source::ImageSource;

/// Features by their bits, as erofs-utils call them.
const FEATURES: [(Incompat, &str); 7] = [
    (Incompat::ZERO_PADDING, "0padding"),
    (Incompat::COMPR_CFGS, "compr_cfgs"),
    (Incompat::CHUNKED_FILE, "chunked_file"),
    (Incompat::DEVICE_TABLE, "device_table"),
    (Incompat::ZTAILPACKING, "ztailpacking"),
    (Incompat::FRAGMENTS, "fragments"),
    (Incompat::XATTR_PREFIXES, "xattr_prefixes"),
];

/// Algorithms by their numbers.
const ALGORITHMS: [(u8, &str); 4] =
    [(algorithm::LZ4, "lz4"), (algorithm::LZMA, "lzma"), (algorithm::DEFLATE, "deflate"), (algorithm::ZSTD, "zstd")];

/// What a superblock says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErofsInfo {
    /// Bytes.
    pub size: u64,
    /// Bytes of a block.
    pub block_size: u32,
    /// Files, directories and so on.
    pub inodes: u64,
    /// The time of inodes that have none of their own.
    pub time: Time,
    /// The filesystem's identity.
    pub uuid: Guid,
    /// The volume's name, with unprintable bytes escaped.
    pub label: String,
    /// What a reader must know.
    pub features: Vec<&'static str>,
    /// What files may be compressed with; none where nothing says that any is.
    pub algorithms: Vec<&'static str>,
    /// Whether the superblock has a checksum.
    pub has_checksum: bool,
}

/// Where things are.
#[derive(Debug, Clone)]
pub(super) struct Geometry {
    pub(super) block_bits: u8,
    /// Bytes of the filesystem.
    pub(super) end: u64,
    /// Where inodes, and shared attributes, count from.
    pub(super) meta: u64,
    pub(super) xattr: u64,
    pub(super) root: u64,
    /// The inode that ends of files are in.
    pub(super) packed: Option<u64>,
    pub(super) features: Incompat,
    /// A bit for each that files may be compressed with.
    pub(super) algorithms: u16,
}

impl Geometry {
    pub(super) fn block_size(&self) -> u64 {
        1 << self.block_bits
    }

    /// Where a block begins.
    pub(super) fn block(&self, number: u32) -> u64 {
        u64::from(number) << self.block_bits
    }
}

/// Reads and checks the superblock.
pub(super) fn read(source: &dyn ImageSource) -> Result<(ErofsInfo, Geometry), ErofsReadError> {
    let mut superblock = Superblock::new_zeroed();
    if source.length() < SUPER_OFFSET + size_of::<Superblock>() as u64 {
        return Err(ErofsReadError::Magic);
    }
    read_exact(source, SUPER_OFFSET, superblock.as_mut_bytes())?;
    if superblock.magic != MAGIC {
        return Err(ErofsReadError::Magic);
    }
    let expect = |field, value: u64, holds: bool| if holds { Ok(()) } else { Err(ErofsReadError::Superblock { field, value }) };
    let block_bits = superblock.blkszbits;
    expect("logarithm of the block size", block_bits.into(), (9..=16).contains(&block_bits))?;
    let has_checksum = superblock.feature_compat.get() & compat::SB_CHKSUM != 0;
    if has_checksum {
        check_checksum(source, &superblock, 1 << block_bits)?;
    }
    let features = Incompat(superblock.feature_incompat.get());
    let known = FEATURES.iter().fold(0, |known, (feature, _)| known | feature.0);
    if features.0 & !known != 0 {
        return Err(ErofsReadError::Unsupported { what: "a feature of later kernels" });
    }
    if superblock.extra_devices != 0 {
        return Err(ErofsReadError::Unsupported { what: "other devices" });
    }
    if superblock.dirblkbits != 0 {
        return Err(ErofsReadError::Unsupported { what: "directories with larger blocks" });
    }
    let blocks = superblock.blocks.get();
    let end = u64::from(blocks) << block_bits;
    let head = SUPER_OFFSET + size_of::<Superblock>() as u64 + u64::from(superblock.sb_extslots) * SLOT;
    expect("number of blocks", blocks.into(), (head..=source.length()).contains(&end))?;
    let block = |field, number: u32| expect(field, number.into(), number < blocks).map(|()| u64::from(number) << block_bits);
    let nanoseconds = superblock.build_time_nsec.get();
    expect("nanoseconds", nanoseconds.into(), nanoseconds < 1_000_000_000)?;
    let algorithms = match superblock.available_compr_algs.get() {
        bits if features.has(Incompat::COMPR_CFGS) => bits,
        _ => 1 << algorithm::LZ4,
    };
    let geometry = Geometry {
        block_bits,
        end,
        meta: block("place of inodes", superblock.meta_blkaddr.get())?,
        xattr: block("place of extended attributes", superblock.xattr_blkaddr.get())?,
        root: superblock.root_nid.get().into(),
        packed: Some(superblock.packed_nid.get()).filter(|nid| *nid != 0 && features.has(Incompat::FRAGMENTS)),
        features,
        algorithms,
    };
    let name = superblock.volume_name.split(|byte| *byte == 0).next().unwrap_or_default();
    let is_compressed = features.has(Incompat::ZERO_PADDING) || features.has(Incompat::COMPR_CFGS);
    let info = ErofsInfo {
        size: end,
        block_size: 1 << block_bits,
        inodes: superblock.inos.get(),
        time: Time { seconds: superblock.build_time.get().cast_signed(), nanoseconds },
        uuid: Guid(superblock.uuid),
        label: name.escape_ascii().to_string(),
        features: FEATURES.iter().filter(|(feature, _)| features.has(*feature)).map(|(_, name)| *name).collect(),
        algorithms: ALGORITHMS.iter().filter(|(number, _)| is_compressed && algorithms >> number & 1 != 0).map(|(_, name)| *name).collect(),
        has_checksum,
    };
    Ok((info, geometry))
}

/// The checksum is of the block that the superblock is in, from it on.
fn check_checksum(source: &dyn ImageSource, superblock: &Superblock, block_size: u64) -> Result<(), ErofsReadError> {
    let length = if block_size > SUPER_OFFSET { block_size - SUPER_OFFSET } else { block_size };
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    read_exact(source, SUPER_OFFSET, &mut bytes)?;
    bytes[4..8].fill(0);
    if checksum(&bytes) == superblock.checksum.get() { Ok(()) } else { Err(ErofsReadError::Checksum) }
}
