//! What is asked for, and what emerge and we make of it.

use std::path::{Path, PathBuf};

use rootfs_tests::{Case, Failed, GentooSite, Need, Workbench, ensure};

use super::compare::expect_same;
use super::{GREETER, build, from};

/// Each is built by both, and the two trees are compared.
const WISHES: [&[&str]; 15] = [
    &["sys-libs/glibc", "sys-apps/busybox"],
    &["app-containers/lxc"],
    &["net-misc/wget", "app-alternatives/awk"],
    &["net-misc/oldclient"],
    &["dev-python/any", "dev-lang/python"],
    &["virtual/udev", "virtual/tmpfiles"],
    &["sys-apps/systemd", "virtual/udev", "virtual/tmpfiles"],
    &["app-misc/engine"],
    &["acct-user/sshd"],
    &["app-misc/config-user"],
    &["app-misc/moved", "app-misc/links"],
    &["dev-lang/slotted:1", "dev-lang/slotted:2", "app-editors/vim", "virtual/editor"],
    &["=dev-libs/openssl-3.0_rc1", "sys-libs/zlib:0/1", "sys-devel/gcc"],
    &["app-misc/preinst"],
    &["app-misc/asks"],
];

/// The same, of which a part is looked at every day.
const DAILY: &[&str] = &["app-containers/lxc", "app-misc/config-user", "app-misc/moved", "acct-user/sshd"];

/// Many at once, for what emerge says of a root.
const MANY: &[&str] = &[
    "app-containers/lxc",
    "acct-user/sshd",
    "dev-python/any",
    "app-alternatives/awk",
    "virtual/udev",
    "app-misc/engine",
    "app-misc/config-user",
    "app-misc/preinst",
];

/// What can't be installed together: packages that block each other, hard and soft, and two versions for one slot.
const REFUSED: [&[&str]; 3] =
    [&["sys-apps/systemd", "sys-apps/systemd-utils"], &["app-editors/nano", "app-editors/vim"], &["net-misc/wget", "net-misc/oldclient"]];

const BASE: &str = "sys-apps/baselayout";

/// What was left out of it.
const MASK: &str = "var/db/pkg/sys-apps/baselayout-2.18/INSTALL_MASK";

pub(super) fn cases(needs: &[Need]) -> Vec<Case> {
    vec![
        Case::new("gentoo::a few wishes give emerge's trees", needs, |workbench| {
            let site = GentooSite::new(workbench)?;
            compare(workbench, &site, "gpkg", DAILY)
        }),
        Case::new("gentoo::every wish gives emerge's tree, in both formats", needs, every_wish).only_in_full(),
        Case::new("gentoo::packages of every kind are merged as emerge does it", needs, every_kind).only_in_full(),
        Case::new("gentoo::emerge says of our tree what it says of its own", needs, said_alike).only_in_full(),
        Case::new("gentoo::what emerge refuses is refused", needs, refused).only_in_full(),
        Case::new("gentoo::what installs packages is in the root, where emerge wants it on the host", needs, installs),
    ]
}

/// emerge's root with baselayout alone, as its links must be there before anything is put behind them.
fn base(workbench: &Workbench, site: &GentooSite, host: &str) -> Result<PathBuf, Failed> {
    workbench.once(&format!("gentoo-base-{host}"), |path| site.emerge(host, path)?.arg(BASE).run()?.success().map(drop))
}

/// Installs a wish with emerge. Of what a guest has no use for, it is told to leave out what our root says was.
pub(super) fn emerge(workbench: &Workbench, site: &GentooSite, host: &str, wish: &[&str], ours: &Path, root: &Path) -> Result<(), Failed> {
    rootfs_tests::copy_tree(&base(workbench, site, host)?, root)?;
    let mask = fs_err::read_to_string(ours.join(MASK))?;
    ensure!(mask.contains("/usr/share/man") && mask.contains("*.a"), "{mask}");
    fs_err::write(root.join(MASK), &mask)?;
    let emerge = site.emerge(host, root)?.env("INSTALL_MASK", mask.trim()).arg("--ignore-soname-deps=n");
    emerge.args(wish).run()?.success().map(drop)
}

fn compare(workbench: &Workbench, site: &GentooSite, host: &str, wish: &[&str]) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let (ours, theirs) = (scratch.path().join("ours"), scratch.path().join("emerge"));
    let packages = [&[BASE], wish].concat().join(",");
    from(&site.host(host), workbench.product(), &packages).arg("--allow-unsigned").into_directory(&ours).run()?.success()?;
    emerge(workbench, site, host, wish, &ours, &theirs)?;
    let told = |failed: Failed| format!("{} from {host}: {}", wish.join(" "), failed.message().unwrap_or_default());
    expect_same(&ours, &theirs).map_err(|failed| told(failed).into())
}

fn every_wish(workbench: &Workbench) -> Result<(), Failed> {
    let site = GentooSite::new(workbench)?;
    let mut wrong = Vec::new();
    for host in ["gpkg", site.all_xpak()?] {
        let failed = WISHES.iter().filter_map(|wish| compare(workbench, &site, host, wish).err());
        wrong.extend(failed.map(|failed| failed.message().unwrap_or_default().to_owned()));
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    Ok(())
}

fn every_kind(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = GentooSite::new(workbench)?;
    let (ours, theirs) = (scratch.path().join("ours"), scratch.path().join("emerge"));
    build(&site, workbench.product().afresh(), &format!("{BASE},{GREETER}")).into_directory(&ours).run()?.success()?;
    emerge(workbench, &site, "gpkg", &GREETER.split(',').collect::<Vec<_>>(), &ours, &theirs)?;
    let said = |root: &Path| -> Result<String, Failed> { Ok(fs_err::read_to_string(root.join("usr/share/greeter/said"))?) };
    ensure!(said(&ours)? == "HELLO from app-misc/greeter-1.0 to ROOT= binary postinst\n", "{}", said(&ours)?);
    // emerge's root is not `/`.
    fs_err::write(theirs.join("usr/share/greeter/said"), said(&ours)?)?;
    expect_same(&ours, &theirs)?;
    ensure!(ours.join("etc/._cfg0000_shared.conf").exists() && !ours.join("etc/._cfg0000_same.conf").exists(), "configuration files");
    let shell = workbench.product().arg("shell").arg(&ours).args(["--", "bash", "-c", "tool; busybox grep -c messagebus /etc/passwd"]);
    let inside = shell.run()?.success()?;
    ensure!(inside.output.ends_with("tool\n1\n"), "{}", inside.report("the tree doesn't work"));
    Ok(())
}

/// What emerge would remove and what it would bring, which is not nothing: a package that only a library's name has brought is in no dependency, and there is
/// a newer Python that would do as well.
fn said_alike(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = GentooSite::new(workbench)?;
    let (ours, theirs) = (scratch.path().join("ours"), scratch.path().join("emerge"));
    build(&site, workbench.product(), &[&[BASE], MANY].concat().join(",")).into_directory(&ours).run()?.success()?;
    emerge(workbench, &site, "gpkg", MANY, &ours, &theirs)?;
    for (question, answer) in [(&["--depclean", "--pretend"][..], "libseccomp"), (&["-uDp", "@world"], "python-3.12")] {
        let said = |root: &Path| -> Result<String, Failed> {
            let run = site.emerge("gpkg", root)?.args(question).run()?.success()?;
            Ok(run.output.replace(&root.display().to_string(), "ROOT"))
        };
        let (of_ours, of_theirs) = (said(&ours)?, said(&theirs)?);
        ensure!(of_ours == of_theirs && of_ours.contains(answer), "{of_ours}\nand of emerge's own:\n{of_theirs}");
    }
    Ok(())
}

fn refused(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = GentooSite::new(workbench)?;
    let out = scratch.path().join("out");
    for wish in REFUSED {
        let theirs = site.emerge("gpkg", &scratch.path().join("emerge"))?.arg("--pretend").args(wish).run()?;
        ensure!(!theirs.status.success(), "{}", theirs.report("emerge doesn't refuse it"));
        let ours = build(&site, workbench.product(), &wish.join(",")).into_directory(&out).run()?.exits_with(1)?;
        ours.complains(&["error:"])?;
        ensure!(!out.exists(), "something is left");
    }
    Ok(())
}

/// emerge would install `IDEPEND` into the root that it runs in itself, so it is only asked.
fn installs(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = GentooSite::new(workbench)?;
    let (out, root) = (scratch.path().join("out"), scratch.path().join("emerge"));
    fs_err::create_dir(&root)?;
    build(&site, workbench.product(), "app-misc/selected").into_directory(&out).run()?.success()?;
    let pretended = site.emerge("gpkg", &root)?.args(["--pretend", "app-misc/selected"]).run()?.success()?.output;
    let lines = pretended.lines().filter_map(|line| line.split_once("] "));
    let mut theirs: Vec<(&str, bool)> =
        lines.map(|(_, rest)| (rest.split_whitespace().next().unwrap_or_default(), rest.contains(&*root.to_string_lossy()))).collect();
    theirs.sort_unstable();
    let mut ours = Vec::new();
    for category in fs_err::read_dir(out.join("var/db/pkg"))? {
        let category = category?;
        for package in fs_err::read_dir(category.path())? {
            // With the number of the build, as emerge says it.
            ours.push(format!("{}/{}-1", category.file_name().display(), package?.file_name().display()));
        }
    }
    ours.sort_unstable();
    let names: Vec<&str> = theirs.iter().map(|(name, _)| *name).collect();
    ensure!(names == ours, "{ours:?} and, as emerge says:\n{pretended}");
    let elsewhere: Vec<&str> = theirs.iter().filter(|(_, is_in_root)| !is_in_root).map(|(name, _)| *name).collect();
    ensure!(elsewhere == ["app-admin/eselect-1.4-1"], "{pretended}");
    Ok(())
}
