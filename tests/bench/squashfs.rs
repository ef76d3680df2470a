//! A directory to a squashfs: the library's example against mksquashfs, with the same compressor, level and block size, on the same cores.

use std::path::{Path, PathBuf};

use rootfs_tests::{Failed, Process, Workbench};

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

/// Bytes of each part of the tree, at most: programs, libraries and texts of this host, about as a root filesystem has them.
const PARTS: [(&str, u64); 3] = [("/usr/bin", 40 << 20), ("/usr/lib/x86_64-linux-gnu", 60 << 20), ("/usr/share", 60 << 20)];

/// Files longer than this are none that a small system has.
const LONGEST: u64 = 8 << 20;

/// Every compressor on one tree.
pub(crate) fn bench(workbench: &Workbench, runs: usize) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = scratch.path().join("tree");
    let mut bytes = 0;
    for (part, most) in PARTS {
        let mut left = most;
        copy(Path::new(part), &tree.join(&part[1..]), &mut left)?;
        bytes += most - left;
    }
    rustix::fs::sync();
    say(&format!(
        "squashfs: {} MiB of this host's programs, libraries and texts, against mksquashfs; median of {runs}, in turns",
        bytes >> 20
    ));
    COMPRESSORS.iter().try_for_each(|(ours, theirs)| compare(workbench, (scratch.path(), &tree), (ours, theirs), runs))
}

/// Copies files by name until `left` bytes are used up; links and empty directories stay away.
fn copy(from: &Path, to: &Path, left: &mut u64) -> Result<(), Failed> {
    let Ok(entries) = fs_err::read_dir(from) else { return Ok(()) };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let metadata = fs_err::symlink_metadata(&path)?;
        let target = to.join(path.file_name().unwrap_or_default());
        if metadata.is_dir() && *left > 0 {
            copy(&path, &target, left)?;
        } else if metadata.is_file() && metadata.len() <= LONGEST.min(*left) {
            fs_err::create_dir_all(to)?;
            fs_err::copy(&path, &target)?;
            *left -= metadata.len();
        }
    }
    Ok(())
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
