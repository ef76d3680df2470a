//! How an image comes into its file: in order, watched, and stopped.

use std::sync::Mutex;

use rootfs_image::{Image, Sink, SinkError, Squashfs, SquashfsError};
use rootfs_tree::{Kind, Tree};

use super::judge::{noise, quick};
use crate::file::Watch;
use crate::forest::{add, empty};

fn files(count: u64, length: usize) -> Tree {
    let mut tree = empty();
    for index in 0..count {
        add(&mut tree, Tree::ROOT, format!("{index:04}"), Kind::inline(noise(length, index + 1)));
    }
    tree
}

#[derive(Default)]
struct Pieces(Mutex<Vec<(u64, u64)>>);

impl Sink for Pieces {
    fn data(&self, offset: u64, bytes: &[u8]) -> Result<(), SinkError> {
        self.0.lock().unwrap().push((offset, bytes.len() as u64));
        Ok(())
    }

    fn zeros(&self, offset: u64, length: u64) -> Result<(), SinkError> {
        self.0.lock().unwrap().push((offset, length));
        Ok(())
    }
}

#[test]
fn it_is_written_front_to_back_and_the_superblock_last() {
    let pieces = Pieces::default();
    let written = Squashfs::write(&files(50, 300_000), &quick(), &Image::new(&pieces).from(4096)).unwrap();
    let mut pieces = pieces.0.into_inner().unwrap();
    assert_eq!(pieces.pop(), Some((4096, 96)));
    let mut end = 4096 + 96;
    for (offset, length) in pieces {
        assert_eq!(offset, end);
        end = offset + length;
    }
    assert_eq!(end, 4096 + written.size);
}

#[test]
fn progress_counts_contents_and_can_stop() {
    // 100 of noise, of which one is there twice, and one of zeros.
    let mut tree = files(100, 123_450);
    add(&mut tree, Tree::ROOT, "same", Kind::inline(noise(123_450, 1)));
    add(&mut tree, Tree::ROOT, "zeros", Kind::inline(vec![0; 1 << 20]));
    let write = |stop_at| {
        let watch = Watch { stop_at, ..Watch::default() };
        let written = Squashfs::write(&tree, &quick(), &Image::new(&Pieces::default()).with_progress(&watch));
        (written, watch.bytes.into_inner())
    };
    let (written, bytes) = write(u64::MAX);
    assert_eq!((written.unwrap().duplicates, bytes), (1, 101 * 123_450));
    let (stopped, bytes) = write(1_000_000);
    assert!(matches!(stopped, Err(SquashfsError::Sink(SinkError::Cancelled))));
    assert!(bytes < 101 * 123_450);
}
