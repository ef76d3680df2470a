//! Packages to a directory: rootfs-gen against mmdebstrap, both through one local cache of packages.

use std::path::Path;

use rootfs_tests::{Failed, Process, Product, Release, Workbench, words};

use crate::measure::{Measured, Series, measure};
use crate::say;

/// The programs that this measures with.
pub(crate) const NEEDS: [&str; 2] = ["mmdebstrap", "time"];

/// minbase of both releases.
pub(crate) fn bench(workbench: &Workbench, runs: usize) -> Result<(), Failed> {
    say(&format!("packages: minbase from release, updates and security; median of {runs}, in turns"));
    [Release::Trixie, Release::Bookworm].into_iter().try_for_each(|release| compare(workbench, release, runs))
}

/// Measures all programs in turns, so that what else the machine does hits them alike.
fn compare(workbench: &Workbench, release: Release, runs: usize) -> Result<(), Failed> {
    let (mut cold, mut warm, mut same, mut theirs) = (Series::default(), Series::default(), Series::default(), Series::default());
    // Nothing is removed before the end: ext4 looks for inodes that weren't freed just now, and whoever runs next would pay for that.
    let rounds = (0..=runs).map(|_| workbench.scratch()).collect::<Result<Vec<_>, _>>()?;
    // The first round only fills the cache of packages.
    for (round, scratch) in rounds.iter().enumerate() {
        let store = scratch.path().join("store");
        let ours = |name: &str, cache: &str| ours(workbench, release, cache, &store, &scratch.path().join(name));
        let round_cold = ours("cold", "no")?;
        let round_warm = ours("warm", "no")?;
        ours("kept", "yes")?;
        let round_same = ours("same", "yes")?;
        let round_theirs = mmdebstrap(workbench, release, &scratch.path().join("mmdebstrap"))?;
        if round > 0 {
            cold.push(round_cold);
            warm.push(round_warm);
            same.push(round_same);
            theirs.push(round_theirs);
        }
    }
    let all = [
        ("rootfs-gen, empty store", &cold),
        ("rootfs-gen, filled store", &warm),
        ("rootfs-gen, unchanged", &same),
        ("mmdebstrap", &theirs),
    ];
    for (name, series) in all {
        say(&format!("{:<10} {name:<26} {series}", release.name()));
    }
    let ratio = |ours: &Series| theirs.median_seconds() / ours.median_seconds();
    say(&format!(
        "{:<10} mmdebstrap takes {:.1} times as long as an empty store, {:.1} times as long as a filled one, {:.0} times as long as a build \
         that was done before",
        release.name(),
        ratio(&cold),
        ratio(&warm),
        ratio(&same)
    ));
    Ok(())
}

fn ours(workbench: &Workbench, release: Release, cache: &str, store: &Path, target: &Path) -> Result<Measured, Failed> {
    measure(workbench, |time| {
        Product::under(workbench, time).minbase(release)?.env("ROOTFS_GEN_CACHE", cache).store(store).into_directory(target).run()
    })
}

fn mmdebstrap(workbench: &Workbench, release: Release, target: &Path) -> Result<Measured, Failed> {
    measure(workbench, |time| {
        let run: Process = time.args(["mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory"]);
        let run = run.arg(r#"--aptopt=Acquire::http::Proxy::127.0.0.1 "DIRECT""#).args(words([&release.name(), &target]));
        run.args(release.sources(&workbench.mirror()?.url())).run()
    })
}
