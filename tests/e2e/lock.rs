//! The lock: the same bytes again, and none other.

use std::path::Path;

use rootfs_tests::{Case, Failed, Need, Process, Product, Release, Workbench, ensure, words};

use crate::build::BUILD;

pub(crate) fn cases() -> Vec<Case> {
    let with_sh = [BUILD, &[Need::Judge("unshare")]].concat();
    vec![
        Case::new("lock::what it says gives the same digest, from the store alone", BUILD, same_digest),
        Case::new("lock::the place, the zone, the umask and the clock of a build are not in it", &with_sh, same_digest_elsewhere),
        Case::new("lock::another hash is refused", BUILD, other_hash),
        Case::new("lock::a package that the archive no longer has is named", BUILD, other_version),
        Case::new("lock::offline with an empty store says what is missing", BUILD, offline_empty),
        Case::new("lock::it names no mirror", BUILD, no_mirror),
    ]
}

/// Builds minbase with a lock, once in a run; gives the directory of `out` and `rootfs-gen.lock`.
fn locked_build(workbench: &Workbench) -> Result<std::path::PathBuf, Failed> {
    workbench.once("locked", |path| {
        fs_err::create_dir(path)?;
        let build = workbench.product().minbase(Release::Trixie)?.arg("--lock").arg(path.join("rootfs-gen.lock"));
        build.into_directory(&path.join("out")).run()?.success()?;
        Ok(())
    })
}

fn same_digest(workbench: &Workbench) -> Result<(), Failed> {
    let first = locked_build(workbench)?;
    let scratch = workbench.scratch()?;
    let second = scratch.path().join("out");
    let again = workbench.product().afresh().minbase(Release::Trixie)?.mirror("http://127.0.0.1:1");
    again.args(words([&"--locked", &first.join("rootfs-gen.lock"), &"--offline"])).into_directory(&second).run()?.success()?;
    expect_same_digest(workbench, &first.join("out"), &second)
}

fn same_digest_elsewhere(workbench: &Workbench) -> Result<(), Failed> {
    let first = locked_build(workbench)?;
    let scratch = workbench.scratch()?;
    let second = scratch.path().join("a longer name of a directory");
    let process = Process::new("sh").args(["-c", "umask 077; exec \"$@\"", "sh"]);
    let again = Product::under(workbench, process).env("TZ", "Pacific/Chatham").env("LC_ALL", "C").env("USER", "somebody");
    let again = again.afresh().minbase(Release::Trixie)?.args(words([&"--locked", &first.join("rootfs-gen.lock")]));
    again.directory(scratch.path()).into_directory(&second).run()?.success()?;
    expect_same_digest(workbench, &first.join("out"), &second)
}

fn expect_same_digest(workbench: &Workbench, first: &Path, second: &Path) -> Result<(), Failed> {
    let digests = (workbench.product().digest(first)?, workbench.product().digest(second)?);
    ensure!(digests.0 == digests.1, "{} and {}", digests.0, digests.1);
    Ok(())
}

/// A lock in which the first `key = "value"` after the package's name is changed by `change`.
fn changed_lock(workbench: &Workbench, package: &str, key: &str, change: fn(&str) -> String, to: &Path) -> Result<(), Failed> {
    let text = fs_err::read_to_string(locked_build(workbench)?.join("rootfs-gen.lock"))?;
    let name = format!("name = \"{package}\"");
    let (before, after) = text.split_once(&name).ok_or_else(|| format!("the lock has no {name}"))?;
    let key = format!("{key} = \"");
    let (middle, rest) = after.split_once(&key).ok_or_else(|| format!("{package} has no {key}"))?;
    let (value, rest) = rest.split_once('"').ok_or("a value without an end")?;
    Ok(fs_err::write(to, format!("{before}{name}{middle}{key}{}\"{rest}", change(value)))?)
}

fn other_hash(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let lock = scratch.path().join("changed.lock");
    changed_lock(workbench, "mawk", "sha256", |value| format!("{}{}", if value.starts_with('0') { '1' } else { '0' }, &value[1..]), &lock)?;
    let run = workbench.product().minbase(Release::Trixie)?.args(words([&"--locked", &lock]));
    run.into_directory(&scratch.path().join("out")).run()?.exits_with(1)?.complains(&["mawk"]).map(drop)
}

fn other_version(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let lock = scratch.path().join("changed.lock");
    changed_lock(workbench, "mawk", "path", |path| path.replace("mawk_", "mawk_0"), &lock)?;
    let run = workbench.product().minbase(Release::Trixie)?.store(&scratch.path().join("store")).args(words([&"--locked", &lock]));
    run.into_directory(&scratch.path().join("out")).run()?.exits_with(1)?.complains(&["mawk"]).map(drop)
}

fn offline_empty(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let run = workbench.product().minbase(Release::Trixie)?.store(&scratch.path().join("store")).arg("--offline");
    run.into_directory(&scratch.path().join("out")).run()?.exits_with(1)?.complains(&["not in the store", "--offline"]).map(drop)
}

fn no_mirror(workbench: &Workbench) -> Result<(), Failed> {
    let text = fs_err::read_to_string(locked_build(workbench)?.join("rootfs-gen.lock"))?;
    ensure!(!text.contains("127.0.0.1") && !text.contains("http"), "a URL is in the lock:\n{text}");
    Ok(())
}
