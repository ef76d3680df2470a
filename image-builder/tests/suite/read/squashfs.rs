use super::{assert_as_mounted, forest};
use crate::judge::{path, run_well};

const FORMS: [&[&str]; 9] = [
    &["-comp", "gzip"],
    &["-comp", "xz", "-Xbcj", "x86"],
    &["-comp", "zstd", "-b", "1M"],
    &["-comp", "lz4", "-Xhc"],
    &["-comp", "gzip", "-noI", "-noD", "-noF", "-noX"],
    &["-comp", "zstd", "-no-fragments", "-no-duplicates"],
    &["-comp", "gzip", "-always-use-fragments", "-b", "4096"],
    &["-comp", "xz", "-no-sparse", "-no-exports"],
    &["-comp", "zstd", "-tailends", "-no-xattrs"],
];

#[test]
fn images_of_mksquashfs_are_as_the_kernel_mounts_them() {
    let directory = tempfile::tempdir().unwrap();
    let root = forest(directory.path());
    // The same content twice, and one that is the end of another.
    for name in ["twice", "thrice"] {
        fs_err::copy(root.join("large"), root.join(name)).unwrap();
    }
    for form in FORMS {
        let image = directory.path().join("image");
        run_well("mksquashfs", &[&[path(&root), path(&image), "-noappend", "-no-progress", "-quiet"], form].concat());
        let tree = assert_as_mounted("squashfs", &image);
        let digest = |name: &[u8]| tree.file(tree.lookup(name).unwrap()).unwrap().sha256;
        assert_eq!(digest(b"/twice"), digest(b"/large"));
    }
}
