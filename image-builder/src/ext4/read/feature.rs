//! Names of features, as e2fsprogs has them in `lib/e2p/feature.c`.

use crate::ext4::format::{Compat, Incompat, RoCompat, Superblock};

/// Whether a reader that doesn't know the feature can still verify the rest.
type Named = (u32, &'static str, bool);

const COMPAT: [Named; 12] = [
    (0x1, "dir_prealloc", true),
    (0x2, "imagic_inodes", false),
    (0x4, "has_journal", true),
    (0x8, "ext_attr", true),
    (0x10, "resize_inode", true),
    (0x20, "dir_index", true),
    (0x40, "lazy_bg", false),
    (0x100, "snapshot_bitmap", false),
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

const RO_COMPAT: [Named; 16] = [
    (0x1, "sparse_super", true),
    (0x2, "large_file", true),
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

/// A feature of a filesystem.
#[derive(Debug, Clone, Copy)]
struct Feature {
    /// The word it is in, and its bit there.
    place: (&'static str, u32),
    known: Option<Named>,
}

impl Feature {
    /// Its name; what isn't known is its word and number.
    fn name(self) -> String {
        let (word, bit) = self.place;
        self.known.map_or_else(|| format!("{word} {bit:#x}"), |(_, name, _)| name.to_owned())
    }
}

fn all(superblock: &Superblock) -> impl Iterator<Item = Feature> {
    let Superblock { s_feature_compat, s_feature_incompat, s_feature_ro_compat, .. } = superblock;
    let words: [(&str, u32, &'static [Named]); 3] = [
        ("compat", s_feature_compat.bits(), &COMPAT),
        ("incompat", s_feature_incompat.bits(), &INCOMPAT),
        ("ro_compat", s_feature_ro_compat.bits(), &RO_COMPAT),
    ];
    words.into_iter().flat_map(|(name, word, known)| {
        let bits = (0..32).map(|bit| 1_u32 << bit).filter(move |bit| word & bit != 0);
        bits.map(move |bit| Feature { place: (name, bit), known: known.iter().find(|(known, ..)| *known == bit).copied() })
    })
}

/// All of them, what isn't known as its word and number.
pub(super) fn names(superblock: &Superblock) -> Vec<String> {
    all(superblock).map(Feature::name).collect()
}

/// All of them, what isn't known as its number alone.
pub(crate) fn short_names(superblock: &Superblock) -> Vec<String> {
    let short = |feature: Feature| feature.known.map_or_else(|| format!("{:#x}", feature.place.1), |(_, name, _)| name.to_owned());
    all(superblock).map(short).collect()
}

/// Those without which nothing can be verified.
pub(super) fn unsupported(superblock: &Superblock) -> Vec<String> {
    all(superblock).filter(|feature| !feature.known.is_some_and(|(.., is_known)| is_known)).map(Feature::name).collect()
}

/// Of those that can't be verified, those with which files are where they always are.
const READABLE: [&str; 4] = ["inline_data", "mmp", "casefold", "verity"];

/// Those with which files can't be read. A reader need not know what only writers must.
pub(super) fn unreadable(superblock: &Superblock) -> Vec<String> {
    let matters = |feature: &Feature| feature.place.0 == "incompat" || feature.known.is_some_and(|(_, name, _)| name == "bigalloc");
    let is_known = |feature: &Feature| feature.known.is_some_and(|(_, name, is_known)| is_known || READABLE.contains(&name));
    all(superblock).filter(|feature| matters(feature) && !is_known(feature)).map(Feature::name).collect()
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
