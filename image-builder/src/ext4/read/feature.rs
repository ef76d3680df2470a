//! Names of features, as e2fsprogs has them in `lib/e2p/feature.c`.

use crate::ext4::format::{Compat, Incompat, RoCompat, Superblock};

/// Whether a reader that doesn't know the feature can still verify the rest.
type Named = (u32, &'static str, bool);

const COMPAT: [Named; 13] = [
    (0x1, "dir_prealloc", true),
    (0x2, "imagic_inodes", false),
    (0x4, "has_journal", true),
    (0x8, "ext_attr", true),
    (0x10, "resize_inode", true),
    (0x20, "dir_index", true),
    (0x40, "lazy_bg", false),
    (0x80, "snapshot_bitmap", false),
    (0x100, "exclude_inode", false),
    (0x200, "sparse_super2", false),
    (0x400, "fast_commit", true),
    (0x800, "stable_inodes", true),
    (0x1000, "orphan_file", true),
];

const INCOMPAT: [Named; 16] = [
    (0x1, "compression", false),
    (0x2, "filetype", true),
    (0x4, "needs_recovery", true),
    (0x8, "journal_dev", false),
    (0x10, "meta_bg", false),
    (0x40, "extent", true),
    (0x80, "64bit", true),
    (0x100, "mmp", false),
    (0x200, "flex_bg", true),
    (0x400, "ea_inode", true),
    (0x1000, "dirdata", false),
    (0x2000, "metadata_csum_seed", true),
    (0x4000, "large_dir", true),
    (0x8000, "inline_data", false),
    (0x1_0000, "encrypt", false),
    (0x2_0000, "casefold", false),
];

const RO_COMPAT: [Named; 17] = [
    (0x1, "sparse_super", true),
    (0x2, "large_file", true),
    (0x4, "btree_dir", false),
    (0x8, "huge_file", true),
    (0x10, "uninit_bg", true),
    (0x20, "dir_nlink", true),
    (0x40, "extra_isize", true),
    (0x80, "snapshot", false),
    (0x100, "quota", true),
    (0x200, "bigalloc", false),
    (0x400, "metadata_csum", true),
    (0x800, "replica", false),
    (0x1000, "read-only", true),
    (0x2000, "project", true),
    (0x4000, "shared_blocks", false),
    (0x8000, "verity", false),
    (0x1_0000, "orphan_present", true),
];

/// The features of one word, each with whether it is known.
fn of(word: u32, names: &[Named], kind: &'static str) -> impl Iterator<Item = (String, bool)> {
    let bits = (0..32).map(|bit| 1_u32 << bit).filter(move |bit| word & bit != 0);
    bits.map(move |bit| match names.iter().find(|(known, ..)| *known == bit) {
        Some((_, name, is_known)) => ((*name).to_owned(), *is_known),
        None => (format!("{kind} {bit:#x}"), false),
    })
}

fn all(superblock: &Superblock) -> impl Iterator<Item = (String, bool)> {
    let Superblock { s_feature_compat, s_feature_incompat, s_feature_ro_compat, .. } = superblock;
    of(s_feature_compat.bits(), &COMPAT, "compat").chain(of(s_feature_incompat.bits(), &INCOMPAT, "incompat")).chain(of(
        s_feature_ro_compat.bits(),
        &RO_COMPAT,
        "ro_compat",
    ))
}

/// All of them, what isn't known as its number.
pub(super) fn names(superblock: &Superblock) -> Vec<String> {
    all(superblock).map(|(name, _)| name).collect()
}

/// Those without which nothing can be verified.
pub(super) fn unsupported(superblock: &Superblock) -> Vec<String> {
    all(superblock).filter(|(_, is_known)| !is_known).map(|(name, _)| name).collect()
}

/// What the rest of the reader asks for.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "as the disk has them")]
pub(super) struct Features {
    pub(super) has_journal: bool,
    pub(super) resize_inode: bool,
    pub(super) needs_recovery: bool,
    pub(super) filetype: bool,
    pub(super) bit64: bool,
    pub(super) flex_bg: bool,
    pub(super) checksum_seed: bool,
    pub(super) large_dir: bool,
    pub(super) sparse_super: bool,
    pub(super) huge_file: bool,
    pub(super) group_checksums: bool,
    pub(super) dir_nlink: bool,
    pub(super) checksums: bool,
    pub(super) orphan_file: bool,
    pub(super) quota: bool,
}

impl Features {
    pub(super) fn of(superblock: &Superblock) -> Self {
        let (compat, incompat, ro_compat) = (superblock.s_feature_compat, superblock.s_feature_incompat, superblock.s_feature_ro_compat);
        Self {
            has_journal: compat.has(Compat::HAS_JOURNAL),
            resize_inode: compat.has(Compat::RESIZE_INODE),
            orphan_file: compat.has(Compat::ORPHAN_FILE),
            needs_recovery: incompat.has(Incompat::RECOVER),
            filetype: incompat.has(Incompat::FILETYPE),
            bit64: incompat.has(Incompat::BIT64),
            flex_bg: incompat.has(Incompat::FLEX_BG),
            checksum_seed: incompat.has(Incompat::CSUM_SEED),
            large_dir: incompat.has(Incompat::LARGEDIR),
            sparse_super: ro_compat.has(RoCompat::SPARSE_SUPER),
            huge_file: ro_compat.has(RoCompat::HUGE_FILE),
            group_checksums: ro_compat.has(RoCompat::GDT_CSUM),
            quota: ro_compat.has(RoCompat::QUOTA),
            dir_nlink: ro_compat.has(RoCompat::DIR_NLINK),
            checksums: ro_compat.has(RoCompat::METADATA_CSUM),
        }
    }
}
