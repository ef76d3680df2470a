//! mksquashfs makes nothing that is much smaller.

use std::path::Path;

use rootfs_image::{SquashfsCompression, SquashfsOptions};
use rootfs_tree::{ScanOptions, Tree};

use super::judge::{assert_kernel_sees, with, write};
use crate::judge::{path, run_well};

/// Files of a directory of the host by name, so many bytes of them together.
pub(crate) fn copy_some(from: &Path, to: &Path, most: u64) {
    fs_err::create_dir_all(to).unwrap();
    let mut entries: Vec<_> = fs_err::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let mut bytes = 0;
    for entry in entries {
        let metadata = fs_err::symlink_metadata(&entry).unwrap();
        if metadata.is_file() && bytes + metadata.len() <= most {
            bytes += metadata.len();
            fs_err::copy(&entry, to.join(entry.file_name().unwrap())).unwrap();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how long the tests take is said in the environment")]
fn is_full() -> bool {
    std::env::var("ROOTFS_TEST_FULL").is_ok_and(|value| value == "1")
}

#[test]
fn it_is_at_most_a_hundredth_larger() {
    let host = tempfile::tempdir().unwrap();
    let directory = host.path().join("tree");
    let most = if is_full() { 100 << 20 } else { 1 << 20 };
    for (name, from) in [("bin", "/usr/bin"), ("etc", "/etc"), ("licences", "/usr/share/common-licenses")] {
        copy_some(from.as_ref(), &directory.join(name), most);
    }
    let x86 = SquashfsCompression::Xz { level: 6, dictionary: None, x86: true };
    let cases: [(&[&str], SquashfsCompression); 6] = [
        (&["gzip"], SquashfsCompression::gzip()),
        (&["xz"], SquashfsCompression::xz()),
        (&["xz", "-Xbcj", "x86"], x86),
        (&["zstd"], SquashfsCompression::zstd()),
        (&["lz4"], SquashfsCompression::lz4()),
        (&["lz4", "-Xhc"], SquashfsCompression::Lz4 { hc: true }),
    ];
    let tree = Tree::scan(&directory, &ScanOptions::default()).unwrap();
    for (arguments, compression) in cases {
        for (tails, tail_fragments) in [(&[][..], false), (&["-always-use-fragments"][..], true)] {
            let theirs = host.path().join("theirs");
            let usual = [path(&directory), path(&theirs), "-noappend", "-no-progress", "-quiet", "-comp"];
            run_well("mksquashfs", &[&usual[..], arguments, tails].concat());
            let judged = write(&tree, &SquashfsOptions { tail_fragments, ..with(compression) });
            let (ours, theirs) = (judged.squashfs.size, fs_err::metadata(&theirs).unwrap().len());
            assert!(ours <= theirs + theirs / 100, "{arguments:?}: {ours} bytes, and {theirs}");
            if compression == SquashfsCompression::lz4() {
                assert_kernel_sees(&judged, &tree);
            }
        }
    }
}
