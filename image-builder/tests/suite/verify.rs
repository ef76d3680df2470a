//! Our reader of ext4 against e2fsck, on images of ours and of mke2fs. That it finds nothing wrong with ours every other test sees too.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rootfs_image::{BlockSize, Ext4Image, Ext4Options, Ext4ReadError, FileSource, Journal, Profile, Size};
use rootfs_tree::{Kind, Tree};

use crate::forest::{add, crowd, empty, with_xattrs};
use crate::judge::{judge, path, refuses, run, run_well, superblock_field, verify};
use crate::random::is_full;

/// Files of zeros alone, so that what is not zero in an image is metadata: directories of every shape, attributes in blocks, links, devices.
fn forest() -> Tree {
    let mut tree = empty();
    crowd(&mut tree, "crowd", 1500, 30);
    let below = add(&mut tree, Tree::ROOT, "below", Kind::directory());
    let deep = add(&mut tree, below, "deep", Kind::directory());
    for (index, sizes) in [&[("user.a", 700)][..], &[("user.a", 700)], &[("user.b", 20)]].into_iter().enumerate() {
        let id = add(&mut tree, deep, format!("attributes {index}"), Kind::inline(vec![0; 70_000]));
        tree.node_mut(id).metadata.xattrs = Some(with_xattrs(sizes));
        tree.insert(Tree::ROOT, format!("other name {index}").as_bytes(), id).unwrap();
    }
    add(&mut tree, below, "short", Kind::Symlink(b"deep"[..].into()));
    add(&mut tree, below, "long", Kind::Symlink(vec![b'x'; 300].into()));
    add(&mut tree, below, "null", Kind::CharDevice { major: 1, minor: 3 });
    add(&mut tree, below, "pipe", Kind::Fifo);
    tree
}

fn mke2fs(at: &Path, features: &str, block_size: u32) -> PathBuf {
    let (root, image) = (at.join("root"), at.join("mke2fs"));
    if !root.exists() {
        forest().materialise(&root).unwrap();
    }
    let _none = fs_err::remove_file(&image);
    let block_size = block_size.to_string();
    run_well("mke2fs", &["-q", "-F", "-t", "ext4", "-b", &block_size, "-O", features, "-d", path(&root), path(&image), "40M"]);
    image
}

#[test]
fn images_of_every_form_are_clean_and_counted_as_e2fsck_counts() {
    for profile in [Profile::Default, Profile::ReadOnly, Profile::Compat] {
        for block_size in BlockSize::ALL {
            let judged = judge(&forest(), &Ext4Options { profile, block_size, size: Size::Free(30 << 20), ..Ext4Options::default() });
            let report = verify(&judged.image).unwrap();
            assert!(report.is_clean() && report.unchecked.is_empty(), "{report:?}");
            let said = run_well("e2fsck", &["-fn", path(&judged.image)]);
            // Theirs count the inodes that are reserved, and the block before the first.
            let first = u64::from(block_size == BlockSize::K1);
            let blocks = judged.layout.size() / u64::from(block_size.bytes());
            let inodes = format!(": {}/{} files", report.inodes + 9, judged.layout.inode_capacity());
            let blocks = format!(", {}/{blocks} blocks", report.blocks + first);
            assert!(said.contains(&inodes) && said.contains(&blocks), "{said}\n{inodes}{blocks}");
        }
    }
}

#[test]
fn images_of_mke2fs_are_clean() {
    let directory = tempfile::tempdir().unwrap();
    for features in [
        "ext_attr",
        "^64bit",
        "^metadata_csum",
        "^metadata_csum,^64bit,uninit_bg",
        "^metadata_csum,64bit,uninit_bg",
        "^extent,^64bit,^metadata_csum",
        "metadata_csum_seed",
        "^resize_inode",
        "^flex_bg",
        "^has_journal",
        "ea_inode",
        "large_dir",
        "^dir_index",
        "^sparse_super,^resize_inode",
        "^huge_file",
        "^filetype",
        "orphan_file",
    ] {
        // In the quick run one block size each.
        for block_size in [1024, 4096].into_iter().filter(|size| is_full() || (features.len() % 2 == 0) == (*size == 1024)) {
            let report = verify(&mke2fs(directory.path(), features, block_size)).unwrap();
            assert!(report.is_clean(), "{features} {block_size}: {report:?}");
            assert_eq!(report.unchecked.is_empty(), features != "orphan_file");
        }
    }
}

/// Numbers without a pattern, always the same.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % below
    }
}

/// A place in a block that isn't all zeros, more often a byte that isn't zero itself.
fn place(bytes: &[u8], blocks: &[usize], block_size: usize, numbers: &mut Numbers) -> usize {
    loop {
        let at = blocks[numbers.next(blocks.len())] * block_size + numbers.next(block_size);
        if bytes[at] != 0 || numbers.next(3) == 0 {
            return at;
        }
    }
}

/// Wrong bits one by one: what e2fsck refuses we refuse too. Gives how many it refused.
fn compare_verdicts(image: &Path, block_size: usize, count: usize) -> usize {
    let bytes = fs_err::read(image).unwrap();
    let blocks: Vec<usize> =
        bytes.chunks(block_size).enumerate().filter(|(_, block)| block.iter().any(|byte| *byte != 0)).map(|(index, _)| index).collect();
    let file = fs_err::OpenOptions::new().write(true).open(image).unwrap();
    let mut numbers = Numbers(block_size as u64);
    let mut refused = 0;
    for _ in 0..count {
        let at = place(&bytes, &blocks, block_size, &mut numbers);
        let flipped = bytes[at] ^ 1 << numbers.next(8);
        file.file().write_all_at(&[flipped], at as u64).unwrap();
        let theirs = run("e2fsck", &["-fn", path(image)]);
        if !theirs.status.success() {
            refused += 1;
            assert!(refuses(image), "byte {at:#x}: {:#x} to {flipped:#x}\n{}", bytes[at], String::from_utf8_lossy(&theirs.stdout));
        }
        file.file().write_all_at(&[bytes[at]], at as u64).unwrap();
    }
    refused
}

#[test]
fn what_e2fsck_refuses_is_refused() {
    let count = if is_full() { 500 } else { 40 };
    let options = |profile, block_size| Ext4Options { profile, block_size, size: Size::Free(20 << 20), ..Ext4Options::default() };
    let mut refused = Vec::new();
    for (profile, block_size) in [(Profile::Default, BlockSize::K4), (Profile::Default, BlockSize::K1), (Profile::Compat, BlockSize::K1)] {
        let judged = judge(&forest(), &options(profile, block_size));
        refused.push(compare_verdicts(&judged.image, block_size.bytes() as usize, count));
    }
    let directory = tempfile::tempdir().unwrap();
    for (features, block_size) in [("ext_attr", 1024), ("^metadata_csum", 2048), ("^metadata_csum,^extent,^64bit", 1024)] {
        refused.push(compare_verdicts(&mke2fs(directory.path(), features, block_size), block_size as usize, count));
    }
    // With checksums nearly every bit counts.
    assert!([refused[0], refused[1], refused[3]].iter().all(|refused| refused * 10 > count * 8), "{refused:?}");
}

#[test]
fn facts_are_those_of_dumpe2fs() {
    let label = b"a label".to_vec();
    let judged = judge(&forest(), &Ext4Options { label, journal: Journal::Blocks(1024), ..Ext4Options::default() });
    let source = FileSource::open(&judged.image).unwrap();
    let facts = Ext4Image::open(&source).unwrap().inspect();
    let field = |name| superblock_field(&judged.image, name);
    assert_eq!(facts.features.join(" "), field("Filesystem features"));
    let uuid: String = facts.uuid.iter().map(|byte| format!("{byte:02x}")).collect();
    for (ours, name) in [
        (uuid, "Filesystem UUID"),
        (String::from_utf8(facts.label.clone()).unwrap(), "Filesystem volume name"),
        (facts.blocks.to_string(), "Block count"),
        (facts.free_blocks.to_string(), "Free blocks"),
        (facts.reserved_blocks.to_string(), "Reserved block count"),
        (facts.inodes.to_string(), "Inode count"),
        (facts.free_inodes.to_string(), "Free inodes"),
        (facts.block_size.to_string(), "Block size"),
        (facts.inode_size.to_string(), "Inode size"),
        (facts.journal.unwrap().to_string(), "Journal inode"),
        (facts.mounts.to_string(), "Mount count"),
    ] {
        assert_eq!(ours, field(name).replace('-', ""), "{name}");
    }
    assert_eq!((facts.is_clean, facts.is_checksum_right, facts.needs_recovery), (true, Some(true), false));
    assert_eq!((facts.made, facts.mounted), (1_700_000_000, 0));
}

#[test]
fn what_is_not_known_is_said() {
    let directory = tempfile::tempdir().unwrap();
    for (features, expected) in [
        ("inline_data", "inline_data"),
        ("bigalloc", "bigalloc"),
        ("encrypt", "encrypt"),
        ("meta_bg,^resize_inode", "meta_bg"),
        ("verity,mmp", "mmp, verity"),
        ("sparse_super2,casefold", "sparse_super2, casefold"),
    ] {
        let image = directory.path().join("image");
        run_well("mke2fs", &["-q", "-F", "-t", "ext4", "-O", features, path(&image), "40M"]);
        let error = verify(&image).unwrap_err();
        assert_eq!(error.to_string(), format!("a filesystem with {expected} can't be verified"));
        fs_err::remove_file(&image).unwrap();
    }
    assert!(matches!(verify(Path::new("/dev/null")), Err(Ext4ReadError::NotExt4)));
    let judged = judge(&empty(), &Ext4Options::default());
    let bytes = fs_err::read(&judged.image).unwrap();
    let cut = &bytes[..bytes.len() - 1];
    let image = Ext4Image::open(&cut).unwrap();
    assert_eq!(image.inspect().blocks * 4096, bytes.len() as u64);
    assert!(matches!(image.verify(), Err(Ext4ReadError::Cut { .. })));
}

#[test]
fn what_the_search_for_harm_begins_with_is_sound() {
    let seeds = crate::fuzz_seeds::seeds();
    assert_eq!(seeds.len(), 2);
    for (name, bytes) in seeds {
        let report = Ext4Image::open(&bytes.as_slice()).unwrap().verify().unwrap();
        assert!(report.is_clean() && report.inodes == 11, "{name}: {report:?}");
    }
}

#[test]
fn hostile_images_do_no_harm() {
    let mut tree = empty();
    crowd(&mut tree, "crowd", 100, 30);
    let id = add(&mut tree, Tree::ROOT, "attributes", Kind::inline(vec![1; 5000]));
    tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&[("user.a", 500), ("user.b", 9)]));
    let count = if is_full() { 100_000 } else { 4000 };
    // Without checksums, so that damage reaches what is behind them.
    for block_size in [BlockSize::K1, BlockSize::K4] {
        let journal = Journal::None;
        let options = Ext4Options { profile: Profile::Compat, block_size, size: Size::Minimal, journal, ..Ext4Options::default() };
        let sound = fs_err::read(judge(&tree, &options).image).unwrap();
        let size = block_size.bytes() as usize;
        let blocks: Vec<usize> =
            sound.chunks(size).enumerate().filter(|(_, block)| block.iter().any(|byte| *byte != 0)).map(|(index, _)| index).collect();
        let mut numbers = Numbers(1);
        let mut verified = 0;
        for _ in 0..count {
            let mut bytes = sound.clone();
            for _ in 0..=numbers.next(6) {
                let at = place(&sound, &blocks, size, &mut numbers);
                bytes[at] = [0, 1, 0x7F, 0x80, 0xFF, numbers.next(256).to_le_bytes()[0]][numbers.next(6)];
            }
            let bytes: &[u8] = &bytes;
            if let Ok(image) = Ext4Image::open(&bytes) {
                assert!(image.inspect().block_size >= 1024);
                if let Ok(report) = image.verify() {
                    verified += 1;
                    assert!(report.problems.len() <= 100);
                }
            }
        }
        assert!(verified > count / 2, "{verified}");
    }
}

#[test]
fn problems_are_told_with_paths() {
    let judged = judge(&forest(), &Ext4Options { profile: Profile::Compat, ..Ext4Options::default() });
    for request in ["set_inode_field /below/short links_count 7", "clri /below/pipe", "unlink /below/long"] {
        run_well("debugfs", &["-w", "-R", request, path(&judged.image)]);
    }
    let report = verify(&judged.image).unwrap();
    let told: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    for (begin, end) in [
        ("`/below/short` (inode ", ": the number of its names should be 1 and is said to be 7"),
        ("`/below` (inode ", ": the name `pipe` is of an inode that isn't in use"),
        ("inode ", ": no name leads to it"),
        ("inode bitmap of group 0: 1 free inodes are marked as in use, the first is ", ""),
    ] {
        assert!(told.iter().any(|problem| problem.starts_with(begin) && problem.ends_with(end)), "{begin}{end}: {told:#?}");
    }
}

#[test]
fn problems_are_counted_beyond_the_first_hundred() {
    let judged = judge(&forest(), &Ext4Options { profile: Profile::Compat, ..Ext4Options::default() });
    run_well("debugfs", &["-w", "-R", "clri /crowd", path(&judged.image)]);
    let report = verify(&judged.image).unwrap();
    assert_eq!(report.problems.len(), 100);
    assert!(report.more_problems > 1400);
}
