//! What the kernel and resize2fs do with an image afterwards.

use std::os::unix::fs::FileExt;

use rootfs_image::{Ext4Options, Size};
use rootfs_tree::{Kind, Tree};

use crate::forest::{add, crowd, empty, everything};
use crate::judge::{Mounted, assert_clean, assert_kernel_sees, judge, path, run_well, superblock_field};

fn busy() -> Tree {
    let mut tree = everything();
    crowd(&mut tree, "crowd", 18_000, 20);
    add(&mut tree, Tree::ROOT, "dense", Kind::inline(vec![1; 140 << 20]));
    tree
}

#[test]
fn it_can_be_written_to() {
    let judged = judge(&busy(), &Ext4Options { size: Size::Free(64 << 20), ..Ext4Options::default() });
    let mounted = Mounted::new(&judged.image, "rw");
    for index in 0..3000 {
        fs_err::write(mounted.path(&format!("crowd/new {index}")), vec![7; index * 3]).unwrap();
    }
    for index in 0..9000 {
        fs_err::remove_file(mounted.path(&format!("crowd/{index:020}"))).unwrap();
    }
    fs_err::create_dir_all(mounted.path("a/b/c")).unwrap();
    fs_err::rename(mounted.path("bin/tool"), mounted.path("a/b/tool")).unwrap();
    fs_err::write(mounted.path("dense"), b"short").unwrap();
    mounted.unmount();
    assert_clean(&judged.image);
    let mounted = Mounted::new(&judged.image, "ro");
    assert_eq!(fs_err::read(mounted.path("crowd/new 2999")).unwrap(), vec![7; 2999 * 3]);
    mounted.unmount();
}

#[test]
fn a_full_one_can_be_mounted_for_writing() {
    let judged = judge(&everything(), &Ext4Options::default());
    let mounted = Mounted::new(&judged.image, "rw");
    assert!(fs_err::write(mounted.path("new"), vec![7; 100_000]).is_err());
    fs_err::remove_file(mounted.path("same tool")).unwrap();
    mounted.unmount();
    assert_clean(&judged.image);
}

#[test]
fn every_name_is_found_through_the_hash_tree() {
    let mut tree = empty();
    crowd(&mut tree, "crowd", 100_000, 60);
    let judged = judge(&tree, &Ext4Options::default());
    let mounted = Mounted::new(&judged.image, "ro");
    for index in (0..100_000).step_by(97) {
        assert!(mounted.path(&format!("crowd/{index:060}")).exists(), "{index}");
    }
    assert!(!mounted.path("crowd/missing").exists());
    mounted.unmount();
}

#[test]
fn it_grows_when_it_is_not_mounted() {
    let tree = busy();
    // 20 GiB take more descriptors than one block holds.
    for size in [1_u64 << 30, 20 << 30] {
        let judged = judge(&tree, &Ext4Options::default());
        fs_err::OpenOptions::new().write(true).open(&judged.image).unwrap().set_len(size).unwrap();
        run_well("resize2fs", &[path(&judged.image)]);
        assert_clean(&judged.image);
        assert_eq!(superblock_field(&judged.image, "Block count"), (size / 4096).to_string());
        assert_kernel_sees(&judged, &tree);
    }
}

#[test]
fn it_shrinks_when_it_is_not_mounted() {
    let tree = everything();
    let judged = judge(&tree, &Ext4Options { size: Size::Fixed(1 << 30), ..Ext4Options::default() });
    run_well("resize2fs", &["-M", path(&judged.image)]);
    assert_clean(&judged.image);
    assert_kernel_sees(&judged, &tree);
}

#[test]
fn backups_are_good_enough_to_start_from() {
    let judged = judge(&busy(), &Ext4Options::default());
    run_well("e2fsck", &["-fn", "-b", "32768", "-B", "4096", path(&judged.image)]);
}

#[test]
fn backups_are_the_primary_but_for_their_number() {
    let judged = judge(&everything(), &Ext4Options { size: Size::Fixed(4 << 30), ..Ext4Options::default() });
    let image = fs_err::File::open(&judged.image).unwrap();
    let read = |offset: u64| {
        let mut bytes = vec![0; 8192 - 1024];
        image.file().read_exact_at(&mut bytes, offset).unwrap();
        // The bytes after the superblock belong to nobody in the first block of all, and in a backup.
        (bytes[..1024].to_vec(), bytes[if offset == 1024 { 3072 } else { 4096 }..][..4096 - 1024].to_vec())
    };
    let (primary, descriptors) = read(1024);
    for group in [1_u8, 3, 5, 7, 9, 25, 27] {
        let (mut backup, copies) = read(u64::from(group) << 27);
        assert_eq!(backup[0x5A], group);
        backup[0x5A] = 0;
        assert_eq!(backup[..0x3FC], primary[..0x3FC], "{group}");
        assert_eq!(copies, descriptors, "{group}");
    }
}
