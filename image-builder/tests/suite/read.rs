//! Images back into trees: those of foreign programs as the kernel mounts them, and hostile ones. What our own writers make is read wherever the kernel
//! judges it.

mod archives;
mod disks;
mod erofs;
mod ext;
mod hostile;
mod squashfs;

use std::path::Path;

use rootfs_image::{ContainerChoice, Quiet, ReadError, ReadImage};
use rootfs_tree::Tree;

use crate::forest::{TIME, everything};
use crate::judge::Mounted;

/// Reads an image that may be none.
fn try_read(image: &Path) -> Result<Tree, ReadError> {
    let spool = tempfile::tempdir().unwrap();
    let mut tree = ReadImage::of(image, &ContainerChoice::default(), spool.path(), &Quiet)?.tree;
    tree.hash_contents()?;
    Ok(tree)
}

/// What is wrong with an image.
fn complaint(image: &Path) -> String {
    try_read(image).unwrap_err().to_string()
}

/// Whether our reader sees what the kernel does.
fn assert_as_mounted(filesystem: &str, image: &Path) -> Tree {
    let mounted = Mounted::of(filesystem, image, "ro");
    let mut expected = mounted.tree();
    if filesystem.starts_with("ext") {
        expected.remove_entry(Tree::ROOT, b"lost+found").unwrap();
    }
    let found = try_read(image).unwrap();
    let differences = rootfs_tree::diff(&expected, &found);
    assert!(differences.is_empty(), "{differences:?}");
    assert_eq!(expected.digest().unwrap(), found.digest().unwrap());
    mounted.unmount();
    found
}

/// A directory with everything that foreign programs take: access control lists, holes, hard links, long links, devices, a crowd of names.
fn forest(directory: &Path) -> std::path::PathBuf {
    let root = directory.join("forest");
    let mut tree = everything();
    let odd = tree.lookup(b"/tmp\xff\x01\n/odd").unwrap();
    tree.node_mut(odd).metadata.mtime = TIME;
    tree.node_mut(odd).metadata.xattrs = None;
    let names = tree.lookup(b"/tmp\xff\x01\n").unwrap();
    tree.node_mut(names).metadata.mtime = TIME;
    crate::forest::crowd(&mut tree, "crowd", 700, 30);
    let noise = crate::squashfs::judge::noise(3_000_000, 3);
    crate::forest::add(&mut tree, Tree::ROOT, "large", rootfs_tree::Kind::inline(noise.clone()));
    crate::forest::add(&mut tree, Tree::ROOT, "tiny", rootfs_tree::Kind::inline(&b"twenty bytes or so"[..]));
    crate::forest::add(&mut tree, Tree::ROOT, "small", rootfs_tree::Kind::inline(vec![b's'; 150]));
    // As `setfacl -m u:1234:r-x,g:77:rwx` makes it.
    let list = [(1, 7, !0), (2, 5, 1234), (4, 5, !0), (8, 7, 77), (0x10, 7, !0), (0x20, 5, !0_u32)];
    let entry = |(tag, permissions, id): &(u16, u16, u32)| [&tag.to_le_bytes()[..], &permissions.to_le_bytes(), &id.to_le_bytes()].concat();
    let list: Box<[u8]> = [2, 0, 0, 0].into_iter().chain(list.iter().flat_map(entry)).collect();
    let mut label = |name: &[u8], attribute: &[u8], value: &[u8]| {
        let id = tree.lookup(name).unwrap();
        tree.node_mut(id).metadata.xattrs.get_or_insert_default().insert(attribute.into(), value.into());
    };
    label(b"/bin", b"system.posix_acl_access", &list);
    label(b"/bin", b"system.posix_acl_default", &list);
    label(b"/bin/tool", b"user.mine", b"a value");
    label(b"/bin/tool", b"trusted.empty", b"");
    label(b"/large", b"security.label", &[b'l'; 700]);
    let bin = tree.lookup(b"/bin").unwrap();
    tree.node_mut(bin).metadata.mode = 0o775;
    tree.materialise(&root).unwrap();
    // Pieces between holes.
    let sparse = fs_err::File::create(root.join("sparse")).unwrap();
    for (index, piece) in noise.chunks(5000).take(300).enumerate() {
        fs_err::os::unix::fs::FileExt::write_all_at(&sparse, piece, index as u64 * 40_960 + 8192).unwrap();
    }
    sparse.set_len(1 << 27).unwrap();
    drop(sparse);
    root
}
