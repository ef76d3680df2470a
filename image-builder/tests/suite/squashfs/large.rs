//! Many entries, many owners, long files.

use std::os::unix::fs::{FileExt as _, MetadataExt as _};

use rootfs_image::{SquashfsCompression, SquashfsError, SquashfsOptions};
use rootfs_tree::{Kind, Tree};

use super::judge::{assert_kernel_sees, mount, noise, quick, try_write, with, write};
use crate::forest::{add, add_host_file, crowd, empty};
use crate::judge::{path, run_well};

#[test]
fn every_name_of_a_large_directory_is_found() {
    let mut tree = empty();
    let directory = crowd(&mut tree, "crowd", 20_000, 60);
    // Names of one node are far from each other's numbers.
    let shared = add(&mut tree, Tree::ROOT, "shared", Kind::inline(&b"x"[..]));
    for index in (0..20_000).step_by(100) {
        tree.insert(directory, format!("{index:060}").as_bytes(), shared).unwrap();
    }
    for index in 0..300 {
        let inner = add(&mut tree, directory, format!("{index:060}.d"), Kind::directory());
        add(&mut tree, inner, "file", Kind::Fifo);
    }
    for compression in [SquashfsCompression::None, SquashfsCompression::Zstd { level: 1 }] {
        let judged = write(&tree, &with(compression));
        let mounted = mount(&judged);
        // Each before the listing is read: by the index.
        for index in (0..20_000).step_by(499) {
            assert!(mounted.path(&format!("crowd/{index:060}")).exists(), "{index}");
            assert!(!mounted.path(&format!("crowd/{index:060}!")).exists(), "{index}");
        }
        assert!(mounted.path(&format!("crowd/{:060}.d/file", 299)).exists());
        assert!(!mounted.path("crowd/!").exists() && !mounted.path("crowd/~").exists());
        mounted.unmount();
        if compression != SquashfsCompression::None {
            assert_kernel_sees(&judged, &tree);
            let said = run_well("unsquashfs", &["-lls", path(&judged.image)]);
            assert_eq!(said.lines().count(), judged.squashfs.inodes as usize + 200);
        }
    }
}

#[test]
fn as_many_owners_as_there_can_be() {
    let owners = |count: u32| {
        let mut tree = empty();
        let directory = crowd(&mut tree, "crowd", 0, 1);
        // Root's 0 and these.
        for index in 0..count.div_ceil(2) {
            let id = add(&mut tree, directory, format!("{index}"), Kind::Fifo);
            let metadata = &mut tree.node_mut(id).metadata;
            (metadata.uid, metadata.gid) = (index * 2 * 65_537, (index * 2 + 1).min(count - 1) * 65_537);
        }
        tree
    };
    let mounted = mount(&write(&owners(65_535), &quick()));
    for index in [0, 1, 16_000, 32_766, 32_767] {
        let found = fs_err::metadata(mounted.path(&format!("crowd/{index}"))).unwrap();
        assert_eq!((found.uid(), found.gid()), (index * 2 * 65_537, (index * 2 + 1).min(65_534) * 65_537));
    }
    mounted.unmount();
    let error = try_write(&owners(65_536), &quick()).map(drop).unwrap_err();
    assert!(matches!(error, SquashfsError::TooManyIds { count: 65_536, limit: 65_535 }), "{error}");
}

#[test]
fn a_file_of_more_than_4_gib() {
    let host = tempfile::tempdir().unwrap();
    let length = (1_u64 << 32) + 1_000_001;
    let file = fs_err::File::create(host.path().join("long")).unwrap();
    file.set_len(length).unwrap();
    let parts = [(0, noise(1000, 1)), (1 << 31, noise(1000, 2)), (length - 1000, noise(1000, 3))];
    for (at, bytes) in &parts {
        file.file().write_all_at(bytes, *at).unwrap();
    }
    let mut tree = empty();
    add_host_file(&mut tree, "long", host.path(), "long");
    add(&mut tree, Tree::ROOT, "next", Kind::inline(&b"next"[..]));
    let judged = write(&tree, &SquashfsOptions { block_size: 1 << 20, ..quick() });
    assert!(judged.squashfs.size < 20_000);
    let mounted = mount(&judged);
    let found = fs_err::File::open(mounted.path("long")).unwrap();
    let metadata = found.metadata().unwrap();
    assert_eq!((metadata.len(), metadata.blocks()), (length, ((2_u64 << 20) + length % (1 << 20)).div_ceil(512)));
    for (at, bytes) in parts {
        let mut buffer = vec![0; 1000];
        found.file().read_exact_at(&mut buffer, at).unwrap();
        assert_eq!(buffer, bytes);
    }
    drop(found);
    assert_eq!(fs_err::read(mounted.path("next")).unwrap(), b"next");
    mounted.unmount();
}
