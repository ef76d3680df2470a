//! Alpine's own packages: whatever names are asked for, ours makes the root that apk makes, and apk goes on from it.

use std::collections::BTreeMap;

use libtest_mimic::Failed;
use rootfs_tests::{Alpine, ensure};

use crate::Case;
use crate::site::Site;

pub(crate) const CASES: &[Case] = &[
    ("every_closure_is_the_tree_that_apk_makes", every_closure),
    ("apk_goes_on_from_ours", apk_goes_on),
    ("apk_finds_what_is_wrong", apk_finds),
];

/// The root's own world, and names that make apk choose.
const WORLDS: [&str; 4] = [
    "alpine-baselayout alpine-keys apk-tools busybox libc-utils",
    "/bin/sh",
    "so:libssl.so.3 busybox~1.36",
    "musl busybox !ssl_client apk-tools",
];

fn every_closure(alpine: &Alpine) -> Result<(), Failed> {
    let site = Site::new(&alpine.packages()?)?;
    let names: Vec<_> = site.index()?.packages.into_iter().map(|package| package.name).collect();
    let mut closures = BTreeMap::new();
    for world in names.iter().map(String::as_str).chain(WORLDS) {
        closures.entry(site.ours(world)?.order).or_insert(world);
    }
    ensure!(closures.len() > 10, "only {} closures", closures.len());
    closures.values().try_for_each(|world| site.compare(alpine, world).map(|_root| ()))
}

fn apk_goes_on(alpine: &Alpine) -> Result<(), Failed> {
    let site = Site::new(&alpine.packages()?)?;
    let root = site.compare(alpine, "alpine-baselayout busybox apk-tools")?;
    let audit = site.apk(alpine, root.path(), &["audit", "--system"])?.success()?;
    ensure!(audit.output.is_empty(), "apk audit: {}", audit.output);
    let fix = site.apk(alpine, root.path(), &["fix", "--simulate"])?.success()?;
    ensure!(!fix.output.contains('('), "apk fix: {}", fix.output);
    let add = site.apk(alpine, root.path(), &["add", "alpine-keys"])?.success()?;
    ensure!(add.output.contains("(1/1) Installing alpine-keys"), "apk add: {}", add.output);
    let deleted = site.apk(alpine, root.path(), &["del", "apk-tools"])?.success()?;
    ensure!(deleted.output.contains("Purging apk-tools"), "apk del: {}", deleted.output);
    Ok(())
}

/// The judge of the case before says no to a root that was changed.
fn apk_finds(alpine: &Alpine) -> Result<(), Failed> {
    let site = Site::new(&alpine.packages()?)?;
    let root = site.compare(alpine, "busybox")?;
    fs_err::write(root.path().join("bin/busybox"), "another")?;
    let audit = site.apk(alpine, root.path(), &["audit", "--system"])?;
    ensure!(audit.output.contains("U bin/busybox"), "apk audit: {}", audit.output);
    let differences = site.compare(alpine, "musl")?;
    fs_err::write(differences.path().join("lib/apk/db/installed"), "x:damaged\n")?;
    let run = site.apk(alpine, differences.path(), &["add", "scanelf"])?;
    ensure!(!run.status.success(), "apk goes on from a damaged database: {}", run.output);
    Ok(())
}
