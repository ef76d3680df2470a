//! Mirrors that don't answer, lie, or break off.

use std::time::Duration;

use rootfs_tests::{Case, Deb, Failed, Fault, Mirror, Need, Origin, Release, Repository, Rule, Validity, Workbench, ensure};

use crate::build::BUILD;

const WITH_GPG: &[Need] = &[Need::Product, Need::Root, Need::Debian, Need::Judge("gpg"), Need::Judge("dpkg-deb")];

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("mirrors::one that is not there is named", BUILD, not_there),
        Case::new("mirrors::an index that was changed is refused", BUILD, changed_index),
        Case::new("mirrors::a package that was changed is refused", WITH_GPG, changed_package),
        Case::new("mirrors::a package that breaks off once is resumed", WITH_GPG, resumed),
        Case::new("mirrors::a package that always breaks off is named", WITH_GPG, always_cut),
        Case::new("mirrors::a package that is gone is named", WITH_GPG, gone),
        Case::new("mirrors::a busy one is asked again", WITH_GPG, busy),
        Case::new("mirrors::the host's own is used when none is named", &[Need::Product, Need::Debian], of_host),
    ]
}

fn not_there(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let target = scratch.path().join("out");
    let run = workbench.product().minbase(Release::Trixie)?.mirror("http://127.0.0.1:1").store(&scratch.path().join("store"));
    let run = run.into_directory(&target).run()?.exits_with(1)?.complains(&["error: ", "http://127.0.0.1:1/debian", "hint: "])?;
    ensure!(run.elapsed < Duration::from_secs(90), "it took {} s to give up", run.elapsed.as_secs());
    ensure!(!target.exists(), "the target was made");
    Ok(())
}

fn changed_index(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let mirror = workbench.faulty_mirror()?;
    mirror.misbehave(Rule::always("main/binary-amd64/", Fault::Alter(5000)));
    let run = workbench.product().minbase(Release::Trixie)?.mirror(&mirror.url()).store(&scratch.path().join("store"));
    let run = run.into_directory(&scratch.path().join("out")).run()?.exits_with(1)?.complains(&["Packages"])?;
    ensure!(run.error.to_lowercase().contains("sha-256"), "{}", run.error);
    ensure!(mirror.asked().iter().all(|asked| !asked.path.contains("/pool/")), "packages were fetched by a false index");
    Ok(())
}

/// A build of minbase with one more package of a small repository, from a mirror that the case makes misbehave.
fn with_small_package(workbench: &Workbench, rule: Rule) -> Result<(rootfs_tests::Finished, Vec<rootfs_tests::Asked>), Failed> {
    let scratch = workbench.scratch()?;
    let repository = Repository::new()?;
    // Cases share a store, so each needs a package that no other case has fetched.
    let brittle = Deb::new("brittle", "1.0").large_file("/usr/share/brittle/data", 400_000);
    let brittle = brittle.file("/usr/share/brittle/case", &scratch.path().display().to_string());
    repository.publish(&[brittle], Validity::Unlimited)?;
    let mirror = Mirror::start(Origin::Directory(repository.path().to_path_buf()))?;
    mirror.misbehave(rule);
    let target = scratch.path().join("out");
    let run = workbench.product().minbase(Release::Trixie)?.arg("--repo").arg(repository.source(&mirror.url()));
    let run = run.arg("--extra-pkg=brittle").into_directory(&target).run()?;
    ensure!(run.status.success() == target.exists(), "exit {:?}, but the target's existence is {}", run.status, target.exists());
    Ok((run, mirror.asked()))
}

fn changed_package(workbench: &Workbench) -> Result<(), Failed> {
    let (run, _) = with_small_package(workbench, Rule::always(".deb", Fault::Alter(200_000)))?;
    let run = run.exits_with(1)?.complains(&["brittle"])?;
    ensure!(run.error.to_lowercase().contains("sha-256"), "{}", run.error);
    Ok(())
}

fn resumed(workbench: &Workbench) -> Result<(), Failed> {
    let (run, asked) = with_small_package(workbench, Rule::once(".deb", Fault::Cut(150_000)))?;
    run.success()?;
    let again: Vec<_> = asked.iter().filter(|asked| asked.path.ends_with(".deb")).collect();
    ensure!(again.len() == 2, "it was asked for {} times", again.len());
    ensure!(again[1].from.is_some_and(|from| from > 0), "what had come was fetched again: {again:?}");
    Ok(())
}

fn always_cut(workbench: &Workbench) -> Result<(), Failed> {
    let (run, _) = with_small_package(workbench, Rule::always(".deb", Fault::Cut(0)))?;
    run.exits_with(1)?.complains(&["brittle", "http://127.0.0.1:"]).map(drop)
}

fn gone(workbench: &Workbench) -> Result<(), Failed> {
    let (run, _) = with_small_package(workbench, Rule::always(".deb", Fault::Status(404)))?;
    run.exits_with(1)?.complains(&["brittle", "404"]).map(drop)
}

fn busy(workbench: &Workbench) -> Result<(), Failed> {
    let (run, asked) = with_small_package(workbench, Rule::once(".deb", Fault::Status(503)))?;
    run.success()?;
    ensure!(asked.iter().filter(|asked| asked.path.ends_with(".deb")).count() == 2, "{asked:?}");
    Ok(())
}

/// Without flag, variable or file the mirror is the one that the host's apt is set up with, when that is Debian's own archive.
fn of_host(workbench: &Workbench) -> Result<(), Failed> {
    if workbench.settings().mirror.is_some() {
        return Ok(());
    }
    let run = workbench.product().args(["debian", "--release", "bookworm", "--dry-run", "--json", "-r", "unused"]).run()?.success()?;
    let plan: serde_json::Value = serde_json::from_str(&run.output)?;
    let mirror = &plan["plan"]["installer"]["repositories"][0]["mirrors"][0];
    let expected = workbench.archive()?.main;
    ensure!(mirror == expected.as_str(), "the plan's first mirror is {mirror}, the host's is {expected}");
    Ok(())
}
