//! Attributes outside of inodes: blocks that several share, and values with inodes of their own.

use std::os::unix::fs::FileExt;
use std::path::Path;

use rootfs_image::{BlockSize, Ext4Layout, Ext4Options, Profile, Size};
use rootfs_tree::{Kind, NodeId, Tree};

use crate::forest::{add, empty, with_xattrs};
use crate::judge::{Mounted, assert_clean, assert_kernel_sees, debugfs, judge, path, run, superblock_field};

/// Files that all have these attributes.
fn alike(count: usize, attributes: &[(&str, usize)]) -> Tree {
    let mut tree = empty();
    for index in 0..count {
        let id = add(&mut tree, Tree::ROOT, format!("{index}"), Kind::inline(&b""[..]));
        tree.node_mut(id).metadata.xattrs = Some(with_xattrs(attributes));
    }
    tree
}

fn first(tree: &Tree) -> NodeId {
    tree.child(Tree::ROOT, b"0").unwrap()
}

fn number(image: &Path, name: &str, after: &str) -> u64 {
    let said = debugfs(image, &format!("stat {name}"));
    said.split(after).nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn a_block_is_shared_by_1024_at_most() {
    let options = Ext4Options { profile: Profile::ReadOnly, ..Ext4Options::default() };
    for (count, blocks) in [(1, 1), (2, 1), (1024, 1), (1025, 2), (2049, 3)] {
        let bare = Ext4Layout::plan(&alike(count, &[]), &options).unwrap();
        let tree = alike(count, &[("trusted.a", 200)]);
        let judged = judge(&tree, &options);
        assert_eq!(judged.layout.size() - bare.size(), blocks * 4096, "{count}");
        assert_kernel_sees(&judged, &tree);
    }
}

#[test]
fn only_the_same_is_shared() {
    let mut tree = alike(4, &[("trusted.a", 200)]);
    let id = first(&tree);
    tree.node_mut(id).metadata.xattrs.as_mut().unwrap().insert(b"trusted.a"[..].into(), vec![b'w'; 200].into());
    let judged = judge(&tree, &Ext4Options::default());
    let block = |name| number(&judged.image, name, "File ACL: ");
    assert_ne!(block("0"), block("1"));
    assert_eq!((block("1"), block("1")), (block("2"), block("3")));
    assert_kernel_sees(&judged, &tree);
}

#[test]
fn values_that_fit_nowhere_have_inodes() {
    for block_size in BlockSize::ALL {
        let block = block_size.bytes() as usize;
        for (length, has_inode) in
            [(block - 57, false), (block - 56, false), (block - 55, true), (block, true), (20_000, true), (65_536, true)]
        {
            let tree = alike(3, &[("trusted.a", length)]);
            let judged = judge(&tree, &Ext4Options { block_size, ..Ext4Options::default() });
            let features = superblock_field(&judged.image, "Filesystem features");
            assert_eq!(features.contains("ea_inode"), has_inode, "{block_size:?} {length}");
            assert_eq!(judged.layout.has_value_inodes(), has_inode);
            // One for all three.
            assert_eq!(judged.layout.inodes(), 11 + 3 + u32::from(has_inode));
            assert_kernel_sees(&judged, &tree);
        }
    }
}

#[test]
fn values_in_shared_blocks_and_in_several() {
    // More users than a block can have, and several entries of one block with the same value.
    let attributes: Vec<(String, usize)> = (0..12).map(|index| (format!("trusted.{index:0200}"), 3000 + index / 4)).collect();
    let attributes: Vec<(&str, usize)> = attributes.iter().map(|(name, length)| (name.as_str(), *length)).collect();
    let mut tree = alike(1030, &attributes);
    let id = first(&tree);
    tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&[("trusted.b", 3000), ("trusted.c", 5000), ("trusted.d", 3001)]));
    for profile in [Profile::Default, Profile::ReadOnly] {
        let judged = judge(&tree, &Ext4Options { profile, ..Ext4Options::default() });
        assert_kernel_sees(&judged, &tree);
    }
}

#[test]
fn links_of_every_length_have_large_values() {
    let mut tree = empty();
    for length in [1, 4, 5, 59, 60, 200] {
        let link = add(&mut tree, Tree::ROOT, format!("{length}"), Kind::Symlink(vec![b't'; length].into()));
        tree.node_mut(link).metadata.xattrs = Some(with_xattrs(&[("trusted.a", 5000), ("security.b", length)]));
    }
    let device = add(&mut tree, Tree::ROOT, "device", Kind::CharDevice { major: 1, minor: 3 });
    tree.node_mut(device).metadata.xattrs = Some(with_xattrs(&[("trusted.a", 5000)]));
    let directory = add(&mut tree, Tree::ROOT, "directory", Kind::directory());
    tree.node_mut(directory).metadata.xattrs = Some(with_xattrs(&[("trusted.a", 5000)]));
    assert_kernel_sees(&judge(&tree, &Ext4Options::default()), &tree);
}

#[test]
fn what_is_shared_can_be_changed_and_removed() {
    let tree = alike(20, &[("trusted.a", 200), ("trusted.b", 9000), ("trusted.c", 500)]);
    let judged = judge(&tree, &Ext4Options { size: Size::Free(8 << 20), ..Ext4Options::default() });
    let mounted = Mounted::new(&judged.image, "rw");
    for index in 0..10 {
        fs_err::remove_file(mounted.path(&format!("{index}"))).unwrap();
    }
    for (name, value) in [("trusted.a", &b"new"[..]), ("trusted.b", &[b'w'; 8000]), ("trusted.c", &[b'v'; 500])] {
        rustix::fs::setxattr(mounted.path("11"), name, value, rustix::fs::XattrFlags::empty()).unwrap();
    }
    mounted.unmount();
    assert_clean(&judged.image);
    let mounted = Mounted::new(&judged.image, "ro");
    let mut value = vec![0; 10_000];
    let mut read = |name: &str, attribute: &str| {
        let length = rustix::fs::getxattr(mounted.path(name), attribute, &mut value[..]).unwrap();
        value[..length].to_vec()
    };
    assert_eq!((read("11", "trusted.b"), read("12", "trusted.b")), (vec![b'w'; 8000], vec![b'v'; 9000]));
    mounted.unmount();
}

#[test]
fn wrong_counts_and_values_are_found() {
    let tree = alike(3, &[("trusted.a", 200), ("trusted.b", 9000)]);
    let compat = Ext4Options { profile: Profile::Compat, ..Ext4Options::default() };
    let damage = |image: &Path, offset: u64| {
        let file = fs_err::OpenOptions::new().read(true).write(true).open(image).unwrap();
        let mut byte = [0];
        file.file().read_exact_at(&mut byte, offset).unwrap();
        file.file().write_all_at(&[byte[0] ^ 1], offset).unwrap();
        run("e2fsck", &["-fn", path(image)]).status.code()
    };
    // The value, which its hash no longer fits: only the kernel looks.
    let judged = judge(&tree, &Ext4Options::default());
    let said = debugfs(&judged.image, "blocks <15>");
    let block: u64 = said.split_whitespace().next().unwrap().parse().unwrap();
    damage(&judged.image, block * 4096);
    let mounted = Mounted::new(&judged.image, "ro");
    assert!(rustix::fs::getxattr(mounted.path("0"), "trusted.b", &mut vec![0; 10_000][..]).is_err());
    mounted.unmount();
    // The count of a block's users, where no checksum gives it away.
    let judged = judge(&alike(3, &[("trusted.a", 200)]), &compat);
    let block = number(&judged.image, "0", "File ACL: ");
    assert_eq!(damage(&judged.image, block * 4096 + 4), Some(4));
}
