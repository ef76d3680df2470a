//! ext2, ext3 and ext4.

use super::problem::{Findings, Flaw};
use super::{InspectError, read};
use crate::ext4::format::{MAGIC, SUPERBLOCK_OFFSET, Superblock, VALID_FS};
use crate::ext4::{Ext4Facts, Ext4Image, Ext4ReadError, LOG_BLOCK_SIZE_LIMIT, short_names};
use crate::guid::Guid;
use crate::source::ImageSource;

/// What ext3 doesn't know, of both kinds.
const INCOMPAT_EXT4: u32 = 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000;
const RO_COMPAT_EXT4: u32 = 0x8 | 0x10 | 0x20 | 0x40 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x8000;

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
        if block.s_magic != MAGIC || log > LOG_BLOCK_SIZE_LIMIT {
            return Ok(None);
        }
        let facts = Ext4Facts::of(&block, 1024 << log);
        let kind = match (block.s_feature_incompat.bits() & INCOMPAT_EXT4, block.s_feature_ro_compat.bits() & RO_COMPAT_EXT4) {
            (0, 0) if facts.journal.is_none() => "ext2",
            (0, 0) => "ext3",
            _ => "ext4",
        };
        Ok(Some(Self {
            kind,
            block_size: facts.block_size,
            blocks: facts.blocks,
            free_blocks: facts.free_blocks,
            inodes: facts.inodes,
            free_inodes: facts.free_inodes,
            label: read::text(&block.s_volume_name),
            uuid: Guid(facts.uuid),
            features: short_names(&block),
            is_clean: block.s_state.get() & VALID_FS != 0 && !facts.needs_recovery,
            is_checksum_right: facts.is_checksum_right,
        }))
    }

    /// Bytes of the filesystem.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.blocks.saturating_mul(self.block_size.into())
    }
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
