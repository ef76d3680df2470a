//! Gentoo's guests, of packages that the real emerge made of a small repository, judged by the real emerge.

mod compile;

use std::path::{Path, PathBuf};

use rootfs_tests::{Case, Failed, GentooSite, Listing, Need, PlainUser, Product, Workbench, ensure};

use crate::build::BUILD;

/// A guest with a shell of its own, whose phases run in it.
pub(crate) const GREETER: &str = "app-misc/greeter,app-misc/links,app-misc/second,acct-user/messagebus,sys-apps/busybox";

/// What every case here needs.
pub(crate) fn needs() -> Vec<Need> {
    [BUILD, &["python3", "gpg", "bash", "busybox"].map(Need::Judge)].concat()
}

pub(crate) fn cases() -> Vec<Case> {
    let needs = needs();
    let with = |judges: &[&'static str]| [&needs[..], &judges.iter().map(|judge| Need::Judge(judge)).collect::<Vec<_>>()].concat();
    let own = vec![
        Case::new("gentoo::a shell of either format is emerge's", &needs, is_emerges_shell),
        Case::new("gentoo::packages of every kind are merged as emerge does it", &needs, is_emerges).only_in_full(),
        Case::new("gentoo::emerge goes on from the tree", &needs, goes_on),
        Case::new("gentoo::what is not signed, not whole or for another machine is refused", &needs, refused),
        Case::new("gentoo::a lock, a plain user, and no network give the same bytes", &with(&["unshare", "setpriv"]), same_bytes),
        Case::new("gentoo::what a phase and two packages say wrong is told", &needs, told),
    ];
    own.into_iter().chain(compile::cases()).collect()
}

/// A build from a host whose packages nobody signed.
pub(crate) fn build<'a>(site: &GentooSite, product: Product<'a>, packages: &str) -> Product<'a> {
    from(&site.host("gpkg"), product, packages).arg("--allow-unsigned")
}

fn from<'a>(host: &Path, product: Product<'a>, packages: &str) -> Product<'a> {
    product.args(["gentoo", "--agent", "none", "--package", packages, "--binhost"]).arg(host)
}

/// What emerge writes of itself, and what differs for a reason (docs/fidelity.md). Which patterns `INSTALL_MASK` has is no matter of merging.
fn may_differ(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let of_database = path.starts_with("/var/db/pkg/") && matches!(name, "metadata" | "COUNTER" | "CONTENTS" | "environment.bz2");
    let of_emerge =
        path.starts_with("/var/cache/edb") || path == "/var/cache" || path == "/var/tmp" || path.starts_with("/var/lib/portage");
    // What every guest gets of us.
    let of_guest = ["/dev/", "/run/", "/tmp/"].iter().any(|directory| path.starts_with(directory))
        || matches!(path, "/etc/hostname" | "/etc/machine-id");
    of_database || of_emerge || of_guest
}

/// The packages of a root, each with what it owns: links without their times, which emerge takes from the clock.
fn owned(root: &Path) -> Result<Vec<String>, Failed> {
    let mut lines = Vec::new();
    for category in fs_err::read_dir(root.join("var/db/pkg"))? {
        for package in fs_err::read_dir(category?.path())? {
            let path = package?.path();
            let name = path.strip_prefix(root)?.display().to_string();
            lines.push(name.clone());
            let contents = fs_err::read_to_string(path.join("CONTENTS")).unwrap_or_default();
            let line = |line: &str| match line.strip_prefix("sym ") {
                Some(link) => format!("{name}: sym {}", link.rsplit_once(' ').map_or(link, |(link, _)| link)),
                None => format!("{name}: {line}"),
            };
            lines.extend(contents.lines().map(line));
        }
    }
    lines.sort();
    Ok(lines)
}

fn expect_same(ours: &Path, theirs: &Path) -> Result<(), Failed> {
    let list = |tree: &Path| -> Result<Listing, Failed> {
        Ok(Listing::of(tree)?.without(may_differ).without_contents(|path| path == "/etc/shadow" || path.ends_with("/INSTALL_MASK")))
    };
    let listed = list(ours)?;
    let differences = listed.differences(&list(theirs)?);
    ensure!(differences.is_empty(), "{} differences (first: ours):\n{}", differences.len(), differences.join("\n"));
    let (of_ours, of_theirs) = (owned(ours)?, owned(theirs)?);
    let only = |one: &[String], other: &[String]| one.iter().filter(|line| !other.contains(line)).cloned().collect::<Vec<_>>();
    let differences = [only(&of_ours, &of_theirs), only(&of_theirs, &of_ours)].concat();
    ensure!(differences.is_empty(), "the databases differ (first: ours):\n{}", differences.join("\n"));
    ensure!(listed.len() > 60 && of_ours.len() > 30, "only {} paths and {} lines were compared", listed.len(), of_ours.len());
    Ok(())
}

const SHELL: &[&str] = &["sys-apps/baselayout", "sys-apps/busybox"];

fn is_emerges_shell(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = GentooSite::new(workbench)?;
    let theirs = scratch.path().join("emerge");
    site.emerge("gpkg", &theirs)?.env("INSTALL_MASK", "/usr/share/man").args(SHELL).run()?.success()?;
    for host in ["gpkg", "xpak"] {
        let ours = scratch.path().join(host);
        let run =
            from(&site.host(host), workbench.product(), &SHELL.join(",")).arg("--allow-unsigned").into_directory(&ours).run()?.success()?;
        ensure!(!ours.join("usr/share/man").exists(), "{}", run.report("a manual page is there"));
        expect_same_but(&ours, &theirs, host)?;
    }
    let inside = workbench.product().arg("shell").arg(scratch.path().join("gpkg")).args([
        "--",
        "/bin/busybox",
        "sh",
        "-c",
        "echo up $(busybox id -u)",
    ]);
    let inside = inside.run()?.success()?;
    ensure!(inside.output.ends_with("up 0\n"), "{}", inside.report("the tree doesn't work"));
    Ok(())
}

/// Packages of the two formats were not built in the same second.
fn expect_same_but(ours: &Path, theirs: &Path, host: &str) -> Result<(), Failed> {
    if host == "gpkg" {
        return expect_same(ours, theirs);
    }
    let names = |root: &Path| -> Result<Vec<String>, Failed> {
        let without_times = |line: &String| line.split(' ').filter(|word| word.parse::<u64>().is_err()).collect::<Vec<_>>().join(" ");
        Ok(owned(root)?.iter().map(without_times).collect())
    };
    let (of_ours, of_theirs) = (names(ours)?, names(theirs)?);
    ensure!(of_ours == of_theirs, "the databases differ:\n{}\nand\n{}", of_ours.join("\n"), of_theirs.join("\n"));
    Ok(())
}

fn is_emerges(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = GentooSite::new(workbench)?;
    let (ours, theirs) = (scratch.path().join("ours"), scratch.path().join("emerge"));
    build(&site, workbench.product().afresh(), GREETER).into_directory(&ours).run()?.success()?;
    let mask = "/usr/include *.a /usr/share/doc /usr/share/man /usr/share/locale";
    site.emerge("gpkg", &theirs)?.env("INSTALL_MASK", mask).arg("sys-apps/baselayout").run()?.success()?;
    site.emerge("gpkg", &theirs)?.env("INSTALL_MASK", mask).args(GREETER.split(',')).run()?.success()?;
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
