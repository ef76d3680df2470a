//! The conformance kit: every distribution that is built in passes, by packages of local mirrors, and it can say no.

use std::ffi::OsStr;
use std::path::Path;

use rootfs_tests::{
    AlpineArchive, Case, Failed, Finished, GentooSite, Mirror, Need, Origin, Product, RpmArchive, RpmPackage, Workbench, ensure,
};

use crate::build::BUILD;
use crate::fedora::relatives::{self, RELATIVES};
use crate::support::expect_recorded;
use crate::{fedora, formats, gentoo, ubuntu};

/// What is tried of each.
const COUNT: usize = 19;

pub(super) fn cases(alpine_needs: &[Need]) -> Vec<Case> {
    let case =
        |name: &str, needs: &[Need], body: fn(&Workbench) -> Result<(), Failed>| Case::new(format!("plugins::trials: {name}"), needs, body);
    let boot = [alpine_needs, &[Need::Judge("qemu-system-x86_64")]].concat();
    let debian_needs = [BUILD, &[Need::Judge("qemu-system-x86_64")]].concat();
    let rpm = fedora::needs();
    vec![
        case("Alpine passes", alpine_needs, alpine),
        case("a shell directory passes what can be tried of it", &[Need::Product, Need::Root, Need::Judge("busybox")], of_shell),
        case("BusyBox passes", BUILD, busybox).only_in_full(),
        case("Debian passes", &debian_needs, debian).only_in_full(),
        case("Ubuntu passes", ubuntu::NEEDS, of_ubuntu).only_in_full(),
        case("Fedora and its relatives pass", &rpm, of_fedora).only_in_full(),
        case("Gentoo passes", &gentoo::needs(), of_gentoo).only_in_full(),
        case("a disk boots", &boot, boots).only_in_full(),
    ]
}

/// The table, by the trial's name.
fn table(run: &Finished) -> Result<Vec<serde_json::Value>, Failed> {
    let table: Vec<serde_json::Value> = serde_json::from_str(&run.output)?;
    ensure!(table.len() == COUNT, "{}", run.report(&format!("{} trials", table.len())));
    Ok(table)
}

/// All pass but these.
fn expect_passed(run: Finished, skipped: &[&str]) -> Result<(), Failed> {
    let run = run.success()?;
    for trial in table(&run)? {
        let name = trial["name"].as_str().unwrap_or_default();
        let expected = if skipped.contains(&name) { "skipped" } else { "passed" };
        ensure!(trial["outcome"] == expected, "{}", run.report(name));
    }
    Ok(())
}

fn kit<'a>(workbench: &'a Workbench, name: &str) -> Product<'a> {
    workbench.product().args(["plugin", "test", name, "--json"])
}

/// Has the kit try a distribution of Alpine's packages.
pub(super) fn passes(workbench: &Workbench, scratch: &Path, name: &str, more: &[&OsStr]) -> Result<(), Failed> {
    let archive = AlpineArchive::new(workbench, scratch, &[])?;
    expect_passed(of_alpine(workbench, &archive, name, "scanelf").args(more).run()?, &["boots"])
}

fn of_alpine<'a>(workbench: &'a Workbench, archive: &AlpineArchive, name: &str, extra: &str) -> Product<'a> {
    archive.from_here(kit(workbench, name).args(["--set", "repository=main", "--extra-pkg", extra]))
}

fn alpine(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = AlpineArchive::new(workbench, scratch.path(), &[])?;
    let test = |extra: &str| of_alpine(workbench, &archive, "alpine", extra).run();
    let run = test("scanelf")?;
    expect_recorded(workbench, "alpine", "3.20", "packages of its own, signed anew", &run)?;
    expect_passed(run, &["boots"])?;
    // The kit says no.
    let tried = test("no-such-package")?.exits_with(1)?;
    let failed = table(&tried)?.iter().filter(|trial| trial["outcome"] == "failed").count();
    ensure!(failed == 1, "{}", tried.report("one trial has to fail"));
    Ok(())
}

fn of_shell(workbench: &Workbench) -> Result<(), Failed> {
    let directories = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/shell-directories");
    let run = kit(workbench, "trivial").arg("--plugin-dir").arg(directories).run()?.success()?;
    let outcomes = |wanted: &str| -> Result<usize, Failed> { Ok(table(&run)?.iter().filter(|trial| trial["outcome"] == wanted).count()) };
    ensure!(outcomes("passed")? == 6 && outcomes("skipped")? == COUNT - 6, "{}", run.report("other trials were passed"));
    Ok(())
}

fn busybox(workbench: &Workbench) -> Result<(), Failed> {
    let url = workbench.mirror()?.url();
    let run = kit(workbench, "busybox").args(["--release", "trixie", "--extra-pkg", "tree"]).mirror(&url).run()?;
    expect_recorded(workbench, "busybox", "trixie", "Debian's own packages", &run)?;
    expect_passed(run, &["boots"])
}

fn debian(workbench: &Workbench) -> Result<(), Failed> {
    let url = workbench.mirror()?.url();
    let run = kit(workbench, "debian").args(["--release", "trixie", "--extra-pkg", "tree", "--boot"]).mirror(&url).run_guest()?;
    expect_recorded(workbench, "debian", "trixie", "its own packages", &run)?;
    expect_passed(run, &[])
}

fn of_gentoo(workbench: &Workbench) -> Result<(), Failed> {
    let site = GentooSite::new(workbench)?;
    let options = [format!("binhost={}", site.host("signed").display()), format!("key={}", site.key().display())];
    let test = kit(workbench, "gentoo").args(["--package", "sys-apps/baselayout,sys-apps/busybox", "--extra-pkg", "app-misc/first"]);
    let run = test.args(options.iter().flat_map(|option| ["--set", option.as_str()])).run()?;
    expect_recorded(workbench, "gentoo", "23.0", "packages that emerge made of a small repository", &run)
}

fn of_ubuntu(workbench: &Workbench) -> Result<(), Failed> {
    let archive = ubuntu::archive(workbench)?;
    let mirror = Mirror::start(Origin::Directory(archive.clone()))?;
    let run = kit(workbench, "ubuntu").args(["--release", "noble", "--variant", "minbase", "--extra-pkg", "hello"]);
    let url = format!("{}/ubuntu", mirror.url());
    let run = run.args(["--mirror", &url, "--mirror", &format!("security={url}"), "--keyring"]).arg(archive.join("key.asc"));
    let run = run.run()?;
    expect_recorded(workbench, "ubuntu", "noble", "Debian's packages in an archive of Ubuntu's form", &run)?;
    expect_passed(run, &["boots"])
}

fn of_fedora(workbench: &Workbench) -> Result<(), Failed> {
    let archive = RpmArchive::new(workbench, &[RpmPackage::new("added", "1").file("/usr/share/added", "added\n")])?;
    try_fedora(workbench, &archive, "fedora", "43", &archive.mirror())?;
    for (name, release, places) in RELATIVES.into_iter().filter(|(_, release, _)| *release != "tumbleweed") {
        let mirror = relatives::mirror(&archive, places)?;
        try_fedora(workbench, &archive, name, release, mirror.path())?;
    }
    Ok(())
}

fn try_fedora(workbench: &Workbench, archive: &RpmArchive, name: &str, release: &str, mirror: &Path) -> Result<(), Failed> {
    let run =
        kit(workbench, name).args(["--release", release, "--extra-pkg", "added", "--package", &fedora::BUSYBOX.join(","), "--keyring"]);
    let run = run.arg(archive.key_file()).args(["--mirror", &format!("file://{}", mirror.display())]).run()?;
    expect_recorded(workbench, name, release, "packages made of Debian's", &run)?;
    expect_passed(run, &["boots", "refuses an unsigned index"])
}

fn boots(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = AlpineArchive::new(workbench, scratch.path(), &[])?;
    let kernel = formats::kernel(workbench)?;
    let test = |initrd: &Path| {
        let run = kit(workbench, "alpine").args(["--set", "repository=main", "--boot", "--kernel"]).arg(kernel.join("vmlinuz"));
        archive.from_here(run.arg("--initrd").arg(initrd)).run_guest()
    };
    expect_passed(test(&kernel.join("initrd"))?, &["installs an added package"])?;
    // The kit says no: this initramfs has nothing in it.
    let empty = scratch.path().join("empty");
    fs_err::write(&empty, "")?;
    let tried = test(&empty)?.exits_with(1)?;
    let boots = table(&tried)?.into_iter().find(|trial| trial["name"] == "boots").unwrap_or_default();
    ensure!(boots["outcome"] == "failed", "{}", tried.report("it boots without an initramfs"));
    Ok(())
}
