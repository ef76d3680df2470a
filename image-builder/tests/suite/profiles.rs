//! Every profile with every block size.

use rootfs_image::{BlockSize, Ext4Error, Ext4Layout, Ext4Options, Profile, Size};
use rootfs_tree::{Kind, Tree};

use crate::forest::{add, add_host_file, crowd, empty, everything, with_xattrs};
use crate::judge::{Mounted, assert_clean, assert_kernel_sees, debugfs, judge, path, run, run_well, superblock_field};

/// All combinations.
fn forms() -> impl Iterator<Item = Ext4Options> {
    [Profile::Default, Profile::ReadOnly, Profile::Compat]
        .into_iter()
        .flat_map(|profile| BlockSize::ALL.into_iter().map(move |block_size| Ext4Options { profile, block_size, ..Ext4Options::default() }))
}

fn resizable() -> impl Iterator<Item = Ext4Options> {
    forms().filter(|options| options.profile != Profile::ReadOnly)
}

/// With directories of one level and of two where blocks are small, and some content.
fn busy() -> Tree {
    let mut tree = everything();
    crowd(&mut tree, "few", 300, 20);
    crowd(&mut tree, "crowd", 6000, 60);
    add(&mut tree, Tree::ROOT, "dense", Kind::inline(vec![1; 20 << 20]));
    for length in [1, 59, 60, 1022, 1023] {
        add(&mut tree, Tree::ROOT, format!("link {length}"), Kind::Symlink(vec![b't'; length].into()));
    }
    for length in [0, 1, 1023, 1024, 1025, 2047, 2048, 2049, 4096, 12_288, 12_289, 300_000] {
        let file = add(&mut tree, Tree::ROOT, format!("file {length}"), Kind::inline(vec![b'f'; length]));
        tree.node_mut(file).metadata.xattrs = Some(with_xattrs(&[("trusted.a", length % 900), ("security.b", 30)]));
    }
    tree
}

/// In `compat` of 1 KiB no block holds what one file of [`everything`] has.
fn shortened(mut tree: Tree, options: &Ext4Options) -> Tree {
    if options.profile == Profile::Compat && options.block_size != BlockSize::K4 {
        let directory = tree.child(Tree::ROOT, b"tmp\xff\x01\n").unwrap();
        let odd = tree.child(directory, b"odd").unwrap();
        tree.node_mut(odd).metadata.xattrs = Some(with_xattrs(&[("user.b", 900)]));
    }
    tree
}

#[test]
fn all_are_read_as_they_were_meant() {
    for options in forms() {
        let tree = shortened(busy(), &options);
        assert_kernel_sees(&judge(&tree, &options), &tree);
    }
}

#[test]
fn all_can_be_written_to() {
    for options in forms() {
        let tree = shortened(busy(), &options);
        let judged = judge(&tree, &Ext4Options { size: Size::Free(24 << 20), ..options });
        let mounted = Mounted::new(&judged.image, "rw");
        for index in 0..400 {
            fs_err::write(mounted.path(&format!("crowd/new {index}")), vec![7; index * 30]).unwrap();
        }
        for index in 0..3000 {
            fs_err::remove_file(mounted.path(&format!("crowd/{index:060}"))).unwrap();
        }
        fs_err::rename(mounted.path("few"), mounted.path("bin/few")).unwrap();
        fs_err::remove_file(mounted.path("file 1025")).unwrap();
        fs_err::write(mounted.path("dense"), b"short").unwrap();
        mounted.unmount();
        assert_clean(&judged.image);
        let mounted = Mounted::new(&judged.image, "ro");
        assert_eq!(fs_err::read(mounted.path("crowd/new 399")).unwrap(), vec![7; 399 * 30]);
        mounted.unmount();
    }
}

#[test]
fn the_smallest_is_exact_and_fits_when_asked_for() {
    for options in forms() {
        let tree = shortened(everything(), &options);
        let smallest = Ext4Layout::plan(&tree, &options).unwrap();
        assert_eq!(smallest.free(), 0);
        let fixed = |size| Ext4Layout::plan(&tree, &Ext4Options { size: Size::Fixed(size), ..options.clone() });
        let needed = smallest.size();
        assert!(matches!(fixed(needed - 1), Err(Ext4Error::TooSmall { needed: told, .. }) if told == needed));
        assert_eq!(fixed(needed).unwrap().size(), needed);
    }
}

#[test]
fn a_read_only_one_is_the_smallest() {
    let tree = busy();
    let size = |profile| Ext4Layout::plan(&tree, &Ext4Options { profile, ..Ext4Options::default() }).unwrap().size();
    // The journal, and an eighth of each directory.
    assert!(size(Profile::ReadOnly) + (4 << 20) < size(Profile::Default));
}

#[test]
fn they_grow_tenfold_and_shrink_when_not_mounted() {
    for options in resizable() {
        let tree = shortened(everything(), &options);
        let judged = judge(&tree, &Ext4Options { size: Size::Fixed(100 << 20), ..options.clone() });
        let blocks_at_first = superblock_field(&judged.image, "Block count");
        fs_err::OpenOptions::new().write(true).open(&judged.image).unwrap().set_len(1000 << 20).unwrap();
        run_well("resize2fs", &[path(&judged.image)]);
        assert_clean(&judged.image);
        assert_kernel_sees(&judged, &tree);
        run_well("resize2fs", &[path(&judged.image), &blocks_at_first]);
        assert_clean(&judged.image);
        assert_kernel_sees(&judged, &tree);
    }
}

#[test]
fn growth_uses_the_reserved_blocks_and_moves_nothing() {
    for block_size in BlockSize::ALL {
        let options = Ext4Options { block_size, size: Size::Fixed(60 << 20), ..Ext4Options::default() };
        let judged = judge(&everything(), &options);
        let place = |image| debugfs(image, "blocks bin/tool");
        let (reserved, before) = (superblock_field(&judged.image, "Reserved GDT blocks"), place(&judged.image));
        fs_err::OpenOptions::new().write(true).open(&judged.image).unwrap().set_len(12 << 30).unwrap();
        run_well("resize2fs", &[path(&judged.image)]);
        assert_clean(&judged.image);
        let left: u32 = superblock_field(&judged.image, "Reserved GDT blocks").parse().unwrap();
        assert!(left < reserved.parse().unwrap(), "{left} of {reserved}");
        assert_eq!(place(&judged.image), before);
    }
}

#[test]
fn a_damaged_list_of_reserved_blocks_is_found() {
    use std::os::unix::fs::FileExt;
    let judged = judge(&everything(), &Ext4Options { size: Size::Fixed(300 << 20), ..Ext4Options::default() });
    let said = debugfs(&judged.image, "stat <7>");
    let list: u64 = said.split("(DIND):").nth(1).unwrap().split([',', ' ', '\n']).next().unwrap().parse().unwrap();
    let file = fs_err::OpenOptions::new().read(true).write(true).open(&judged.image).unwrap();
    // The first address follows that of the one block of descriptors.
    let mut word = [0; 4];
    file.file().read_exact_at(&mut word, list * 4096 + 4).unwrap();
    file.file().write_all_at(&[word[0] ^ 1], list * 4096 + 4).unwrap();
    // It asks, but its exit status says nothing of it.
    let said = run("e2fsck", &["-fn", path(&judged.image)]).stdout;
    assert!(String::from_utf8_lossy(&said).contains("Resize inode not valid.  Recreate? no"));
    assert!(std::panic::catch_unwind(|| assert_clean(&judged.image)).is_err());
}

#[test]
fn backups_are_good_enough_to_start_from() {
    // From a backup e2fsck believes no group to be without bitmaps, so all must be in use.
    let mut tree = busy();
    add(&mut tree, Tree::ROOT, "more", Kind::inline(vec![1; 30 << 20]));
    for options in forms().filter(|options| options.block_size != BlockSize::K4) {
        let tree = shortened(tree.clone(), &options);
        let judged = judge(&tree, &options);
        let block_size = options.block_size.bytes();
        let backup = 8 * block_size + u32::from(block_size == 1024);
        run_well("e2fsck", &["-fn", "-b", &backup.to_string(), "-B", &block_size.to_string(), path(&judged.image)]);
    }
}

#[test]
fn sizes_around_groups_and_blocks_of_descriptors() {
    let tree = everything();
    for (block_size, groups) in [(BlockSize::K1, [1_u64, 3, 16, 17, 32]), (BlockSize::K2, [1, 3, 16, 32, 33])] {
        let bytes = u64::from(block_size.bytes());
        for blocks in groups.into_iter().flat_map(|group| [-1, 0, 1, 2, 300].map(|more| (group * 8 * bytes).strict_add_signed(more))) {
            let judged = judge(&tree, &Ext4Options { block_size, size: Size::Fixed(blocks * bytes), ..Ext4Options::default() });
            // What is too little for a group's own blocks is left.
            assert!(judged.layout.size() > (blocks - 400) * bytes, "{block_size:?} {blocks}");
        }
    }
}

#[test]
fn extent_trees_of_small_blocks() {
    use std::os::unix::fs::FileExt;
    let host = tempfile::tempdir().unwrap();
    let mut tree = empty();
    // 84 entries a block; 4 in the inode.
    for extents in [4_u64, 5, 84, 85, 336, 337, 1000, 28_224, 28_225] {
        let name = format!("{extents}");
        let file = fs_err::File::create(host.path().join(&name)).unwrap();
        // The host's holes have its own block size.
        let content: Vec<u8> = (0..extents).flat_map(|_| [[0; 1024], [1; 1024]]).flatten().collect();
        file.file().write_all_at(&content, 0).unwrap();
        add_host_file(&mut tree, &name, host.path(), &name);
    }
    let options = Ext4Options { block_size: BlockSize::K1, holes: rootfs_image::Holes::Zeros, ..Ext4Options::default() };
    let judged = judge(&tree, &options);
    for (extents, depth) in [(4, "0/ 0"), (5, "1/ 1"), (336, "1/ 1"), (337, "2/ 2"), (28_224, "2/ 2"), (28_225, "3/ 3")] {
        let said = debugfs(&judged.image, &format!("extents {extents}"));
        assert!(said.contains(&format!(" {depth}")), "{extents}: {}", &said[..500]);
    }
    assert_kernel_sees(&judged, &tree);
}

#[test]
fn hash_trees_of_small_blocks() {
    for (count, levels) in [(3 * 123, "Indirect levels: 0"), (3 * 123 + 1, "Indirect levels: 1"), (40_000, "Indirect levels: 1")] {
        let mut tree = empty();
        crowd(&mut tree, "crowd", count, 255);
        let judged = judge(&tree, &Ext4Options { block_size: BlockSize::K1, ..Ext4Options::default() });
        assert!(debugfs(&judged.image, "htree_dump crowd").contains(levels), "{count}");
        assert_kernel_sees(&judged, &tree);
    }
}
