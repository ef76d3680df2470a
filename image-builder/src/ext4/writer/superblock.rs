use rootfs_tree::Time;
use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromZeros, IntoBytes};

use super::Writer;
use super::format::{
    Compat, DEFM_ACL, DEFM_XATTR_USER, ERRORS_CONTINUE, EXTRA_ISIZE, FLAGS_SIGNED_HASH, HASH_HALF_MD4, INODE_SIZE, Incompat, MAGIC,
    RoCompat, Superblock, VALID_FS, high_word, low_half, low_word,
};
use crate::ext4::checksum::Checksum;
use crate::ext4::layout::{FIRST_INODE, GROUPS_PER_FLEX, JOURNAL_INODE};

/// What of the superblock only counting the groups tells.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    pub(super) free_blocks: u64,
    pub(super) free_inodes: u32,
}

impl Writer<'_> {
    /// The superblock as the group keeps it; all but the group's number is the same in all.
    pub(super) fn superblock(&self, group: u32, totals: Totals) -> Superblock {
        let mut superblock = Superblock::new_zeroed();
        self.set_sizes(&mut superblock, totals);
        self.set_state(&mut superblock);
        self.set_features(&mut superblock);
        self.set_journal(&mut superblock);
        // Backups in groups beyond 65535 keep the lower half, as the kernel's own do.
        superblock.s_block_group_nr = U16::new(low_half(group));
        let bytes = superblock.as_bytes();
        if self.form().has_checksums() {
            superblock.s_checksum = U32::new(Checksum::new().with(&bytes[..bytes.len() - 4]).value());
        }
        superblock
    }

    fn set_sizes(&self, superblock: &mut Superblock, totals: Totals) {
        let fit = &self.layout.fit;
        let geometry = &fit.geometry;
        let form = geometry.form;
        let log_block_size = form.block_size.ilog2() - 10;
        superblock.s_inodes_count = U32::new(geometry.inodes());
        superblock.s_blocks_count_lo = U32::new(low_word(fit.blocks));
        superblock.s_blocks_count_hi = U32::new(high_word(fit.blocks));
        superblock.s_free_blocks_count_lo = U32::new(low_word(totals.free_blocks));
        superblock.s_free_blocks_count_hi = U32::new(high_word(totals.free_blocks));
        superblock.s_free_inodes_count = U32::new(totals.free_inodes);
        superblock.s_first_data_block = U32::new(low_word(form.first_block()));
        superblock.s_log_block_size = U32::new(log_block_size);
        superblock.s_log_cluster_size = U32::new(log_block_size);
        superblock.s_blocks_per_group = U32::new(form.blocks_per_group());
        superblock.s_clusters_per_group = U32::new(form.blocks_per_group());
        superblock.s_inodes_per_group = U32::new(geometry.inodes_per_group);
        superblock.s_inode_size = U16::new(u16::try_from(INODE_SIZE).unwrap_or(u16::MAX));
        superblock.s_desc_size = U16::new(if form.is_64bit() { low_half(form.descriptor_size()) } else { 0 });
        superblock.s_reserved_gdt_blocks = U16::new(low_half(geometry.reserved_descriptor_blocks));
        superblock.s_min_extra_isize = U16::new(EXTRA_ISIZE);
        superblock.s_want_extra_isize = U16::new(EXTRA_ISIZE);
        superblock.s_log_groups_per_flex = GROUPS_PER_FLEX.ilog2().to_le_bytes()[0];
        let ground: u64 = fit.allocation.ground.taken().iter().map(|range| range.end - range.start).sum();
        superblock.s_overhead_clusters = U32::new(low_word(form.first_block() + ground + u64::from(fit.journal)));
    }

    fn set_state(&self, superblock: &mut Superblock) {
        let (now, now_high) = forty_bits(self.layout.time);
        superblock.s_wtime = U32::new(now);
        superblock.s_wtime_hi = now_high;
        superblock.s_lastcheck = U32::new(now);
        superblock.s_lastcheck_hi = now_high;
        superblock.s_mkfs_time = U32::new(now);
        superblock.s_mkfs_time_hi = now_high;
        superblock.s_max_mnt_count = U16::new(u16::MAX);
        superblock.s_magic = U16::new(MAGIC);
        superblock.s_state = U16::new(VALID_FS);
        superblock.s_errors = U16::new(ERRORS_CONTINUE);
        superblock.s_rev_level = U32::new(1);
        superblock.s_kbytes_written = U64::new(0);
    }

    fn set_features(&self, superblock: &mut Superblock) {
        let form = self.form();
        let has_values = !self.layout.census.sharing().values().is_empty();
        superblock.s_first_ino = U32::new(FIRST_INODE);
        superblock.s_feature_compat = Compat::EXT_ATTR
            .and(Compat::DIR_INDEX)
            .and(Compat::HAS_JOURNAL.when(self.layout.fit.journal > 0))
            .and(Compat::RESIZE_INODE.when(form.has_resize_inode()));
        superblock.s_feature_incompat = Incompat::FILETYPE
            .and(Incompat::EXTENTS)
            .and(Incompat::FLEX_BG)
            .and(Incompat::BIT64.when(form.is_64bit()))
            .and(Incompat::EA_INODE.when(has_values));
        superblock.s_feature_ro_compat = RoCompat::SPARSE_SUPER
            .and(RoCompat::LARGE_FILE)
            .and(RoCompat::HUGE_FILE)
            .and(RoCompat::DIR_NLINK)
            .and(RoCompat::EXTRA_ISIZE)
            .and(RoCompat::METADATA_CSUM.when(form.has_checksums()));
        superblock.s_uuid = self.layout.identity.uuid;
        superblock.s_volume_name = self.layout.label;
        superblock.s_hash_seed = self.layout.identity.hash_seed;
        superblock.s_def_hash_version = HASH_HALF_MD4;
        superblock.s_flags = U32::new(FLAGS_SIGNED_HASH);
        superblock.s_default_mount_opts = U32::new(DEFM_XATTR_USER | DEFM_ACL);
        superblock.s_checksum_type = u8::from(form.has_checksums());
        superblock.s_lpf_ino = U32::new(FIRST_INODE);
    }

    /// With a copy of what e2fsck needs to find a journal whose inode is lost.
    fn set_journal(&self, superblock: &mut Superblock) {
        if self.layout.fit.journal == 0 {
            return;
        }
        superblock.s_journal_inum = U32::new(JOURNAL_INODE);
        superblock.s_jnl_backup_type = 1;
        let root = self.extent_root(JOURNAL_INODE);
        for (word, bytes) in superblock.s_jnl_blocks.iter_mut().zip(root.chunks_exact(4)) {
            *word = U32::new(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        }
        superblock.s_jnl_blocks[15] = U32::new(high_word(self.layout.journal_size()));
        superblock.s_jnl_blocks[16] = U32::new(low_word(self.layout.journal_size()));
    }
}

/// Seconds since 1970 as the superblock tells them, in 32 bits and 8 more; 1970 for all before.
fn forty_bits(time: Time) -> (u32, u8) {
    let seconds = u64::try_from(time.seconds).unwrap_or(0);
    (low_word(seconds), high_word(seconds).to_le_bytes()[0])
}
