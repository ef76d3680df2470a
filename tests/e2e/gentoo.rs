//! Gentoo's guests, of packages that the real emerge made of a small repository, judged by the real emerge.

mod compare;
mod compile;
mod guests;
mod linked;
mod wishes;

use std::path::{Path, PathBuf};

use rootfs_tests::{Case, Failed, GentooSite, Need, PlainUser, Product, Workbench, ensure};

use crate::build::BUILD;
use compare::expect_same;
pub(crate) use guests::build_set;

/// A guest with a shell of its own, whose phases run in it.
pub(crate) const GREETER: &str = "app-misc/greeter,app-misc/links,app-misc/second,acct-user/messagebus,sys-apps/busybox";

/// What every case here needs.
pub(crate) fn needs() -> Vec<Need> {
    [BUILD, &["python3", "gpg", "bash", "busybox", "scanelf", "cc", "g++"].map(Need::Judge)].concat()
}

pub(crate) fn cases() -> Vec<Case> {
    let needs = needs();
    let with = |judges: &[&'static str]| [&needs[..], &judges.iter().map(|judge| Need::Judge(judge)).collect::<Vec<_>>()].concat();
    let mut cases = vec![
        Case::new("gentoo::a shell of either format is emerge's", &needs, is_emerges_shell),
        Case::new("gentoo::emerge goes on from the tree", &needs, goes_on),
        Case::new("gentoo::what is not signed, not whole or for another machine is refused", &needs, refused),
        Case::new("gentoo::a lock, a plain user, and no network give the same bytes", &with(&["unshare", "setpriv"]), same_bytes),
        Case::new("gentoo::what a phase and two packages say wrong is told", &needs, told),
    ];
    cases.extend(wishes::cases(&needs));
    cases.extend(linked::cases(&needs));
    cases.extend(guests::cases(&needs));
    cases.extend(compile::cases());
    cases
}

/// A build from a host whose packages nobody signed.
pub(crate) fn build<'a>(site: &GentooSite, product: Product<'a>, packages: &str) -> Product<'a> {
    from(&site.host("gpkg"), product, packages).arg("--allow-unsigned")
}

fn from<'a>(host: &Path, product: Product<'a>, packages: &str) -> Product<'a> {
    product.args(["gentoo", "--agent", "none", "--package", packages, "--binhost"]).arg(host)
}

const SHELL: &[&str] = &["sys-apps/baselayout", "sys-apps/busybox"];

/// Both formats, each compared with what emerge makes of the same packages.
fn is_emerges_shell(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = GentooSite::new(workbench)?;
    for host in ["gpkg", "xpak"] {
        let (ours, theirs) = (scratch.path().join(host), scratch.path().join(format!("emerge-{host}")));
        let build = from(&site.host(host), workbench.product(), &SHELL.join(",")).arg("--allow-unsigned");
        build.into_directory(&ours).run()?.success()?;
        wishes::emerge(workbench, &site, host, SHELL, &ours, &theirs)?;
        expect_same(&ours, &theirs)?;
    }
    let shell = workbench.product().arg("shell").arg(scratch.path().join("gpkg"));
    let inside = shell.args(["--", "/bin/busybox", "sh", "-c", "echo up $(busybox id -u)"]).run()?.success()?;
    ensure!(inside.output.ends_with("up 0\n"), "{}", inside.report("the tree doesn't work"));
    // The judge says no.
    let ours = scratch.path().join("gpkg");
    fs_err::write(ours.join("usr/bin/busybox"), "another")?;
    ensure!(expect_same(&ours, &scratch.path().join("emerge-gpkg")).is_err(), "another file makes no difference");
    Ok(())
}

fn goes_on(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = GentooSite::new(workbench)?;
    let out = scratch.path().join("out");
    build(&site, workbench.product(), "sys-apps/baselayout,sys-apps/busybox,app-editors/nano").into_directory(&out).run()?.success()?;
    let clean = site.emerge("gpkg", &out)?.args(["--depclean", "--pretend"]).run()?.success()?;
    ensure!(!clean.output.contains("selected:"), "{}", clean.report("depclean would remove something"));
    let update = site.emerge("gpkg", &out)?.args(["-uDp", "@world"]).run()?.success()?;
    ensure!(!update.output.contains("[binary"), "{}", update.report("emerge would merge something"));
    site.emerge("gpkg", &out)?.arg("app-misc/links").run()?.success()?;
    ensure!(out.join("usr/bin/tool").exists(), "emerge has merged nothing");
    site.emerge("gpkg", &out)?.args(["--unmerge", "app-editors/nano"]).run()?.success()?;
    ensure!(!out.join("usr/bin/nano").exists(), "what emerge unmerges is still there");
    // The judge says no: nobody needs this any more.
    let clean = site.emerge("gpkg", &out)?.args(["--depclean", "--pretend"]).run()?.success()?;
    ensure!(clean.output.contains("slotted"), "{}", clean.report("depclean finds nothing"));
    Ok(())
}

fn refused(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = GentooSite::new(workbench)?;
    let output = scratch.path().join("x.tar");
    let shell = SHELL.join(",");
    let attempt = |product: Product<'_>, texts: &[&str]| -> Result<(), Failed> {
        product.arg("-o").arg(&output).run()?.exits_with(1)?.complains(texts)?;
        ensure!(!output.exists(), "something is left");
        Ok(())
    };
    let fresh = |name: &str| workbench.product().store(&scratch.path().join(name));
    attempt(from(&site.host("gpkg"), fresh("a"), &shell), &["--key", "--allow-unsigned"])?;
    attempt(from(&site.host("gpkg"), fresh("a"), &shell).arg("--key").arg(site.key()), &["not signed"])?;
    attempt(from(&site.host("xpak"), fresh("a"), &shell).arg("--key").arg(site.key()), &["xpak"])?;
    attempt(
        workbench.product().args(["gentoo", "--agent", "none", "--key"]).arg(site.key()),
        &["pinned", "13EBBDBEDE7A12775DFDB1BABB572E0E2D182910"],
    )?;
    let arm = from(&site.host("gpkg"), fresh("a"), &shell).args(["--allow-unsigned", "--arch", "aarch64"]);
    attempt(arm, &["x86_64-pc-linux-gnu", "aarch64"])?;
    // Another package in place of the one that was signed.
    let host = scratch.path().join("host");
    rootfs_tests::copy_tree(&site.host("signed"), &host)?;
    let good = from(&host, fresh("b"), &shell).arg("--key").arg(site.key()).arg("-o").arg(&output).run()?.success()?;
    ensure!(output.exists(), "{}", good.report("nothing is there"));
    fs_err::remove_file(&output)?;
    let package = host.join("sys-apps/busybox/busybox-1.36.1-1.gpkg.tar");
    let mut bytes = fs_err::read(&package)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs_err::write(&package, &bytes)?;
    attempt(from(&host, fresh("c"), &shell).arg("--key").arg(site.key()), &["busybox", "MD5"])?;
    // Whoever changes a package can change the index too, and not the signature.
    site.index_of(&host)?;
    attempt(from(&host, fresh("c"), &shell).arg("--key").arg(site.key()), &["busybox", "SHA512"])?;
    Ok(())
}

fn same_bytes(workbench: &Workbench) -> Result<(), Failed> {
    // Nobody but root may look into the workbench.
    let scratch = tempfile::tempdir_in("/var/tmp")?;
    let site = GentooSite::new(workbench)?;
    let place = |name: &str| -> PathBuf { scratch.path().join(name) };
    rootfs_tests::copy_tree(&site.host("gpkg"), &place("host"))?;
    let build = |product| from(&place("host"), product, "sys-apps/baselayout,sys-apps/busybox,app-misc/second").arg("--allow-unsigned");
    let lock = place("rootfs-gen.lock");
    build(workbench.product()).arg("-o").arg(place("a.tar")).arg("--lock").arg(&lock).run()?.success()?;
    let text = fs_err::read_to_string(&lock)?;
    ensure!(text.contains("name = \"sys-apps/busybox\"") && text.contains("use = \"mdev\""), "{text}");
    let again = build(workbench.product().afresh()).arg("-o").arg(place("b.tar")).arg("--locked").arg(&lock).arg("--offline");
    again.run()?.success()?;
    let first = fs_err::read(place("a.tar"))?;
    ensure!(fs_err::read(place("b.tar"))? == first, "the lock gives another tree");
    // Without subordinate ids no namespace can be made.
    let user = PlainUser::new(workbench, 0)?;
    let theirs = user.home().join("c.tar");
    build(user.product(workbench)).arg("-o").arg(&theirs).run()?.success()?;
    ensure!(fs_err::read(&theirs)? == first, "a plain user's tree differs from root's");
    Ok(())
}

fn told(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = GentooSite::new(workbench)?;
    let out = scratch.path().join("out");
    let run = build(&site, workbench.product(), "app-misc/broken").into_directory(&out).run()?.exits_with(1)?;
    run.complains(&["app-misc/broken-1.0", "this goes wrong", "it was to be expected"])?;
    let run = build(&site, workbench.product(), "app-misc/collides").into_directory(&out).run()?.exits_with(1)?;
    run.complains(&["app-misc/collides-1.0", "/bin/tool", "app-misc/links-1.0"])?;
    ensure!(!out.exists(), "something is left");
    Ok(())
}
