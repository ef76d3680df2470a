//! Fedora's guests, of packages made of Debian's, judged by the real dnf and rpm.

mod dnf5;
mod kata;
mod many;
mod refused;
pub(crate) mod relatives;

use std::path::{Path, PathBuf};

use rootfs_tests::{Case, Failed, Listing, Need, PlainUser, Product, Release, RpmArchive, RpmPackage, Workbench, ensure, rpm};

use crate::build::BUILD;
use crate::formats::kernel;

/// A guest of one program.
pub(crate) const BUSYBOX: &[&str] = &["fedora-release", "basesystem", "busybox-init"];

/// The smallest that systemd brings up well.
pub(crate) const SYSTEMD: &[&str] =
    &["fedora-release", "basesystem", "systemd", "systemd-sysv", "bash", "dash", "coreutils", "util-linux", "mount"];

/// What every case here needs.
pub(crate) fn needs() -> Vec<Need> {
    let judges = ["rpm", "rpmbuild", "rpmsign", "createrepo_c", "dnf", "gpg", "dpkg-deb", "apt-get", "apt-cache", "busybox"];
    [BUILD, &judges.map(Need::Judge)[..], &[Need::Fixture("testing/fedora/specs")]].concat()
}

pub(crate) fn cases() -> Vec<Case> {
    let needs = needs();
    let with = |judges: &[&'static str]| [&needs[..], &judges.iter().map(|judge| Need::Judge(judge)).collect::<Vec<_>>()].concat();
    vec![
        Case::new("fedora::busybox is dnf's", &needs, |workbench| is_dnfs(workbench, Release::Bookworm, BUSYBOX)),
        Case::new("fedora::systemd is dnf's", &needs, |workbench| is_dnfs(workbench, Release::Bookworm, SYSTEMD)),
        // With rpm 4.20 in place of 4.18.
        Case::new("fedora::systemd by a newer rpm is dnf's", &needs, |workbench| is_dnfs(workbench, Release::Trixie, SYSTEMD))
            .only_in_full(),
        Case::new("fedora::dnf goes on from the tree", &needs, goes_on),
        Case::new(
            "fedora::a lock, a plain user, and no network give the same bytes",
            &with(&["unshare", "setpriv", "newuidmap"]),
            same_bytes,
        ),
        Case::new("fedora::what is not signed or not whole is refused", &needs, refused::unsigned),
        Case::new("fedora::what an expired key has signed is refused", &needs, refused::expired),
        Case::new("fedora::an index that is older than the one before is refused", &needs, refused::older),
        Case::new("fedora::a package that is gone is named", &needs, refused::gone),
        Case::new("fedora::packages of every kind are installed as dnf does it", &needs, many::is_dnfs).only_in_full(),
        Case::new("fedora::scripts run as rpm has it", &needs, scripts),
        Case::new("fedora::a script that fails is shown", &needs, failing_scripts),
        Case::new("fedora::a package file of one's own is installed with what it needs", &needs, own_file),
        Case::new("fedora::documentation is left out as dnf does it", &needs, trims),
        Case::new("fedora::modules are told of", &with(&["modifyrepo_c"]), modules),
        Case::new("fedora::dnf5 chooses the same packages", &with(&["unshare"]), dnf5::chooses_the_same).only_in_full(),
        Case::new("fedora::a relative finds its repositories below a mirror", &needs, relatives::same_tree),
        Case::new("fedora::kata's profile comes up to its target", &with(&["qemu-system-x86_64"]), kata::target).only_in_full(),
        Case::new("fedora::a disk boots to systemd and its agent answers", &with(&["qemu-system-x86_64"]), disk),
    ]
}

/// A build from the archive, without an agent.
pub(crate) fn build<'a>(archive: &RpmArchive, product: Product<'a>, packages: &[&str]) -> Product<'a> {
    build_with(archive, product, packages, "none")
}

fn build_with<'a>(archive: &RpmArchive, product: Product<'a>, packages: &[&str], agent: &str) -> Product<'a> {
    build_from(&format!("file://{}", archive.mirror().display()), archive, product, packages, agent)
}

/// A build from a mirror of the archive.
fn build_from<'a>(mirror: &str, archive: &RpmArchive, product: Product<'a>, packages: &[&str], agent: &str) -> Product<'a> {
    let product = product.args(["fedora", "--release", "43", "--agent", agent, "--keyring"]).arg(archive.key_file());
    product.args(["--mirror", mirror, "--package", &packages.join(",")])
}

/// What differs from dnf's tree for a reason (docs/fidelity.md).
fn may_differ(archive: &RpmArchive) -> impl Fn(&str) -> bool {
    let traces = archive.traces();
    move |path: &str| {
        // dnf's own settings, history and caches.
        let of_dnf = path.starts_with("/etc/dnf") || path.starts_with(&traces) || traces.starts_with(&format!("{path}/"));
        // Times and keys, and what SQLite leaves of a database that was open.
        let of_rpm = path.starts_with("/usr/lib/sysimage/rpm/rpmdb.sqlite");
        // What every guest gets of us.
        let of_guest = path.starts_with("/dev/") || matches!(path, "/etc/hostname" | "/etc/machine-id");
        of_dnf || of_rpm || of_guest
    }
}

fn is_dnfs(workbench: &Workbench, release: Release, packages: &[&str]) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = RpmArchive::of(workbench, release, &[])?;
    let (ours, theirs) = (scratch.path().join("ours"), scratch.path().join("dnf"));
    build(&archive, workbench.product().afresh(), packages).into_directory(&ours).run()?.success()?;
    archive.dnf(&theirs)?.arg("install").args(packages).run()?.success()?;
    expect_same(&archive, &ours, &theirs)?;
    // The judge says no: a file that is not as its package has it.
    fs_err::write(ours.join("usr/lib/os-release"), "changed")?;
    let verified = rpm(&ours).arg("-Va").run()?;
    ensure!(verified.output.contains("/usr/lib/os-release"), "{}", verified.report("rpm sees no change"));
    Ok(())
}

/// The same packages, the same files, the same words about them in the database; and rpm and dnf find nothing wrong.
fn expect_same(archive: &RpmArchive, ours: &Path, theirs: &Path) -> Result<(), Failed> {
    let list = |tree: &Path| -> Result<Listing, Failed> {
        // Root's password is locked in a guest.
        Ok(Listing::of(tree)?.without(may_differ(archive)).without_contents(|path| path == "/etc/shadow"))
    };
    let listed = list(ours)?;
    let differences = listed.differences(&list(theirs)?);
    ensure!(differences.is_empty(), "{} differences (first: ours):\n{}", differences.len(), differences.join("\n"));
    ensure!(listed.len() > 50, "only {} paths were compared", listed.len());
    let told = |tree: &Path| -> Result<Vec<String>, Failed> {
        let format = "[%{=NAME}-%{=EVR}.%{=ARCH} %{FILENAMES} %{FILESTATES} %{FILECOLORS}\\n]%{NAME} %{INSTALLCOLOR} %{SIGMD5}\\n";
        let told = rpm(tree).args(["-qa", "--qf", format]).run()?.success()?.output;
        let mut lines: Vec<String> = told.lines().map(str::to_owned).collect();
        // Where something is mounted while rpm runs, it must not touch it.
        lines.retain(|line| ![" /proc ", " /sys "].iter().any(|path| line.contains(path)));
        lines.sort();
        Ok(lines)
    };
    let (of_ours, of_theirs) = (told(ours)?, told(theirs)?);
    let only = |one: &[String], other: &[String]| one.iter().filter(|line| !other.contains(line)).cloned().collect::<Vec<_>>();
    let differences = [only(&of_ours, &of_theirs), only(&of_theirs, &of_ours)].concat();
    ensure!(differences.is_empty(), "the databases differ:\n{}", differences.join("\n"));
    ensure!(of_ours.iter().any(|line| line.starts_with("gpg-pubkey ")), "the key is not in the database");
    let verified = rpm(ours).arg("-Va").run()?;
    let wrong: Vec<&str> = verified.output.lines().filter(|line| !line.ends_with(" /etc/shadow")).collect();
    ensure!(wrong.is_empty(), "{}", verified.report("rpm -Va finds something"));
    let checked = archive.dnf(ours)?.arg("check").run()?.success()?;
    ensure!(checked.output.trim().is_empty(), "{}", checked.report("dnf check finds something"));
    Ok(())
}

fn goes_on(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = RpmArchive::new(workbench, &[])?;
    let tree = scratch.path().join("tree");
    build(&archive, workbench.product(), SYSTEMD).into_directory(&tree).run()?.success()?;
    let count = || -> Result<usize, Failed> { Ok(rpm(&tree).arg("-qa").run()?.success()?.output.lines().count()) };
    let before = count()?;
    archive.dnf(&tree)?.args(["install", "util-linux-extra"]).run()?.success()?;
    ensure!(count()? > before, "dnf has installed nothing");
    archive.dnf(&tree)?.args(["remove", "util-linux-extra"]).run()?.success()?;
    archive.dnf(&tree)?.arg("check").run()?.success()?;
    Ok(())
}

fn same_bytes(workbench: &Workbench) -> Result<(), Failed> {
    // Nobody but root may look into the workbench.
    let scratch = tempfile::tempdir_in("/var/tmp")?;
    let archive = RpmArchive::new(workbench, &[])?;
    let place = |name: &str| scratch.path().join(name);
    let lock = place("rootfs-gen.lock");
    build(&archive, workbench.product().afresh(), SYSTEMD).arg("-o").arg(place("a.tar")).arg("--lock").arg(&lock).run()?.success()?;
    let first = fs_err::read(place("a.tar"))?;
    let again = build(&archive, workbench.product().afresh(), SYSTEMD).arg("-o").arg(place("b.tar"));
    again.env("TZ", "Pacific/Kiritimati").arg("--locked").arg(&lock).arg("--offline").run()?.success()?;
    ensure!(fs_err::read(place("b.tar"))? == first, "the lock gives another tree");
    // And with what was kept.
    for name in ["c.tar", "d.tar"] {
        let kept = build(&archive, workbench.product(), SYSTEMD).arg("--explain").arg("-o").arg(place(name)).run()?.success()?;
        ensure!(fs_err::read(place(name))? == first, "{}", kept.report("another tree"));
        ensure!(name == "c.tar" || kept.error.contains("install reused"), "{}", kept.report("the tree was not kept"));
    }
    let user = PlainUser::new(workbench, 70_000)?;
    let theirs = user.home().join("e.tar");
    build(&archive, user.product(workbench), SYSTEMD).arg("-o").arg(&theirs).run()?.success()?;
    ensure!(fs_err::read(&theirs)? == first, "a plain user's tree differs from root's");
    Ok(())
}

/// Scripts of every kind, each of which leaves a line.
fn scripted() -> Vec<RpmPackage> {
    let say = |what: &str| format!("echo {what} $1 >> /var/lib/said");
    let lua = |what: &str| format!("local f = io.open('/var/lib/said', 'a'); if f then f:write('{what}\\n'); f:close() end");
    let first = RpmPackage::new("first", "1")
        .says("Requires(pre): busybox-init")
        .script("%pretrans -p <lua>", &lua("first pretrans"))
        .script("%pre", &say("first pre"))
        .script("%post", &say("first post"))
        .script("%posttrans", &say("first posttrans"))
        .script("%triggerin -- second", &say("first triggerin"))
        .script("%transfiletriggerin -- /usr/share/second", "while read -r name; do echo filetrigger $name >> /var/lib/said; done")
        .file("%attr(4755,root,root) /usr/bin/first", "#!/bin/sh\necho first\n");
    let second = RpmPackage::new("second", "2")
        .says("Requires: first")
        .script("%post -p <lua>", &lua("second post"))
        .file("%config(noreplace) /etc/second.conf", "second\n")
        .file("%caps(cap_net_raw=ep) /usr/share/second/file", "second\n");
    vec![first, second]
}

fn scripts(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = RpmArchive::new(workbench, &scripted())?;
    let (ours, theirs) = (scratch.path().join("ours"), scratch.path().join("dnf"));
    let packages = [BUSYBOX, &["second"]].concat();
    build(&archive, workbench.product(), &packages).into_directory(&ours).run()?.success()?;
    archive.dnf(&theirs)?.arg("install").args(&packages).run()?.success()?;
    let said = fs_err::read_to_string(ours.join("var/lib/said"))?;
    ensure!(said.lines().count() >= 6 && said.contains("filetrigger /usr/share/second/file"), "{said}");
    expect_same(&archive, &ours, &theirs)
}

fn failing_scripts(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let bad = |name: &str, section: &str| {
        RpmPackage::new(name, "1").says("Requires(pre): busybox-init").script(section, "echo this goes wrong\nexit 7").file("/etc/bad", "")
    };
    let archive = RpmArchive::new(workbench, &[bad("bad-pre", "%pre"), bad("bad-post", "%post")])?;
    let out = scratch.path().join("out");
    let run = build(&archive, workbench.product(), &[BUSYBOX, &["bad-pre"]].concat()).into_directory(&out).run()?.exits_with(1)?;
    run.complains(&["bad-pre", "7", "this goes wrong"])?;
    ensure!(!out.exists(), "something is left");
    // rpm goes on, and so do we; it is told.
    let run = build(&archive, workbench.product(), &[BUSYBOX, &["bad-post"]].concat()).into_directory(&out).run()?.success()?;
    run.complains(&["%post(bad-post-1-1.noarch) scriptlet failed, exit status 7"])?;
    Ok(())
}

fn own_file(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = RpmArchive::new(workbench, &scripted())?;
    let own = scratch.path().join("own");
    fs_err::create_dir(&own)?;
    let package = RpmPackage::new("own", "1").says("Requires: second >= 2, /usr/bin/sh").file("/usr/share/own<file>", "own\n");
    package.build(&own)?;
    let file = own.join("own-1-1.noarch.rpm");
    let (ours, theirs) = (scratch.path().join("ours"), scratch.path().join("dnf"));
    build(&archive, workbench.product(), BUSYBOX).arg("--extra-pkg").arg(&file).into_directory(&ours).run()?.success()?;
    archive.dnf(&theirs)?.arg("install").args(BUSYBOX).arg(&file).run()?.success()?;
    expect_same(&archive, &ours, &theirs)
}

fn modules(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = RpmArchive::new(workbench, &[])?;
    archive.add_modules()?;
    let run = build(&archive, workbench.product(), BUSYBOX).into_directory(&scratch.path().join("out")).run()?.success()?;
    let told: Vec<&str> = run.error.lines().filter(|line| line.contains("modules")).collect();
    ensure!(told.len() == 1 && told[0].contains("fedora has modules"), "{}", run.report("modules are told of otherwise"));
    Ok(())
}

fn trims(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let documented = RpmPackage::new("documented", "1")
        .file("%doc /usr/share/doc/documented/README", "read me\n")
        .file("/usr/share/man/man1/documented.1", "manual\n")
        .file("%lang(de) /usr/share/locale/de/LC_MESSAGES/documented.mo", "de\n")
        .file("/usr/share/documented", "kept\n");
    let archive = RpmArchive::new(workbench, &[documented])?;
    let out = scratch.path().join("out");
    let packages = [BUSYBOX, &["documented"]].concat();
    build(&archive, workbench.product(), &packages).args(["--without", "docs,man,locales"]).into_directory(&out).run()?.success()?;
    let there = |path: &str| out.join(path).exists();
    let left = ["usr/share/doc/documented", "usr/share/man/man1", "usr/share/locale/de/LC_MESSAGES/documented.mo"].map(there);
    ensure!(left == [false; 3] && there("usr/share/documented"), "{left:?}");
    ensure!(rpm(&out).args(["-V", "documented"]).run()?.success()?.output.is_empty(), "rpm misses what was left out");
    Ok(())
}

fn disk(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = RpmArchive::new(workbench, &[])?;
    let file: PathBuf = scratch.path().join("disk.img");
    build_with(&archive, workbench.product(), SYSTEMD, "own").arg("-o").arg(&file).run()?.success()?;
    let kernel = kernel(workbench)?;
    let boot =
        workbench.product().arg("boot").arg(&file).arg("--kernel").arg(kernel.join("vmlinuz")).arg("--initrd").arg(kernel.join("initrd"));
    let script = "cat /proc/1/comm; . /etc/os-release; echo $ID; test -s /etc/machine-id && exit 5";
    let said = boot.args(["--timeout", "180s", "--", "sh", "-c", script]).run_guest()?.exits_with(5)?;
    ensure!(said.output.ends_with("systemd\nfedora\n"), "{}", said.output);
    Ok(())
}
