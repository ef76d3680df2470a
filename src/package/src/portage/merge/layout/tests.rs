use std::path::PathBuf;

use super::*;
use crate::portage::binary::{BinaryContent, BinaryLayer, Format, Metadata as Described};

fn entry(path: &str, kind: EntryKind) -> BinaryEntry {
    let md5 = matches!(kind, EntryKind::File { .. }).then_some([path.len().try_into().unwrap(); 16]);
    let (user, group) = (b"root".to_vec(), b"root".to_vec());
    BinaryEntry {
        path: path.as_bytes().to_vec(),
        kind,
        mode: 0o755,
        uid: 0,
        gid: 0,
        user,
        group,
        mtime: 5,
        checksum: md5,
        xattrs: Vec::new(),
    }
}

fn directory(path: &str) -> BinaryEntry {
    entry(path, EntryKind::Directory)
}

fn file(path: &str) -> BinaryEntry {
    entry(path, EntryKind::File { offset: 0, length: 0, sha256: rootfs_tree::Digest([0; 32]) })
}

fn link(path: &str, target: &str) -> BinaryEntry {
    entry(path, EntryKind::Symlink(target.as_bytes().to_vec()))
}

fn package(name: &str, entries: Vec<BinaryEntry>) -> BinaryLayer {
    let metadata = Described::of([("CATEGORY", "a"), ("PF", name)]);
    BinaryLayer { content: BinaryContent { format: Format::Gpkg, md5: [0; 16], metadata, entries }, data: PathBuf::from("/dev/null") }
}

fn merged(packages: &[BinaryLayer], mask: &InstallMask) -> Result<(Tree, Vec<Vec<String>>), MergeError> {
    let mut layout = Layout::of(Tree::default(), mask);
    let mut contents = Vec::new();
    for layer in packages {
        let owned = layout.merge(&MergePackage { layer, part: None }, &[])?;
        contents.push(owned.into_iter().map(|(path, _)| String::from_utf8(path).unwrap()).collect());
    }
    Ok((layout.tree, contents))
}

#[test]
fn a_directory_goes_where_a_link_leads() {
    let first = package("first-1", vec![link("bin", "usr/bin"), directory("usr"), directory("usr/bin")]);
    let second = package("second-1", vec![directory("bin"), file("bin/sh")]);
    let (tree, contents) = merged(&[first, second], &InstallMask::default()).unwrap();
    assert!(matches!(tree.node(tree.lookup(b"/bin").unwrap()).kind, Kind::Symlink(_)));
    assert!(tree.lookup(b"/usr/bin/sh").is_ok());
    assert_eq!(contents[1], ["/bin", "/bin/sh"]);
}

#[test]
fn a_file_of_two_packages_is_refused_whichever_way_it_is_reached() {
    let first = || package("first-1", vec![link("bin", "usr/bin"), directory("usr"), directory("usr/bin"), file("usr/bin/sh")]);
    let second = package("second-1", vec![directory("bin"), file("bin/sh")]);
    let error = merged(&[first(), second], &InstallMask::default()).unwrap_err();
    assert_eq!(error.to_string(), "`a/second-1` has `/bin/sh`, which `a/first-1` has too");
    assert!(error.hint().is_some());
    let masked = package("second-1", vec![directory("bin"), file("bin/sh")]);
    assert!(merged(&[first(), masked], &InstallMask::of(["/bin/sh"])).is_ok());
    let over_a_directory = package("second-1", vec![file("usr")]);
    assert!(matches!(merged(&[first(), over_a_directory], &InstallMask::default()), Err(MergeError::Place { .. })));
    let below_a_file = package("second-1", vec![directory("usr"), directory("usr/bin"), directory("usr/bin/sh")]);
    assert!(matches!(merged(&[first(), below_a_file], &InstallMask::default()), Err(MergeError::Place { .. })));
    let compiled = |name| package(name, vec![directory("usr"), file("usr/x.pyc")]);
    assert!(merged(&[compiled("one-1"), compiled("two-1")], &InstallMask::default()).is_ok());
}

#[test]
fn what_is_masked_is_in_neither_the_tree_nor_the_list() {
    let all = vec![
        directory("usr"),
        directory("usr/share"),
        directory("usr/share/man"),
        file("usr/share/man/a"),
        directory("usr/share/doc"),
        directory("usr/share/doc/x"),
        file("usr/share/doc/x/copying"),
        entry("usr/b", EntryKind::Hardlink(b"usr/z".to_vec())),
        file("usr/z"),
    ];
    let mask = InstallMask::of(["/usr/share/man", "/usr/share/doc", "-copying"]);
    let (tree, contents) = merged(&[package("all-1", all)], &mask).unwrap();
    assert_eq!(contents[0], ["/usr", "/usr/share", "/usr/share/doc", "/usr/share/doc/x", "/usr/share/doc/x/copying", "/usr/z", "/usr/b"]);
    assert_eq!(tree.lookup(b"/usr/b").unwrap(), tree.lookup(b"/usr/z").unwrap());
    assert!(tree.lookup(b"/usr/share/man").is_err());
}

#[test]
fn a_part_is_put_where_others_find_it() {
    let gcc = package(
        "gcc-14",
        vec![
            directory("usr"),
            file("usr/lib/gcc/x/14/libgcc_s.so.1"),
            file("usr/lib/gcc/x/14/cc1"),
            link("usr/lib/gcc/x/14/libgcc_s.so", "libgcc_s.so.1"),
        ],
    );
    let files = ["usr/lib/gcc/*/libgcc_s.so*".to_owned()];
    let part = Part { files: &files, into: "usr/lib64" };
    let mask = InstallMask::default();
    let mut layout = Layout::of(Tree::default(), &mask);
    layout.merge(&MergePackage { layer: &gcc, part: Some(part) }, &parts(&gcc, part)).unwrap();
    assert_eq!(layout.tree.list(b"/usr/lib64"), [&b"libgcc_s.so"[..], b"libgcc_s.so.1"]);
    assert!(layout.tree.lookup(b"/usr/lib").is_err());
}
