use crate::ext4::Ext4Error;
use crate::ext4::form::Form;
use crate::ext4::options::Journal;

/// `JBD2_MIN_JOURNAL_BLOCKS`
const LEAST: u32 = 1024;
/// As many as mke2fs allows.
const MOST: u32 = 10_240_000;

/// Blocks of a filesystem below which a journal has so many, by `ext2fs_default_journal_size` of e2fsprogs 1.47; the same for blocks of any size.
const TIERS: [(u64, u32); 8] = [
    (32_768, 1024),
    (256 * 1024, 4096),
    (512 * 1024, 8192),
    (4096 * 1024, 16_384),
    (8192 * 1024, 32_768),
    (16_384 * 1024, 65_536),
    (32_768 * 1024, 131_072),
    (u64::MAX, 262_144),
];

/// The journals to try, smallest first, each with the most blocks a filesystem of that journal should have.
pub(crate) fn choices(form: Form, journal: Journal) -> Result<Vec<(u32, u64)>, Ext4Error> {
    Ok(match form.journal(journal) {
        Journal::Auto => TIERS.iter().map(|(below, blocks)| (*blocks, *below)).collect(),
        Journal::None => vec![(0, u64::MAX)],
        Journal::Blocks(blocks) if (LEAST..=MOST).contains(&blocks) => vec![(blocks, u64::MAX)],
        Journal::Blocks(blocks) => return Err(Ext4Error::Journal { blocks, least: LEAST, most: MOST }),
    })
}
