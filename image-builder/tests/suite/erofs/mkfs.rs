//! What mkfs.erofs writes is read, and ours is no larger.

use std::path::Path;

use rootfs_image::{ErofsCompression, ErofsReader, FileSource};
use rootfs_tree::{ScanOptions, Tree};

use super::judge::{assert_same, with, write};
use super::read::{full, tree_of, verify};
use crate::judge::{path, run_well};
use crate::random::is_full;
use crate::squashfs::mksquashfs::copy_some;

pub(super) fn mkfs(image: &Path, directory: &Path, arguments: &[&str]) {
    run_well("mkfs.erofs", &[arguments, &["--quiet", path(image), path(directory)]].concat());
}

#[test]
fn what_mkfs_writes_is_read() {
    let host = tempfile::tempdir().unwrap();
    let (directory, image) = (host.path().join("tree"), host.path().join("image"));
    full().materialise(&directory).unwrap();
    let tree = Tree::scan(&directory, &ScanOptions { hash: true, known: None }).unwrap();
    for arguments in [
        &[][..],
        &["-Enoinline_data"],
        &["--chunksize=4096"],
        &["--chunksize=65536"],
        &["-zlz4"],
        &["-zlz4hc", "-C65536"],
        &["-zlz4", "-Eztailpacking"],
        &["-zlz4hc", "-Eztailpacking", "-C16384"],
        &["-zlz4hc", "-Efragments"],
        &["-zlz4hc", "-Eall-fragments"],
        &["-zlz4", "-Efragments,ztailpacking", "-C65536"],
        &["-zlz4", "-Ededupe"],
    ] {
        mkfs(&image, &directory, arguments);
        let file = FileSource::open(&image).unwrap();
        let found = verify(&file).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
        assert_eq!((found.files, found.directories, found.others), (623, 5, 7), "{arguments:?}");
        assert_same(&tree, &tree_of(&file));
        let is_packed = arguments.iter().any(|argument| argument.starts_with("-z"));
        assert_eq!(ErofsReader::open(&file).unwrap().info().algorithms.contains(&"lz4"), is_packed || found.clusters > 0, "{arguments:?}");
    }
}

/// Nobody needs it since Linux 5.4.
#[test]
fn the_oldest_form_is_refused_by_name() {
    let host = tempfile::tempdir().unwrap();
    let (directory, image) = (host.path().join("tree"), host.path().join("image"));
    full().materialise(&directory).unwrap();
    mkfs(&image, &directory, &["-zlz4", "-Elegacy-compress"]);
    let error = verify(&FileSource::open(&image).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "the image needs compressed clusters with zeros behind them, which can't be read here");
}

#[test]
fn it_is_at_most_a_hundredth_larger() {
    let host = tempfile::tempdir().unwrap();
    let directory = host.path().join("tree");
    let most = if is_full() { 100 << 20 } else { 2 << 20 };
    for (name, from) in [("bin", "/usr/bin"), ("etc", "/etc"), ("licences", "/usr/share/common-licenses")] {
        copy_some(from.as_ref(), &directory.join(name), most);
    }
    let tree = Tree::scan(&directory, &ScanOptions::default()).unwrap();
    let image = host.path().join("theirs");
    for (arguments, compression) in
        [(&[][..], ErofsCompression::None), (&["-zlz4"], ErofsCompression::Lz4), (&["-zlz4hc"], ErofsCompression::lz4hc())]
    {
        mkfs(&image, &directory, arguments);
        let (ours, theirs) = (write(&tree, &with(compression)).erofs.size, fs_err::metadata(&image).unwrap().len());
        assert!(ours <= theirs + theirs / 100, "{arguments:?}: {ours} bytes, and {theirs}");
    }
}
