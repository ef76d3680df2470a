//! An image's file gets its name when it is complete.

use std::sync::atomic::{AtomicU64, Ordering};

use rootfs_image::{Ext4Error, Ext4Layout, Ext4Options, Image, ImageFile, Progress, Sink, SinkError};
use rootfs_tree::{Kind, Tree};

use crate::forest::{add, empty};

fn names(directory: &std::path::Path) -> Vec<String> {
    fs_err::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn an_unfinished_one_leaves_what_was_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("image");
    fs_err::write(&path, b"old").unwrap();
    let file = ImageFile::create(&path).unwrap();
    file.data(100, b"new").unwrap();
    assert_eq!(fs_err::read(&path).unwrap(), b"old");
    drop(file);
    assert_eq!((names(directory.path()), fs_err::read(&path).unwrap()), (vec!["image".to_owned()], b"old".to_vec()));
    let file = ImageFile::create(&path).unwrap();
    file.data(1, b"new").unwrap();
    file.finish(6).unwrap();
    assert_eq!((names(directory.path()), fs_err::read(&path).unwrap()), (vec!["image".to_owned()], b"\0new\0\0".to_vec()));
}

#[test]
fn a_missing_directory_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    assert!(matches!(ImageFile::create(&directory.path().join("no/image")), Err(SinkError::Write(_))));
    assert!(matches!(ImageFile::create("/".as_ref()), Err(SinkError::Write(_))));
}

#[test]
fn copies_end_with_the_file_they_are_of() {
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("source");
    fs_err::write(&source, vec![5; 3_000_000]).unwrap();
    let source = fs_err::File::open(&source).unwrap();
    let image = directory.path().join("image");
    let file = ImageFile::create(&image).unwrap();
    file.copy(10, std::os::fd::AsFd::as_fd(&source), 1_000_000, 2_000_000).unwrap();
    assert!(matches!(file.copy(10, std::os::fd::AsFd::as_fd(&source), 1_000_000, 2_000_001), Err(SinkError::Read(_))));
    file.finish(2_000_010).unwrap();
    assert_eq!(fs_err::read(&image).unwrap(), [vec![0; 10], vec![5; 2_000_000]].concat());
}

/// Counts, and stops what it watches after so many bytes.
#[derive(Default)]
pub(crate) struct Watch {
    pub(crate) bytes: AtomicU64,
    pub(crate) stop_at: u64,
}

impl Progress for Watch {
    fn advance(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) >= self.stop_at
    }
}

#[test]
fn progress_counts_contents_and_can_stop() {
    let directory = tempfile::tempdir().unwrap();
    let mut tree = empty();
    for index in 0..100 {
        add(&mut tree, Tree::ROOT, format!("{index}"), Kind::inline(vec![1; 12_345]));
    }
    let layout = Ext4Layout::plan(&tree, &Ext4Options::default()).unwrap();
    let write = |watch: &Watch| {
        let file = ImageFile::create(&directory.path().join("image")).unwrap();
        layout.write(&tree, &Image::new(&file).with_progress(watch))
    };
    let watch = Watch { stop_at: u64::MAX, ..Watch::default() };
    write(&watch).unwrap();
    assert_eq!(watch.bytes.into_inner(), 1_234_500);
    let watch = Watch { stop_at: 100_000, ..Watch::default() };
    assert!(matches!(write(&watch), Err(Ext4Error::Sink(SinkError::Cancelled))));
    assert!(watch.bytes.into_inner() < 1_234_500);
    assert!(names(directory.path()).is_empty());
}
