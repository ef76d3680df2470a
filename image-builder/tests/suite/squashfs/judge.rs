//! A tree as a squashfs, and what unsquashfs and the kernel find in it.

use std::path::PathBuf;

use rootfs_image::{Image, ImageFile, Squashfs, SquashfsCompression, SquashfsError, SquashfsOptions};
use rootfs_tree::{ScanOptions, Time, Tree};
use tempfile::TempDir;

use crate::judge::{Mounted, path, run_well};

/// Every compressor, at a level that is quick.
pub(super) const COMPRESSIONS: [SquashfsCompression; 7] = [
    SquashfsCompression::None,
    SquashfsCompression::Gzip { level: 1 },
    SquashfsCompression::Xz { level: 0, dictionary: None, x86: false },
    SquashfsCompression::Xz { level: 0, dictionary: Some(12 << 10), x86: true },
    SquashfsCompression::Zstd { level: 1 },
    SquashfsCompression::Lz4 { hc: false },
    SquashfsCompression::Lz4 { hc: true },
];

pub(crate) struct Judged {
    pub(crate) directory: TempDir,
    pub(crate) image: PathBuf,
    pub(crate) squashfs: Squashfs,
}

pub(super) fn with(compression: SquashfsCompression) -> SquashfsOptions {
    SquashfsOptions { compression, ..SquashfsOptions::default() }
}

pub(crate) fn quick() -> SquashfsOptions {
    with(SquashfsCompression::Zstd { level: 1 })
}

/// Writes it; nothing is left when that fails.
pub(super) fn try_write(tree: &Tree, options: &SquashfsOptions) -> Result<Judged, SquashfsError> {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image");
    let file = ImageFile::create(&image).unwrap();
    match Squashfs::write(tree, options, &Image::new(&file)) {
        Ok(squashfs) => {
            file.finish(squashfs.size).unwrap();
            assert_eq!(squashfs.size % 4096, 0);
            Ok(Judged { directory, image, squashfs })
        }
        Err(error) => {
            drop(file);
            assert_eq!(fs_err::read_dir(directory.path()).unwrap().count(), 0);
            Err(error)
        }
    }
}

pub(crate) fn write(tree: &Tree, options: &SquashfsOptions) -> Judged {
    try_write(tree, options).unwrap()
}

/// The tree as squashfs keeps it, hashed.
pub(super) fn expected(tree: &Tree) -> Tree {
    let mut tree = tree.clone();
    for entry in tree.clone().walk() {
        tree.node_mut(entry.id).metadata.mtime.nanoseconds = 0;
    }
    tree.hash_contents().unwrap();
    tree
}

fn assert_same(expected: &Tree, found: &Tree) {
    let differences = rootfs_tree::diff(expected, found);
    assert!(differences.is_empty(), "{differences:?}");
    assert_eq!(expected.digest().unwrap(), found.digest().unwrap());
}

pub(super) fn mount(judged: &Judged) -> Mounted {
    Mounted::of("squashfs", &judged.image, "ro")
}

/// Whether the kernel finds the tree in it.
pub(super) fn assert_kernel_sees(judged: &Judged, tree: &Tree) {
    let mounted = mount(judged);
    assert_same(&expected(tree), &mounted.tree());
    mounted.unmount();
}

/// Whether unsquashfs unpacks the tree, and has nothing to say.
pub(super) fn assert_unsquashfs_sees(judged: &Judged, tree: &Tree) {
    let target = judged.directory.path().join("unpacked");
    let said = run_well("unsquashfs", &["-no-progress", "-quiet", "-strict-errors", "-d", path(&target), path(&judged.image)]);
    assert!(said.trim().is_empty(), "{said}");
    assert_same(&expected(tree), &Tree::scan(&target, &ScanOptions { hash: true, known: None }).unwrap());
    fs_err::remove_dir_all(target).unwrap();
}

/// Has both look.
pub(super) fn judge(tree: &Tree, options: &SquashfsOptions) -> Judged {
    let judged = write(tree, options);
    assert_kernel_sees(&judged, tree);
    assert_unsquashfs_sees(&judged, tree);
    judged
}

/// A line of what unsquashfs says of the superblock, after its name.
pub(super) fn statistics(judged: &Judged, name: &str) -> String {
    let said = run_well("unsquashfs", &["-s", path(&judged.image)]);
    let line = said.lines().find_map(|line| line.trim().strip_prefix(name));
    line.unwrap_or_else(|| panic!("no `{name}` in\n{said}")).trim().to_owned()
}

/// [`crate::forest::everything`] with times that squashfs has.
pub(super) fn everything() -> Tree {
    let mut tree = crate::forest::everything();
    for (name, seconds) in [(&b"/tmp\xff\x01\n"[..], 0), (b"/tmp\xff\x01\n/odd", u32::MAX.into())] {
        let id = tree.lookup(name).unwrap();
        tree.node_mut(id).metadata.mtime = Time::from_seconds(seconds);
    }
    tree
}

/// Bytes that no compressor makes shorter, the same every time.
pub(crate) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed * 2 + 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = std::iter::repeat_with(&mut next).take(length.div_ceil(8)).flatten().collect();
    bytes.truncate(length);
    bytes
}
