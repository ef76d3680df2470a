use std::ops::Range;

use rootfs_tree::Time;
use zerocopy::FromBytes;

use super::{SquashfsReadError, read_exact};
use crate::source::ImageSource;
use crate::squashfs::format::{ABSENT, Flags, MAGIC, MAJOR, MINOR, Superblock, compression};

/// What a superblock says of its squashfs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SquashfsInfo {
    /// Bytes in use from the beginning; the image may be longer.
    pub bytes_used: u64,
    /// The compressor by its number: see [`SquashfsInfo::compression_name`].
    pub compression: u16,
    /// In bytes.
    pub block_size: u32,
    /// When it was made.
    pub time: Time,
    /// Files, directories and so on.
    pub inodes: u32,
    /// Blocks that ends of files share.
    pub fragments: u32,
    /// Users and groups.
    pub ids: u16,
    /// Whether inodes can be found by their number.
    pub has_export_table: bool,
    /// Whether there are extended attributes.
    pub has_xattrs: bool,
}

impl SquashfsInfo {
    /// The compressor as mksquashfs calls it.
    #[must_use]
    pub fn compression_name(&self) -> &'static str {
        match self.compression {
            compression::ZLIB => "gzip",
            compression::XZ => "xz",
            compression::LZ4 => "lz4",
            compression::ZSTD => "zstd",
            _ => "unknown",
        }
    }
}

/// Where tables are.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) root_inode: u64,
    /// Where contents may be.
    pub(super) data: Range<u64>,
    pub(super) inodes: Range<u64>,
    /// Ends where the next table begins.
    pub(super) directories: Range<u64>,
    pub(super) fragments: Option<u64>,
    pub(super) export: Option<u64>,
    pub(super) ids: u64,
    pub(super) xattrs: Option<u64>,
}

/// Reads and checks the superblock.
pub(super) fn read(source: &dyn ImageSource) -> Result<(SquashfsInfo, Layout), SquashfsReadError> {
    let mut bytes = [0; size_of::<Superblock>()];
    let length = source.length();
    if length < bytes.len() as u64 {
        return Err(SquashfsReadError::Magic);
    }
    read_exact(source, 0, &mut bytes)?;
    let Ok(superblock) = Superblock::read_from_bytes(&bytes) else { return Err(SquashfsReadError::Magic) };
    if superblock.s_magic != MAGIC {
        return Err(SquashfsReadError::Magic);
    }
    let expect = |field, value: u64, holds: bool| if holds { Ok(()) } else { Err(SquashfsReadError::Superblock { field, value }) };
    let (major, minor) = (superblock.s_major.get(), superblock.s_minor.get());
    expect("version", u64::from(major) << 16 | u64::from(minor), (major, minor) == (MAJOR, MINOR))?;
    let block_size = superblock.block_size.get();
    expect("block size", block_size.into(), block_size.is_power_of_two() && (4096..=1 << 20).contains(&block_size))?;
    let block_log = superblock.block_log.get();
    expect("logarithm of the block size", block_log.into(), u32::from(block_log) == block_size.ilog2())?;
    let used = superblock.bytes_used.get();
    expect("length", used, (bytes.len() as u64..=length).contains(&used))?;
    expect("number of users and groups", 0, superblock.no_ids != 0)?;
    expect("number of inodes", 0, superblock.inodes != 0)?;
    let fragments = superblock.fragments.get();
    // Each takes a byte at least.
    expect("number of fragments", fragments.into(), u64::from(fragments) <= used)?;

    let (inodes, directories) = (superblock.inode_table_start.get(), superblock.directory_table_start.get());
    expect("place of inodes", inodes, inodes >= bytes.len() as u64 && inodes < directories)?;
    let ids = superblock.id_table_start.get();
    expect("place of users and groups", ids, ids < used)?;
    let optional = |field, start: u64, is_there: bool| {
        let there = (start != ABSENT && is_there).then_some(start);
        expect(field, start, there.is_none_or(|start| start > directories && start < used)).map(|()| there)
    };
    let fragment_table = optional("place of fragments", superblock.fragment_table_start.get(), fragments > 0)?;
    expect("place of fragments", ABSENT, fragments == 0 || fragment_table.is_some())?;
    let export = optional("place of the export table", superblock.lookup_table_start.get(), true)?;
    let xattrs = optional("place of extended attributes", superblock.xattr_id_table_start.get(), true)?;
    let mut next = used;
    for index in [fragment_table, export, Some(ids)].into_iter().flatten() {
        let mut first = [0; 8];
        read_exact(source, index, &mut first)?;
        next = next.min(u64::from_le_bytes(first));
    }
    expect("place of directories", directories, directories <= next)?;

    let first = bytes.len() as u64;
    let data = compressor_options(source, &superblock, first, inodes)?..inodes;
    let info = SquashfsInfo {
        bytes_used: used,
        compression: superblock.compression.get(),
        block_size,
        time: Time::from_seconds(superblock.mkfs_time.get().into()),
        inodes: superblock.inodes.get(),
        fragments,
        ids: superblock.no_ids.get(),
        has_export_table: export.is_some(),
        has_xattrs: xattrs.is_some(),
    };
    let layout = Layout {
        root_inode: superblock.root_inode.get(),
        data,
        inodes: inodes..directories,
        directories: directories..next,
        fragments: fragment_table,
        export,
        ids,
        xattrs,
    };
    Ok((info, layout))
}

/// Where the options of the compressor end, which are stored as they are.
fn compressor_options(source: &dyn ImageSource, superblock: &Superblock, start: u64, end: u64) -> Result<u64, SquashfsReadError> {
    let damaged = SquashfsReadError::Table { table: "options of the compressor", offset: start };
    if superblock.flags.get() & Flags::COMPRESSOR_OPTIONS.0 == 0 {
        // lz4 can't do without.
        return if superblock.compression == compression::LZ4 { Err(damaged) } else { Ok(start) };
    }
    let mut header = [0; 2];
    read_exact(source, start, &mut header)?;
    let header = u16::from_le_bytes(header);
    let options = start + 2 + u64::from(header & 0x7FFF);
    if header & 0x8000 != 0 && (4..=8).contains(&(header & 0x7FFF)) && options <= end { Ok(options) } else { Err(damaged) }
}
