//! Fedora's smallest good set with systemd, by rootfs-gen and by the real dnf, from the same repository on this machine.

use rootfs_tests::{Failed, Process, Product, RpmArchive, Workbench};

use crate::measure::{Series, measure};
use crate::say;

/// The programs that this measures with.
pub(crate) const NEEDS: [&str; 6] = ["time", "dnf", "rpm", "rpmbuild", "rpmsign", "createrepo_c"];

/// What is asked for; 49 packages come.
const PACKAGES: [&str; 9] = ["fedora-release", "basesystem", "systemd", "systemd-sysv", "bash", "dash", "coreutils", "util-linux", "mount"];

/// A tree each, in turns; all that was fetched once is at hand for either.
pub(crate) fn bench(workbench: &Workbench, runs: usize) -> Result<(), Failed> {
    let archive = RpmArchive::new(workbench, &[])?;
    let scratch = workbench.scratch()?;
    let build = |product: Product<'_>, name: &str| {
        let product = product.args(["fedora", "--release", "43", "--agent", "none", "--keyring"]).arg(archive.key_file());
        let product = product.args(["--mirror", &format!("file://{}", archive.mirror().display()), "--package", &PACKAGES.join(",")]);
        product.into_directory(&scratch.path().join(name)).run()
    };
    let (mut afresh, mut again, mut theirs) = (Series::default(), Series::default(), Series::default());
    for round in 0..=runs {
        let first = measure(workbench, |time| build(Product::under(workbench, time).afresh(), &format!("afresh{round}")))?;
        let second = measure(workbench, |time| build(Product::under(workbench, time), &format!("again{round}")))?;
        let other = measure(workbench, |time: Process| {
            archive.dnf_by(time.arg("dnf"), &scratch.path().join(format!("dnf{round}")))?.arg("install").args(PACKAGES).run()
        })?;
        if round > 0 {
            afresh.push(first);
            again.push(second);
            theirs.push(other);
        }
    }
    say(&format!("Fedora's set with systemd to a directory, packages at hand; median of {runs}, in turns"));
    say(&format!("rootfs-gen fedora             {afresh}"));
    say(&format!("rootfs-gen fedora, unchanged  {again}"));
    say(&format!("dnf --installroot             {theirs}"));
    let ratio = |series: &Series| series.median_seconds() / theirs.median_seconds();
    say(&format!("rootfs-gen takes {:.2} times as long as dnf, and {:.2} times when nothing has changed", ratio(&afresh), ratio(&again)));
    Ok(())
}
