//! Guests that need no directory: BusyBox to a squashfs, and Alpine to a tree, beside what its own apk takes for that.

use rootfs_tests::{AlpineArchive, Failed, Product, Workbench};

use crate::measure::{Series, measure};
use crate::say;

/// The programs that this measures with.
pub(crate) const NEEDS: [&str; 1] = ["time"];

/// The set that both install.
const PACKAGES: [&str; 3] = ["alpine-baselayout", "busybox", "apk-tools"];

pub(crate) fn bench(workbench: &Workbench, runs: usize) -> Result<(), Failed> {
    busybox(workbench, runs)?;
    alpine(workbench, runs)
}

/// The store has all; mirrors are asked, as by every build.
fn busybox(workbench: &Workbench, runs: usize) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let (image, url) = (scratch.path().join("image.squashfs"), workbench.mirror()?.url());
    say(&format!("BusyBox and glibc to a squashfs, warm; median of {runs}"));
    for compress in ["gz", "xz"] {
        let mut series = Series::default();
        for round in 0..=runs {
            let run = measure(workbench, |time| {
                let build = Product::under(workbench, time).arg("busybox").mirror(&url).args(["--release", "bookworm", "--force"]);
                build.args(["--compress", compress, "-o"]).arg(&image).run()
            })?;
            if round > 0 {
                series.push(run);
            }
        }
        let size = fs_err::metadata(&image)?.len();
        say(&format!("rootfs-gen busybox, {compress}  {series}  {size} bytes"));
    }
    Ok(())
}

/// A tree each, in turns.
fn alpine(workbench: &Workbench, runs: usize) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = AlpineArchive::new(workbench, scratch.path(), &[])?;
    let (mut ours, mut theirs) = (Series::default(), Series::default());
    for round in 0..=runs {
        let (tree, other) = (scratch.path().join(format!("ours{round}")), scratch.path().join(format!("theirs{round}")));
        let our_run = measure(workbench, |time| {
            archive.build(Product::under(workbench, time)).args(["--package", &PACKAGES.join(",")]).into_directory(&tree).run()
        })?;
        let their_run = measure(workbench, |time| archive.apk_under(time, &other).args(["--initdb", "add"]).args(PACKAGES).run())?;
        if round > 0 {
            ours.push(our_run);
            theirs.push(their_run);
        }
    }
    say(&format!("Alpine's base set to a directory, warm; median of {runs}, in turns"));
    say(&format!("rootfs-gen alpine  {ours}"));
    say(&format!("apk add --initdb   {theirs}"));
    say(&format!("rootfs-gen takes {:.1} times as long as apk does for its part", ours.median_seconds() / theirs.median_seconds()));
    Ok(())
}
