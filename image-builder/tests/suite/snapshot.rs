//! The same bytes every time, and which.

use std::fmt::Write;

use rootfs_image::{BlockSize, Ext4Options, Journal, Profile, Size};
use sha2::{Digest, Sha256};

use crate::forest::{crowd, empty, everything};
use crate::judge::{judge, write};

/// Fields of the superblock with their offsets, from `fs/ext4/ext4.h`.
const FIELDS: [(&str, std::ops::Range<usize>); 36] = [
    ("s_inodes_count", 0x00..0x04),
    ("s_blocks_count_lo", 0x04..0x08),
    ("s_r_blocks_count_lo", 0x08..0x0C),
    ("s_free_blocks_count_lo", 0x0C..0x10),
    ("s_free_inodes_count", 0x10..0x14),
    ("s_log_block_size", 0x18..0x1C),
    ("s_blocks_per_group", 0x20..0x24),
    ("s_inodes_per_group", 0x28..0x2C),
    ("s_wtime", 0x30..0x34),
    ("s_max_mnt_count", 0x36..0x38),
    ("s_magic", 0x38..0x3A),
    ("s_state", 0x3A..0x3C),
    ("s_errors", 0x3C..0x3E),
    ("s_lastcheck", 0x40..0x44),
    ("s_rev_level", 0x4C..0x50),
    ("s_first_ino", 0x54..0x58),
    ("s_inode_size", 0x58..0x5A),
    ("s_feature_compat", 0x5C..0x60),
    ("s_feature_incompat", 0x60..0x64),
    ("s_feature_ro_compat", 0x64..0x68),
    ("s_uuid", 0x68..0x78),
    ("s_volume_name", 0x78..0x88),
    ("s_reserved_gdt_blocks", 0xCE..0xD0),
    ("s_journal_inum", 0xE0..0xE4),
    ("s_hash_seed", 0xEC..0xFC),
    ("s_def_hash_version", 0xFC..0xFD),
    ("s_jnl_backup_type", 0xFD..0xFE),
    ("s_desc_size", 0xFE..0x100),
    ("s_default_mount_opts", 0x100..0x104),
    ("s_mkfs_time", 0x108..0x10C),
    ("s_jnl_blocks", 0x10C..0x150),
    ("s_min_extra_isize", 0x15C..0x15E),
    ("s_flags", 0x160..0x164),
    ("s_log_groups_per_flex", 0x174..0x175),
    ("s_overhead_clusters", 0x248..0x24C),
    ("s_checksum", 0x3FC..0x400),
];

fn annotate(superblock: &[u8]) -> String {
    let mut text = String::new();
    for (name, range) in FIELDS {
        let bytes: Vec<String> =
            superblock[range.clone()].chunks(4).map(|word| word.iter().map(|byte| format!("{byte:02x}")).collect()).collect();
        writeln!(text, "{:03x} {name} {}", range.start, bytes.join(" ")).unwrap();
    }
    text
}

#[test]
fn the_superblock_of_a_small_image() {
    let options = Ext4Options { label: b"root".to_vec(), ..Ext4Options::default() };
    let judged = judge(&everything(), &options);
    let bytes = fs_err::read(&judged.image).unwrap();
    let found = annotate(&bytes[1024..2048]);
    assert_eq!(found, include_str!("superblock.txt"), "{found}");
    let named: Vec<usize> = FIELDS.iter().flat_map(|(_, range)| range.clone()).collect();
    let others = (0..1024).filter(|at| !named.contains(at) && bytes[1024 + at] != 0);
    // s_log_cluster_size, s_clusters_per_group, s_want_extra_isize, s_checksum_type, s_lpf_ino.
    assert_eq!(others.collect::<Vec<_>>(), [0x1C, 0x25, 0x15E, 0x175, 0x268]);
}

/// The digests change with the layout, on purpose only: images are the same for the same tree and version of this crate.
#[test]
fn pinned_digests() {
    let mut large = everything();
    crowd(&mut large, "crowd", 2000, 20);
    let options = |size| Ext4Options { size, ..Ext4Options::default() };
    let read_only = Ext4Options { profile: Profile::ReadOnly, block_size: BlockSize::K1, ..Ext4Options::default() };
    let compat = Ext4Options { profile: Profile::Compat, ..options(Size::Fixed(200 << 20)) };
    let cases = [
        (empty(), options(Size::Minimal), "18560427c0cd2c009c0423efd15b05792a066d3666b00ebce44b592a507dc68b"),
        (everything(), options(Size::Free(1 << 20)), "dc690cb3fc4391a97aded5d77851ed7a8ed4046e82ab6cf91cb476c0030ae7c6"),
        (large.clone(), options(Size::Fixed(200 << 20)), "2a4c161d4af482fc0083464d6fa1919dfceed6cc7a5a453cdf6fa8dfb68594d9"),
        (large.clone(), read_only, "a0c39f48152906f48ea2919bc8ab4eccf777db90abf78a092195884213e7a541"),
        (large, compat, "8609dc8bcc9cd84004ec5d7ccc039fa338814d65a9c5f7c35bb7c74fada01356"),
    ];
    let found: Vec<String> = cases.iter().map(|(tree, options, _)| digest(&judge(tree, options).image)).collect();
    assert_eq!(found, cases.map(|(_, _, expected)| expected));
}

#[test]
fn twice_is_the_same() {
    let mut tree = everything();
    crowd(&mut tree, "crowd", 5000, 20);
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let many_threads = rayon::ThreadPoolBuilder::new().num_threads(7).build().unwrap();
    let images = [&one_thread, &many_threads].map(|pool| pool.install(|| write(&tree, &Ext4Options::default())));
    assert_eq!(digest(&images[0].image), digest(&images[1].image));
}

#[test]
fn identifiers_follow_the_tree_and_the_options() {
    let plan = |tree: &_, options: &Ext4Options| rootfs_image::Ext4Layout::plan(tree, options).unwrap().uuid();
    let usual = plan(&everything(), &Ext4Options::default());
    assert_eq!((usual[6] >> 4, usual[8] >> 6), (8, 2));
    let mut others = vec![
        plan(&empty(), &Ext4Options::default()),
        plan(&everything(), &Ext4Options { label: b"x".to_vec(), ..Ext4Options::default() }),
        plan(&everything(), &Ext4Options { size: Size::Free(1), ..Ext4Options::default() }),
        plan(&everything(), &Ext4Options { journal: Journal::None, ..Ext4Options::default() }),
        plan(&everything(), &Ext4Options { profile: Profile::Compat, ..Ext4Options::default() }),
        plan(&everything(), &Ext4Options { block_size: BlockSize::K1, ..Ext4Options::default() }),
    ];
    let mut changed = everything();
    changed.node_mut(rootfs_tree::Tree::ROOT).metadata.gid = 1;
    others.push(plan(&changed, &Ext4Options::default()));
    others.push(usual);
    others.sort_unstable();
    others.dedup();
    assert_eq!(others.len(), 8);
    assert_eq!(plan(&empty(), &Ext4Options { uuid: Some([9; 16]), ..Ext4Options::default() }), [9; 16]);
}

pub(crate) fn digest(path: &std::path::Path) -> String {
    let digest: [u8; 32] = Sha256::digest(fs_err::read(path).unwrap()).into();
    rootfs_tree::Digest(digest).to_string()
}
