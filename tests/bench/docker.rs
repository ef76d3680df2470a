//! What a container engine costs: Debian's smallest set, installed in the engine and in a sandbox.

use rootfs_tests::{Failed, Process, Product, Release, Workbench};

use crate::measure::{Series, measure};
use crate::say;

/// The programs that this measures with.
pub(crate) const NEEDS: [&str; 2] = ["docker", "time"];

/// Packages are at hand and the lock is kept; the installation is done anew, in turns.
pub(crate) fn bench(workbench: &Workbench, runs: usize) -> Result<(), Failed> {
    let driver = Process::judge("docker").args(["info", "--format", "{{.Driver}}"]).run()?.success()?.output;
    let rounds = (0..=runs).map(|_| workbench.scratch()).collect::<Result<Vec<_>, _>>()?;
    let (mut here, mut there) = (Series::default(), Series::default());
    for (round, scratch) in rounds.iter().enumerate() {
        let build = |name: &str, docker: &str| {
            measure(workbench, |time| {
                let build = Product::under(workbench, time).afresh().minbase(Release::Trixie)?;
                build.env("USE_DOCKER", docker).into_directory(&scratch.path().join(name)).run()
            })
        };
        let (alone, engine) = (build("here", "no")?, build("there", "yes")?);
        if round > 0 {
            here.push(alone);
            there.push(engine);
        }
    }
    say(&format!("Debian minbase in an engine with {} and in a sandbox; median of {runs}, in turns", driver.trim()));
    say(&format!("sandbox           {here}"));
    say(&format!("container engine  {there}"));
    let (sandbox, engine) = (here.median_seconds(), there.median_seconds());
    say(&format!("the engine takes {:.1} s longer, {:.2} times as long", engine - sandbox, engine / sandbox));
    Ok(())
}
