//! A directory to a squashfs: the library's example against mksquashfs, with the same compressor, level and block size, on the same cores.

use std::path::Path;

use rootfs_tests::{Failed, Process, Workbench};

use crate::host_tree::host_tree;
use crate::measure::{Series, measure};
use crate::say;

/// The programs that this measures with.
pub(crate) const NEEDS: [&str; 2] = ["mksquashfs", "time"];

/// How each is told: ours, and mksquashfs; both have the same levels and blocks of 128 KiB when nothing else is said.
const COMPRESSORS: [(&str, &[&str]); 6] = [
    ("zstd", &["zstd"]),
    ("xz", &["xz"]),
    ("xz-x86", &["xz", "-Xbcj", "x86"]),
    ("gzip", &["gzip"]),
    ("lz4", &["lz4"]),
    ("lz4-hc", &["lz4", "-Xhc"]),
];

/// Every compressor on one tree.
pub(crate) fn bench(workbench: &Workbench, runs: usize) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = scratch.path().join("tree");
    let bytes = host_tree(&tree)?;
    say(&format!(
        "squashfs: {} MiB of this host's programs, libraries and texts, against mksquashfs; median of {runs}, in turns",
        bytes >> 20
    ));
    COMPRESSORS.iter().try_for_each(|(ours, theirs)| compare(workbench, (scratch.path(), &tree), (ours, theirs), runs))
}

fn compare(workbench: &Workbench, (scratch, tree): (&Path, &Path), (name, theirs): (&str, &[&str]), runs: usize) -> Result<(), Failed> {
    let program = workbench.settings().product.with_file_name("examples").join("directory_to_squashfs");
    let (mut our_time, mut their_time) = (Series::default(), Series::default());
    let (our_image, their_image) = (scratch.join("ours"), scratch.join("theirs"));
    // The first round only fills the page cache.
    for round in 0..=runs {
        let ours = measure(workbench, |time: Process| time.arg(&program).arg(tree).arg(&our_image).args(["--compression", name]).run())?;
        let theirs = measure(workbench, |time: Process| {
            let usual = ["-noappend", "-no-progress", "-quiet", "-comp"];
            time.arg("mksquashfs").arg(tree).arg(&their_image).args(usual).args(theirs).run()
        })?;
        if round > 0 {
            our_time.push(ours);
            their_time.push(theirs);
        }
    }
    let (our_size, their_size) = (fs_err::metadata(our_image)?.len(), fs_err::metadata(their_image)?.len());
    say(&format!("{name:<7} rootfs-image   {our_time}   {our_size} bytes"));
    say(&format!("{name:<7} mksquashfs     {their_time}   {their_size} bytes"));
    let (time, size) = (our_time.median_seconds() / their_time.median_seconds(), our_size as f64 / their_size as f64);
    say(&format!("{name:<7} takes {time:.2} times as long, and {size:.4} times the space"));
    Ok(())
}
