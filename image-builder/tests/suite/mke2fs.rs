//! What mke2fs gives a filesystem of the same size and features.

use std::collections::BTreeSet;
use std::path::Path;

use rootfs_image::{BlockSize, Ext4Options, Journal, Profile, Size};

use crate::forest::empty;
use crate::judge::{judge, path, run_well};

/// Every size from small to large at which something of the table of groups changes, in blocks.
const BLOCKS: [u64; 6] = [8000, 16_385, 40_000, 300_000, 1_048_576, 4_194_305];

/// What is compared, as dumpe2fs calls it.
const FIELDS: [&str; 10] = [
    "Filesystem features",
    "Block count",
    "First block",
    "Block size",
    "Reserved GDT blocks",
    "Group descriptor size",
    "Blocks per group",
    "Flex block group size",
    "Total journal blocks",
    "Checksum type",
];

fn features(profile: Profile) -> &'static str {
    match profile {
        Profile::Default => {
            "has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,\
             extra_isize,metadata_csum"
        }
        Profile::ReadOnly => {
            "ext_attr,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum"
        }
        Profile::Compat => {
            "has_journal,ext_attr,resize_inode,dir_index,filetype,extent,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize"
        }
    }
}

/// The fields of [`FIELDS`] that there are; features in alphabetical order.
fn fields(image: &Path) -> Vec<(&'static str, BTreeSet<String>)> {
    let said = run_well("dumpe2fs", &["-h", path(image)]);
    let field = |name: &&'static str| {
        let value = said.lines().find_map(|line| line.strip_prefix(*name)?.strip_prefix(':'))?;
        Some((*name, value.split_whitespace().map(str::to_owned).collect()))
    };
    FIELDS.iter().filter_map(field).collect()
}

fn options(profile: Profile, block_size: BlockSize, blocks: u64) -> Ext4Options {
    let size = Size::Fixed(blocks * u64::from(block_size.bytes()));
    // A small journal makes way for the tree; a given one doesn't.
    let journal = if profile == Profile::ReadOnly { Journal::Auto } else { Journal::Blocks(1024) };
    Ext4Options { profile, block_size, size, journal, ..Ext4Options::default() }
}

fn mke2fs(directory: &Path, profile: Profile, block_size: BlockSize, blocks: u64) -> std::path::PathBuf {
    let reference = directory.join("reference");
    let megabytes = u64::from(block_size.bytes()) >> 10;
    let features = format!("none,{}", features(profile));
    let block_size = block_size.bytes().to_string();
    let usual = ["-q", "-F", "-t", "ext4", "-I", "256", "-E", "nodiscard,lazy_itable_init=1", "-b", &block_size, "-O", &features];
    let journal = format!("size={megabytes}");
    let journal: &[&str] = if profile == Profile::ReadOnly { &[] } else { &["-J", &journal] };
    run_well("mke2fs", &[&usual[..], journal, &[path(&reference), &blocks.to_string()]].concat());
    reference
}

#[test]
fn tables_and_features_are_the_same() {
    for profile in [Profile::Default, Profile::ReadOnly, Profile::Compat] {
        for block_size in BlockSize::ALL {
            for blocks in BLOCKS {
                // Inode tables that are not initialised later are written at once.
                if profile == Profile::Compat && blocks > 300_000 {
                    continue;
                }
                let judged = judge(&empty(), &options(profile, block_size, blocks));
                let reference = mke2fs(judged.directory.path(), profile, block_size, blocks);
                assert_eq!(fields(&judged.image), fields(&reference), "{profile:?} {block_size:?} {blocks}");
            }
        }
    }
}

#[test]
fn another_size_is_told_apart() {
    let judged = judge(&empty(), &options(Profile::Default, BlockSize::K4, 40_000));
    let reference = mke2fs(judged.directory.path(), Profile::Default, BlockSize::K4, 300_000);
    let (ours, theirs) = (fields(&judged.image), fields(&reference));
    let differ: Vec<&str> = ours.iter().zip(&theirs).filter(|(our, their)| our != their).map(|(our, _)| our.0).collect();
    assert_eq!(differ, ["Block count", "Reserved GDT blocks"]);
}
