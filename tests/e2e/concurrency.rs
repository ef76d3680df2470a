//! Several builds at once.

use rootfs_tests::{Case, Failed, Release, Workbench, ensure};

use crate::build::BUILD;

pub(crate) fn cases() -> Vec<Case> {
    vec![Case::new("concurrency::two builds share a cold store and give one digest", BUILD, two_at_once)]
}

fn two_at_once(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let store = scratch.path().join("store");
    let targets = [scratch.path().join("a"), scratch.path().join("b")];
    let mut running = Vec::new();
    for target in &targets {
        running.push(workbench.product().minbase(Release::Trixie)?.store(&store).into_directory(target).start()?);
    }
    for run in running {
        run.finish(std::time::Duration::from_secs(600))?.success()?;
    }
    let digests = [workbench.product().digest(&targets[0])?, workbench.product().digest(&targets[1])?];
    ensure!(digests[0] == digests[1], "{digests:?}");
    Ok(())
}
