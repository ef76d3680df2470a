//! A tree as an erofs, and what fsck.erofs and the kernel find in it.

use std::path::PathBuf;

use rootfs_image::{Erofs, ErofsCompression, ErofsError, ErofsLayout, ErofsOptions, Image, ImageFile};
use rootfs_tree::{Change, Content, Difference, ScanOptions, Tree};
use tempfile::TempDir;

use crate::judge::{Mounted, assert_reader_sees, path, run_well};

/// Every compressor, at a level that is quick.
pub(super) const COMPRESSIONS: [ErofsCompression; 4] =
    [ErofsCompression::None, ErofsCompression::Lz4, ErofsCompression::Lz4Hc { level: 3 }, ErofsCompression::Zstd { level: 1 }];

pub(super) struct Judged {
    pub(super) directory: TempDir,
    pub(super) image: PathBuf,
    pub(super) erofs: Erofs,
    options: ErofsOptions,
}

pub(super) fn with(compression: ErofsCompression) -> ErofsOptions {
    ErofsOptions { compression, ..ErofsOptions::default() }
}

/// Writes it; nothing is left when that fails.
pub(super) fn try_write(tree: &Tree, options: &ErofsOptions) -> Result<Judged, ErofsError> {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image");
    let layout = ErofsLayout::plan(tree, options)?;
    let file = ImageFile::create(&image).unwrap();
    let erofs = layout.write(tree, &Image::new(&file))?;
    file.finish(erofs.size).unwrap();
    assert_eq!(erofs.size % 4096, 0);
    assert!(layout.size().is_none_or(|size| size == erofs.size));
    assert_eq!(layout.size().is_some(), options.compression == ErofsCompression::None);
    Ok(Judged { directory, image, erofs, options: options.clone() })
}

pub(super) fn write(tree: &Tree, options: &ErofsOptions) -> Judged {
    try_write(tree, options).unwrap()
}

pub(super) fn expected(tree: &Tree) -> Tree {
    let mut tree = tree.clone();
    tree.hash_contents().unwrap();
    tree
}

pub(super) fn assert_same(expected: &Tree, found: &Tree) {
    let differences = rootfs_tree::diff(expected, found);
    assert!(differences.is_empty(), "{differences:?}");
    assert_eq!(expected.digest().unwrap(), found.digest().unwrap());
}

/// Whether the kernel finds the tree in it.
pub(super) fn assert_kernel_sees(judged: &Judged, tree: &Tree) {
    let mounted = Mounted::of("erofs", &judged.image, "ro");
    let expected = expected(tree);
    assert_same(&expected, &mounted.tree());
    mounted.unmount();
    assert_reader_sees(&judged.image, &expected);
}

/// Whether fsck.erofs unpacks the tree. Version 1.5 knows no zstd, keeps no attributes and sets whole seconds, gives links the time of now, and leaves out
/// chunks of zeros where it should leave holes.
pub(super) fn assert_fsck_sees(judged: &Judged, tree: &Tree) {
    if let ErofsCompression::Zstd { .. } = judged.options.compression {
        return;
    }
    let target = judged.directory.path().join("unpacked");
    let said = run_well("fsck.erofs", &[&format!("--extract={}", path(&target)), "--preserve", path(&judged.image)]);
    assert!(said.is_empty(), "{said}");
    let comparable = |mut tree: Tree| {
        for entry in tree.clone().walk() {
            let metadata = &mut tree.node_mut(entry.id).metadata;
            (metadata.xattrs, metadata.mtime) = (None, rootfs_tree::Time::default());
            // It changes owners after modes.
            metadata.mode &= 0o1777;
        }
        tree
    };
    let found = Tree::scan(&target, &ScanOptions { hash: true, known: None }).unwrap();
    let differences = rootfs_tree::diff(&comparable(expected(tree)), &comparable(found));
    // Nor does it make one file of several names.
    let is_known = |path: &[u8], change: &Change| {
        *change == Change::Changed(vec![Difference::HardLink])
            || *change == Change::Changed(vec![Difference::Content]) && judged.options.chunk_size.is_some() && has_zeros(tree, path)
    };
    assert!(differences.iter().all(|(path, change)| is_known(path, change)), "{differences:?}");
    fs_err::remove_dir_all(target).unwrap();
}

/// Whether a block of a file, or its end, is zeros.
fn has_zeros(tree: &Tree, path: &[u8]) -> bool {
    match tree.lookup(path).ok().and_then(|id| tree.file(id)).map(|file| &file.content) {
        Some(Content::Inline(bytes)) => bytes.chunks(4096).any(|block| block.iter().all(|byte| *byte == 0)),
        _ => false,
    }
}

/// Has both look.
pub(super) fn judge(tree: &Tree, options: &ErofsOptions) -> Judged {
    let judged = write(tree, options);
    assert_kernel_sees(&judged, tree);
    assert_fsck_sees(&judged, tree);
    judged
}

/// What dump.erofs says of an inode, by its path.
pub(super) fn dump(judged: &Judged, inode: &str) -> String {
    run_well("dump.erofs", &["-e", "--path", inode, path(&judged.image)])
}
