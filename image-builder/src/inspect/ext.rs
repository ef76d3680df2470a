//! ext2, ext3 and ext4.

use zerocopy::IntoBytes;

use super::problem::{Findings, Flaw};
use super::{InspectError, read};
use crate::ext4::format::{MAGIC, SUPERBLOCK_OFFSET, Superblock, VALID_FS};
use crate::ext4::{Ext4Image, Ext4ReadError};
use crate::guid::Guid;
use crate::source::ImageSource;

/// Names of features by their bits, as e2fsprogs has them in `lib/e2p/feature.c`.
const COMPAT: [(u32, &str); 12] = [
    (0x1, "dir_prealloc"),
    (0x2, "imagic_inodes"),
    (0x4, "has_journal"),
    (0x8, "ext_attr"),
    (0x10, "resize_inode"),
    (0x20, "dir_index"),
    (0x40, "lazy_bg"),
    (0x100, "snapshot_bitmap"),
    (0x200, "sparse_super2"),
    (0x400, "fast_commit"),
    (0x800, "stable_inodes"),
    (0x1000, "orphan_file"),
];
const INCOMPAT: [(u32, &str); 16] = [
    (0x1, "compression"),
    (0x2, "filetype"),
    (0x4, "needs_recovery"),
    (0x8, "journal_dev"),
    (0x10, "meta_bg"),
    (0x40, "extent"),
    (0x80, "64bit"),
    (0x100, "mmp"),
    (0x200, "flex_bg"),
    (0x400, "ea_inode"),
    (0x1000, "dirdata"),
    (0x2000, "metadata_csum_seed"),
    (0x4000, "large_dir"),
    (0x8000, "inline_data"),
    (0x10000, "encrypt"),
    (0x20000, "casefold"),
];
const RO_COMPAT: [(u32, &str); 16] = [
    (0x1, "sparse_super"),
    (0x2, "large_file"),
    (0x8, "huge_file"),
    (0x10, "uninit_bg"),
    (0x20, "dir_nlink"),
    (0x40, "extra_isize"),
    (0x80, "snapshot"),
    (0x100, "quota"),
    (0x200, "bigalloc"),
    (0x400, "metadata_csum"),
    (0x800, "replica"),
    (0x1000, "read-only"),
    (0x2000, "project"),
    (0x4000, "shared_blocks"),
    (0x8000, "verity"),
    (0x10000, "orphan_present"),
];
/// What ext3 doesn't know, of both kinds.
const INCOMPAT_EXT4: u32 = 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000;
const RO_COMPAT_EXT4: u32 = 0x8 | 0x10 | 0x20 | 0x40 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x8000;
const METADATA_CSUM: u32 = 0x400;
/// Most that 1024 is shifted by for the size of a block.
const LOG_LIMIT: u32 = 6;

/// What the superblock says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtFacts {
    /// `ext2`, `ext3` or `ext4`, by the features.
    pub kind: &'static str,
    /// Bytes.
    pub block_size: u32,
    /// Blocks of the filesystem.
    pub blocks: u64,
    /// Of these, free ones.
    pub free_blocks: u64,
    /// Inodes of the filesystem.
    pub inodes: u32,
    /// Of these, free ones.
    pub free_inodes: u32,
    /// Empty for none.
    pub label: String,
    /// What the filesystem is known by.
    pub uuid: Guid,
    /// As `dumpe2fs` calls them; `0x…` for those that have no name.
    pub features: Vec<String>,
    /// Whether it was unmounted, or never mounted.
    pub is_clean: bool,
    /// Whether the superblock's checksum is right, where there is one.
    pub is_checksum_right: Option<bool>,
}

impl ExtFacts {
    pub(super) fn read(source: &dyn ImageSource) -> Result<Option<Self>, InspectError> {
        let Some(block) = read::get::<Superblock>(source, SUPERBLOCK_OFFSET as u64)? else { return Ok(None) };
        let log = block.s_log_block_size.get();
        if block.s_magic != MAGIC || log > LOG_LIMIT {
            return Ok(None);
        }
        let word = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        let compat = word(block.s_feature_compat.as_bytes());
        let incompat = word(block.s_feature_incompat.as_bytes());
        let ro_compat = word(block.s_feature_ro_compat.as_bytes());
        let kind = match (incompat & INCOMPAT_EXT4, ro_compat & RO_COMPAT_EXT4) {
            (0, 0) if compat & 0x4 == 0 => "ext2",
            (0, 0) => "ext3",
            _ => "ext4",
        };
        let wide = |low: u32, high: u32| u64::from(low) | if incompat & 0x80 == 0 { 0 } else { u64::from(high) << 32 };
        let bytes = block.as_bytes();
        let sum = !crc32c::crc32c(&bytes[..bytes.len() - 4]);
        Ok(Some(Self {
            kind,
            block_size: 1024 << log,
            blocks: wide(block.s_blocks_count_lo.get(), block.s_blocks_count_hi.get()),
            free_blocks: wide(block.s_free_blocks_count_lo.get(), block.s_free_blocks_count_hi.get()),
            inodes: block.s_inodes_count.get(),
            free_inodes: block.s_free_inodes_count.get(),
            label: read::text(&block.s_volume_name),
            uuid: Guid(block.s_uuid),
            features: [names(compat, &COMPAT), names(incompat, &INCOMPAT), names(ro_compat, &RO_COMPAT)].concat(),
            is_clean: block.s_state.get() & VALID_FS != 0 && incompat & 0x4 == 0,
            is_checksum_right: (ro_compat & METADATA_CSUM != 0).then(|| sum == block.s_checksum.get()),
        }))
    }

    /// Bytes of the filesystem.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.blocks.saturating_mul(self.block_size.into())
    }
}

fn names(word: u32, known: &[(u32, &str)]) -> Vec<String> {
    (0..32)
        .map(|bit| 1 << bit)
        .filter(|bit| word & bit != 0)
        .map(|bit| known.iter().find(|(known, _)| *known == bit).map_or_else(|| format!("0x{bit:x}"), |(_, name)| (*name).to_owned()))
        .collect()
}

/// Verifies all metadata; where the filesystem has features that can't be, the superblock alone.
pub(super) fn check(source: &dyn ImageSource, facts: &ExtFacts, findings: &mut Findings) -> Result<(), InspectError> {
    match Ext4Image::open(source).and_then(|image| image.verify()) {
        Ok(report) => {
            let (inodes, directories, blocks) = (report.inodes, report.directories, report.blocks);
            findings.more += report.more_problems;
            report.problems.into_iter().for_each(|problem| findings.add_somewhere(Flaw::Ext4(problem)));
            findings.checked(format!("all metadata: {inodes} inodes, {directories} of them directories, in {blocks} blocks"));
            report.unchecked.into_iter().for_each(|what| findings.left_out(what));
        }
        Err(Ext4ReadError::Read(source)) => return Err(InspectError::Read { offset: SUPERBLOCK_OFFSET as u64, source }),
        Err(error @ Ext4ReadError::Unsupported { .. }) => {
            check_superblock(facts, findings);
            findings.left_out(error.to_string());
        }
        Err(error) => findings.add(SUPERBLOCK_OFFSET as u64, Flaw::Ext4Read(error)),
    }
    if !facts.is_clean {
        findings.left_out("the journal: it was not unmounted cleanly");
    }
    Ok(())
}

fn check_superblock(facts: &ExtFacts, findings: &mut Findings) {
    if facts.is_checksum_right == Some(false) {
        findings.add(SUPERBLOCK_OFFSET as u64, Flaw::Checksum { what: "superblock" });
    }
    findings.checked("superblock");
}
