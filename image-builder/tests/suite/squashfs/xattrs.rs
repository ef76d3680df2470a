//! Extended attributes.

use rootfs_image::{OtherXattrs, SquashfsOptions};
use rootfs_tree::{Kind, Tree, Xattrs};

use super::judge::{COMPRESSIONS, assert_kernel_sees, everything, judge, noise, quick, with, write};
use crate::forest::{add, empty, with_xattrs};

#[test]
fn the_same_attributes_are_one_set() {
    let mut tree = empty();
    for index in 0..2000 {
        let id = add(&mut tree, Tree::ROOT, format!("{index}"), Kind::inline(&b"x"[..]));
        tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&[("user.a", index % 3), ("security.d", 20)]));
    }
    let judged = judge(&tree, &quick());
    assert_eq!(judged.squashfs.xattr_sets, 3);
}

#[test]
fn a_long_value_is_stored_once() {
    let long = noise(60_000, 9);
    let tree = |count: u64| {
        let mut tree = empty();
        for index in 0..count {
            let id = add(&mut tree, Tree::ROOT, format!("{index}"), Kind::inline(&b"x"[..]));
            let own = noise(usize::try_from(index).unwrap() * 40, index);
            let values = [("trusted.own", own), ("user.long", long.clone()), ("user.short", b"again".to_vec())];
            let xattrs: Xattrs = values.map(|(name, value)| (name.as_bytes().into(), value.into())).into();
            tree.node_mut(id).metadata.xattrs = Some(Box::new(xattrs));
        }
        tree
    };
    for compression in &COMPRESSIONS[3..5] {
        // The filesystem that unsquashfs would write to has no room for as many.
        let judged = write(&tree(30), &with(*compression));
        assert_kernel_sees(&judged, &tree(30));
        assert!(judged.squashfs.bytes_used < 90_000, "{}", judged.squashfs.bytes_used);
    }
}

#[test]
fn as_long_and_as_many_as_there_can_be() {
    let mut tree = empty();
    let id = add(&mut tree, Tree::ROOT, "file", Kind::inline(&b"x"[..]));
    let name = format!("user.{}", "n".repeat(250));
    let mut xattrs = with_xattrs(&[(&name, 65_536), ("trusted.empty", 0)]);
    for index in 0..1500 {
        xattrs.insert(format!("security.{index}").into_bytes().into(), vec![7; index % 300].into());
    }
    tree.node_mut(id).metadata.xattrs = Some(xattrs);
    assert_kernel_sees(&write(&tree, &quick()), &tree);
}

#[test]
fn what_can_not_be_kept_is_left_out_only_when_that_is_asked_for() {
    let mut tree = everything();
    let id = tree.lookup(b"/bin/tool").unwrap();
    let mut without = tree.clone();
    let some = with_xattrs(&[("system.posix_acl_access", 28), ("user.kept", 3)]);
    tree.node_mut(id).metadata.xattrs = Some(some);
    without.node_mut(id).metadata.xattrs = Some(with_xattrs(&[("user.kept", 3)]));
    let judged = write(&tree, &SquashfsOptions { other_xattrs: OtherXattrs::LeaveOut, ..quick() });
    assert_kernel_sees(&judged, &without);
    let left_out: Vec<_> = judged.squashfs.left_out.iter().map(|left| (&*left.path, &*left.name)).collect();
    assert_eq!(left_out, [("/bin/tool", "system.posix_acl_access")]);
}
