//! Images of containers back into trees: what we write, what layers mean, which image is meant, and hostile ones. The judges of the whole are among the
//! tests of the program.

mod choice;
mod hostile;
mod maker;

use proptest::prelude::*;
use rootfs_image::{
    Compression, ContainerChoice, ContainerError, Containers, OciError, OciOptions, Quiet, ReadError, ReadImage, write_docker_archive,
    write_oci_layout,
};
use rootfs_tree::{Kind, Metadata, Time, Tree};

use crate::forest::node;
use crate::random::trees;
use maker::{Maker, place, tar_of};

const PACKINGS: [Compression; 3] = [Compression::None, Compression::GZIP, Compression::Zstd { level: 3 }];

fn options(compression: Compression) -> OciOptions {
    OciOptions { architecture: "amd64".to_owned(), reference: Some("one".to_owned()), compression, ..OciOptions::default() }
}

fn read(path: &std::path::Path) -> Result<(Tree, &'static str), ReadError> {
    let spool = tempfile::tempdir().unwrap();
    let mut image = ReadImage::of(path, &ContainerChoice::default(), spool.path(), &Quiet)?;
    image.tree.hash_contents()?;
    Ok((image.tree, image.form))
}

/// A socket is in no tar.
fn without_sockets(mut tree: Tree) -> Tree {
    let sockets: Vec<_> = tree.walk().filter(|entry| tree.node(entry.id).kind == Kind::Socket).map(|entry| entry.id).collect();
    sockets.into_iter().for_each(|id| tree.node_mut(id).kind = Kind::Fifo);
    tree.hash_contents().unwrap();
    tree
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn random_trees_come_back_from_layouts_and_archives(tree in trees(), packing in 0..3_usize) {
        let tree = without_sockets(tree);
        let directory = tempfile::tempdir().unwrap();
        let layout = directory.path().join("layout");
        write_oci_layout(&tree, &options(PACKINGS[packing]), &layout, &Quiet).unwrap();
        let (found, form) = read(&layout).unwrap();
        prop_assert_eq!(form, "oci");
        prop_assert_eq!(rootfs_tree::diff(&tree, &found), vec![]);
        prop_assert_eq!(found.digest().unwrap(), tree.digest().unwrap());
        let archive = directory.path().join("archive.tar");
        write_docker_archive(&tree, &options(PACKINGS[packing % 2]), &archive, directory.path(), &Quiet).unwrap();
        let (found, form) = read(&archive).unwrap();
        prop_assert_eq!(form, "docker-archive");
        prop_assert_eq!(found.digest().unwrap(), tree.digest().unwrap());
    }
}

#[test]
fn later_layers_change_what_is_below() {
    let mut lower = Tree::new(Metadata::root(0o700, Time::from_seconds(7)));
    for (path, text) in
        [("/etc/gone", "1"), ("/etc/kept", "2"), ("/etc/changed", "3"), ("/var/cache/a", "4"), ("/var/cache/b", "5"), ("/opt/x/y", "6")]
    {
        place(&mut lower, path, text);
    }
    lower.place(b"/lib", node(Kind::Symlink(b"usr/lib"[..].into()))).unwrap();
    let mut upper = Tree::default();
    for (path, text) in [
        ("/etc/.wh.gone", ""),
        ("/etc/.wh.never", ""),
        ("/etc/changed", "new"),
        ("/var/cache/.wh..wh..opq", ""),
        ("/var/cache/b", "again"),
        ("/var/.wh..wh.plnk", ""),
        ("/opt/x", "no directory"),
        ("/.wh.back", ""),
    ] {
        place(&mut upper, path, text);
    }
    let mut last = Tree::new(Metadata::root(0o755, Time::from_seconds(9)));
    place(&mut last, "/back", "here");
    place(&mut last, "/etc/.wh.kept", "");
    place(&mut last, "/etc/kept", "both");
    let maker = Maker::new();
    // The second says nothing of the root.
    let second = maker::without_root(&tar_of(&upper));
    maker.image("x", &[&tar_of(&lower), &maker::gzip(&second), &maker::zstd(&tar_of(&last))]);
    let spool = tempfile::tempdir().unwrap();
    let tree = ReadImage::of(maker.path(), &ContainerChoice::default(), spool.path(), &Quiet).unwrap().tree;
    let found: Vec<String> = tree
        .walk()
        .filter(|entry| !matches!(tree.node(entry.id).kind, Kind::Directory(_)))
        .map(|entry| {
            let text = tree.read(entry.id, 100).unwrap_or_default();
            format!("{} {}", String::from_utf8_lossy(&entry.path), String::from_utf8_lossy(&text))
        })
        .collect();
    assert_eq!(found, ["/back here", "/etc/changed new", "/etc/kept both", "/lib ", "/opt/x no directory", "/var/cache/b again"]);
    assert_eq!(tree.node(Tree::ROOT).metadata, Metadata::root(0o755, Time::from_seconds(9)));
}

#[test]
fn the_root_is_as_the_last_layer_says_that_tells_of_it() {
    let mut lower = Tree::new(Metadata { uid: 3, ..Metadata::root(0o700, Time::from_seconds(7)) });
    place(&mut lower, "/a", "");
    let upper = maker::without_root(&tar_of(&lower));
    let maker = Maker::new();
    maker.image("x", &[&tar_of(&lower), &upper]);
    assert_eq!(read(maker.path()).unwrap().0.node(Tree::ROOT).metadata, lower.node(Tree::ROOT).metadata);
}

#[test]
fn layouts_in_archives_are_read_where_they_lie() {
    let mut tree = Tree::default();
    place(&mut tree, "/etc/hostname", "kestrel\n");
    let maker = Maker::new();
    maker.image("x", &[&tar_of(&tree)]);
    let archive = maker.archive();
    let (found, form) = read(&archive).unwrap();
    assert_eq!((form, found.layers().iter().all(|layer| layer.path == archive)), ("oci-archive", true));
    let packed = maker.path().join("packed.tar.zst");
    fs_err::write(&packed, maker::zstd(&fs_err::read(&archive).unwrap())).unwrap();
    assert_eq!(read(&packed).unwrap().0.digest().unwrap(), found.digest().unwrap());
}

#[test]
fn a_tar_with_a_file_of_the_name_is_a_tree() {
    for text in ["{}", "[]", "", "[{\"Config\": 1"] {
        let mut tree = Tree::default();
        place(&mut tree, "/manifest.json", text);
        place(&mut tree, "/oci-layout", "");
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        fs_err::write(&path, tar_of(&tree)).unwrap();
        assert_eq!(read(&path).unwrap().1, "tar");
    }
}

#[test]
fn names_that_would_be_marks_are_not_written() {
    let mut tree = Tree::default();
    place(&mut tree, "/etc/.wh.x", "");
    let directory = tempfile::tempdir().unwrap();
    let error = write_oci_layout(&tree, &options(Compression::None), &directory.path().join("a"), &Quiet).unwrap_err();
    assert!(matches!(&error, OciError::Mark { path } if path == "/etc/.wh.x"), "{error}");
}

#[test]
fn every_layer_is_verified() {
    let mut tree = Tree::default();
    place(&mut tree, "/etc/hostname", "kestrel\n");
    for compression in PACKINGS {
        let directory = tempfile::tempdir().unwrap();
        let layout = directory.path().join("layout");
        write_oci_layout(&tree, &options(compression), &layout, &Quiet).unwrap();
        let containers = Containers::in_directory(&layout).unwrap();
        let image = containers.choose(&ContainerChoice::default()).unwrap();
        containers.verify(&image, &Quiet).unwrap();
        assert_eq!((image.platform.to_string().as_str(), image.layers.len()), ("linux/amd64", 1));
        let blob = layout.join("blobs").join(image.layers[0].name.replace(':', "/"));
        let mut bytes = fs_err::read(&blob).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs_err::write(&blob, &bytes).unwrap();
        assert!(matches!(containers.verify(&image, &Quiet), Err(ContainerError::Changed { .. })));
        assert!(matches!(read(&layout), Err(ReadError::Container(ContainerError::Changed { .. }))));
        fs_err::remove_file(&blob).unwrap();
        assert!(matches!(containers.verify(&image, &Quiet), Err(ContainerError::Missing { .. })));
    }
}
