use super::feature::{self, Features};
use super::volume::{is_checksum_right, join};
use crate::ext4::format::{Superblock, VALID_FS};

/// `s_state`: the kernel has found errors.
const ERROR_FS: u16 = 2;

/// What the superblock of a filesystem says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ext4Facts {
    /// Bytes of a block.
    pub block_size: u32,
    /// Blocks there are.
    pub blocks: u64,
    /// Blocks that are free.
    pub free_blocks: u64,
    /// Of these, those that are kept for root.
    pub reserved_blocks: u64,
    /// Inodes there are.
    pub inodes: u32,
    /// Inodes that are free.
    pub free_inodes: u32,
    /// Bytes of an inode.
    pub inode_size: u16,
    /// Features by the names that e2fsprogs has for them; what isn't known is a number.
    pub features: Vec<String>,
    /// The filesystem's identity.
    pub uuid: [u8; 16],
    /// Its label, up to the first NUL.
    pub label: Vec<u8>,
    /// Where it was mounted last, if that was told.
    pub last_mounted: Vec<u8>,
    /// The journal's inode.
    pub journal: Option<u32>,
    /// Whether the journal has changes that are not yet where they belong.
    pub needs_recovery: bool,
    /// Whether it was unmounted, with no error found so far.
    pub is_clean: bool,
    /// How often it was mounted since it was checked.
    pub mounts: u16,
    /// Seconds after 1970 when it was made.
    pub made: u64,
    /// Seconds after 1970 when it was mounted last; 0 if never.
    pub mounted: u64,
    /// Seconds after 1970 when it was written to last.
    pub written: u64,
    /// Seconds after 1970 when it was checked last.
    pub checked: u64,
    /// Whether the superblock's own checksum is right; nothing where there is none.
    pub is_checksum_right: Option<bool>,
}

impl Ext4Facts {
    /// What a superblock says; a block has so many bytes.
    pub(crate) fn of(superblock: &Superblock, block_size: u32) -> Self {
        let features = Features::of(superblock);
        let wide = |low: u32, high: u32| join(low, if features.bit64 { high } else { 0 });
        let time = |low: u32, high: u8| join(low, high.into());
        let state = superblock.s_state.get();
        Self {
            block_size,
            blocks: wide(superblock.s_blocks_count_lo.get(), superblock.s_blocks_count_hi.get()),
            free_blocks: wide(superblock.s_free_blocks_count_lo.get(), superblock.s_free_blocks_count_hi.get()),
            reserved_blocks: wide(superblock.s_r_blocks_count_lo.get(), superblock.s_r_blocks_count_hi.get()),
            inodes: superblock.s_inodes_count.get(),
            free_inodes: superblock.s_free_inodes_count.get(),
            inode_size: if superblock.s_rev_level.get() == 0 { 128 } else { superblock.s_inode_size.get() },
            features: feature::names(superblock),
            uuid: superblock.s_uuid,
            label: text(&superblock.s_volume_name),
            last_mounted: text(&superblock.s_last_mounted),
            journal: features.has_journal.then(|| superblock.s_journal_inum.get()),
            needs_recovery: features.needs_recovery,
            is_clean: state & VALID_FS != 0 && state & ERROR_FS == 0,
            mounts: superblock.s_mnt_count.get(),
            made: time(superblock.s_mkfs_time.get(), superblock.s_mkfs_time_hi),
            mounted: time(superblock.s_mtime.get(), superblock.s_mtime_hi),
            written: time(superblock.s_wtime.get(), superblock.s_wtime_hi),
            checked: time(superblock.s_lastcheck.get(), superblock.s_lastcheck_hi),
            is_checksum_right: features.checksums.then(|| is_checksum_right(superblock)),
        }
    }
}

fn text(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take_while(|byte| *byte != 0).collect()
}
