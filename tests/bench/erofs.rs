//! A directory to an erofs: the library's example against mkfs.erofs, with the same compressor, level and clusters, on the same cores.

use std::path::Path;

use rootfs_tests::{Failed, Process, Workbench};

use crate::host_tree::host_tree;
use crate::measure::{Series, measure};
use crate::say;

/// The programs that this measures with.
pub(crate) const NEEDS: [&str; 2] = ["mkfs.erofs", "time"];

/// How each is told: ours, and mkfs.erofs.
const FORMS: [(&str, &[&str]); 3] = [("none", &[]), ("lz4", &["-zlz4"]), ("lz4hc", &["-zlz4hc"])];

/// Every compressor on one tree.
pub(crate) fn bench(workbench: &Workbench, runs: usize) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = scratch.path().join("tree");
    let bytes = host_tree(&tree)?;
    say(&format!(
        "erofs: {} MiB of this host's programs, libraries and texts, against mkfs.erofs; median of {runs}, in turns",
        bytes >> 20
    ));
    FORMS.iter().try_for_each(|(ours, theirs)| compare(workbench, (scratch.path(), &tree), (ours, theirs), runs))
}

fn compare(workbench: &Workbench, (scratch, tree): (&Path, &Path), (name, theirs): (&str, &[&str]), runs: usize) -> Result<(), Failed> {
    let program = workbench.settings().product.with_file_name("examples").join("directory_to_erofs");
    let (mut our_time, mut their_time) = (Series::default(), Series::default());
    let (our_image, their_image) = (scratch.join("ours"), scratch.join("theirs"));
    let mut sizes = (0, 0);
    // The first round only fills the page cache.
    for round in 0..=runs {
        let ours = measure(workbench, |time: Process| time.arg(&program).arg(tree).arg(&our_image).args(["--compression", name]).run())?;
        let theirs =
            measure(workbench, |time: Process| time.arg("mkfs.erofs").args(theirs).arg("--quiet").arg(&their_image).arg(tree).run())?;
        if round > 0 {
            our_time.push(ours);
            their_time.push(theirs);
        }
        sizes = (fs_err::metadata(&our_image)?.len(), fs_err::metadata(&their_image)?.len());
        // A file that is replaced is written to the disk before its successor has its name, which is not what is measured here.
        fs_err::remove_file(&our_image)?;
        fs_err::remove_file(&their_image)?;
    }
    let (our_size, their_size) = sizes;
    say(&format!("{name:<7} rootfs-image   {our_time}   {our_size} bytes"));
    say(&format!("{name:<7} mkfs.erofs     {their_time}   {their_size} bytes"));
    let (time, size) = (our_time.median_seconds() / their_time.median_seconds(), our_size as f64 / their_size as f64);
    say(&format!("{name:<7} takes {time:.2} times as long, and {size:.4} times the space"));
    Ok(())
}
