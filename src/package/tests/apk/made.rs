//! Packages made for a case: what real ones rarely have, judged in the same way.

use libtest_mimic::Failed;
use rootfs_package::apk::ScriptKind;
use rootfs_tests::{Alpine, ApkPackage, TarEntry, ensure};

use crate::Case;
use crate::site::Site;

pub(crate) const CASES: &[Case] = &[
    ("files_of_two_packages", files_of_two_packages),
    ("a_file_that_two_packages_have_is_refused", conflict_is_refused),
    ("directories_of_several_packages", directories_of_several),
    ("every_kind_of_entry", every_kind),
    ("accounts_as_busybox_adds_them", accounts),
    ("changed_configuration_is_kept", configuration),
    ("scripts_that_are_not_known_are_left", unknown_scripts),
    ("packages_that_hold_nothing", empty_packages),
];

fn files_of_two_packages(alpine: &Alpine) -> Result<(), Failed> {
    let with =
        |name: &str, content: &str| ApkPackage::new(name, "1-r0").directories(&["etc", "usr", "usr/share"]).file("usr/share/x", content);
    let packages = [
        with("a", "a").file("usr/share/only-a", ""),
        with("b", "b").field("replaces", "a"),
        with("c", "c").field("replaces", "a<1").field("origin", "same"),
        with("d", "d").field("origin", "same"),
        with("e", "e").field("replaces", "f").field("replaces_priority", "5"),
        with("f", "f").field("replaces", "e").field("replaces_priority", "3"),
        with("g", "g").field("replaces", "h>2 i"),
        with("i", "i").file("usr/share/last", "").field("replaces", "g"),
    ];
    let site = Site::new(&packages)?;
    for world in ["a b", "c d", "e f", "g i"] {
        site.compare(alpine, world)?;
    }
    Ok(())
}

fn conflict_is_refused(alpine: &Alpine) -> Result<(), Failed> {
    let with = |name: &str| ApkPackage::new(name, "1-r0").directories(&["usr"]).file("usr/x", name);
    let site = Site::new(&[with("a"), with("b"), with("c").field("replaces", "a<1")])?;
    for world in ["a b", "a c"] {
        let root = tempfile::tempdir()?;
        let run = site.apk(alpine, root.path(), &[&["add", "--initdb"], &world.split(' ').collect::<Vec<_>>()[..]].concat())?;
        ensure!(!run.status.success() && run.error.contains("trying to overwrite usr/x"), "{}", run.report("apk took it"));
        let Err(error) = site.ours(world) else { return Err(format!("{world} was installed").into()) };
        let message = error.message().unwrap_or_default();
        ensure!(message.contains("wants to overwrite `/usr/x` of `a-1-r0`"), "{message}");
    }
    Ok(())
}

fn directories_of_several(alpine: &Alpine) -> Result<(), Failed> {
    let directory = |path: &str, mode: u32| TarEntry::directory(path).mode(mode);
    let packages = [
        ApkPackage::new("a", "1").entry(directory("opt", 0o777)).entry(directory("opt/x", 0o775).owner(5)).entry(directory("tmp", 0o700)),
        ApkPackage::new("b", "1").entry(directory("opt", 0o2755)).entry(directory("opt/x", 0o711).owner(5).group(4)),
        ApkPackage::new("c", "1").entry(directory("opt", 0o1775)).entry(directory("opt/x", 0o700)).entry(directory("var/empty", 0o555)),
        ApkPackage::new("d", "1").entry(directory("proc", 0o755)).entry(directory("dev", 0o700)).file("root-file", "x"),
    ];
    let site = Site::new(&packages)?;
    for world in ["a", "a b", "a b c", "b c", "c d"] {
        site.compare(alpine, world)?;
    }
    Ok(())
}

fn every_kind(alpine: &Alpine) -> Result<(), Failed> {
    let package = ApkPackage::new("kinds", "1.2_rc3-r4")
        .directories(&["usr", "usr/lib", "usr/lib/deep"])
        .entry(TarEntry::file("usr/lib/setuid", "#!").mode(0o4755).owner(3).group(7).names("nobody-knows", "nobody-knows"))
        .entry(TarEntry::hard_link("usr/lib/deep/same", "usr/lib/setuid").mode(0o4755).owner(3).group(7))
        .entry(TarEntry::symlink("usr/lib/link", "../../etc/x"))
        .entry(TarEntry::new(b'3', "usr/lib/null").mode(0o666))
        .entry(TarEntry::new(b'4', "usr/lib/loop").mode(0o660).group(6))
        .entry(TarEntry::new(b'6', "usr/lib/pipe").mode(0o600))
        .file("usr/lib/empty", "")
        .file("usr/lib/.keep_me", "")
        .file(".hidden", "")
        .file("top", "level");
    Site::new(&[package])?.compare(alpine, "kinds")?;
    Ok(())
}

/// Alpine's base with a package that has a script before it is installed, and files of the accounts that the script adds.
fn accounts(alpine: &Alpine) -> Result<(), Failed> {
    let script = "#!/bin/sh\n\naddgroup -S -g 777 web 2>/dev/null\n\
        adduser -S -D -H -h /var/lib/web -s /sbin/nologin -G web -g 'The Web' web 2>/dev/null\n\
        addgroup web mail 2>/dev/null\naddgroup -S other || true\naddgroup -S -g 12 taken\naddgroup -S web || true\nexit 0\n";
    let package = ApkPackage::new("web", "1-r0")
        .field("depend", "alpine-baselayout busybox busybox-binsh")
        .script("pre-install", script)
        .directories(&["var", "var/lib"])
        .entry(TarEntry::directory("var/lib/web").names("web", "web").owner(1).group(2))
        .entry(TarEntry::file("var/lib/web/index", "x").mode(0o640).names("root", "web").group(5));
    let site = Site::new(&[alpine.packages()?, vec![package]].concat())?;
    let root = site.compare(alpine, "web")?;
    let shadow = fs_err::read_to_string(root.path().join("etc/shadow"))?;
    ensure!(shadow.contains("\nweb:!:19675:0:99999:7:::\n"), "{shadow}");
    Ok(())
}

/// A script changed a file of `/etc` that a later package brings too.
fn configuration(alpine: &Alpine) -> Result<(), Failed> {
    let script = "#!/bin/sh\naddgroup -S made\nexit 0\n";
    let packages = [
        ApkPackage::new("adder", "1")
            .field("depend", "alpine-baselayout busybox busybox-binsh")
            .script("post-install", script)
            .directories(&["usr"]),
        ApkPackage::new("later", "1")
            .field("depend", "adder")
            .field("replaces", "alpine-baselayout-data alpine-baselayout")
            .directories(&["etc"])
            .file("etc/group", "root:x:0:\n")
            .file("etc/motd", "another\n"),
    ];
    let site = Site::new(&[alpine.packages()?, packages.to_vec()].concat())?;
    let root = site.compare(alpine, "later")?;
    ensure!(root.path().join("etc/group.apk-new").exists(), "etc/group was overwritten");
    Ok(())
}

fn unknown_scripts(_alpine: &Alpine) -> Result<(), Failed> {
    let packages = [
        ApkPackage::new("a", "1-r2")
            .script("pre-install", "#!/bin/sh\ntouch /a\n")
            .script("post-upgrade", "#!/bin/sh\n")
            .script("trigger", "#!/bin/sh\necho \"$@\"\n")
            .field("triggers", "/usr/* /opt/?* relative /none")
            .directories(&["usr", "usr/lib", "usr/bin"]),
        ApkPackage::new("b", "2").script("post-install", "#!/bin/sh\ntouch /b\n").directories(&[
            "opt",
            "opt/x",
            "usr",
            "usr/bin",
            "usr/bin/deep",
        ]),
    ];
    let made = Site::new(&packages)?.ours("a b")?;
    let pending: Vec<_> =
        made.installed.pending.iter().map(|script| (script.package.as_str(), script.kind, script.arguments.join(" "))).collect();
    let expected = [
        ("a-1-r2", ScriptKind::PreInstall, "1-r2".to_owned()),
        ("b-2", ScriptKind::PostInstall, "2".to_owned()),
        ("a-1-r2", ScriptKind::Trigger, "/opt/x /usr/bin /usr/lib".to_owned()),
    ];
    ensure!(pending == expected, "{pending:?}");
    Ok(())
}

fn empty_packages(alpine: &Alpine) -> Result<(), Failed> {
    let packages = [
        ApkPackage::new("meta", "1").field("size", "0").field("depend", "Zed alpha").script("post-install", "#!/bin/sh\nexit 1\n"),
        ApkPackage::new("Zed", "1").directories(&["usr"]),
        ApkPackage::new("alpha", "1").field("provides", "beta=2 gamma").field("depend", "!delta beta>1"),
    ];
    Site::new(&packages)?.compare(alpine, "meta")?;
    Ok(())
}
