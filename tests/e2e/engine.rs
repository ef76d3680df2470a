//! How packages are installed, against apt and dpkg: the same small packages by both, and then their files, their states and the order in which
//! their scripts ran.

use std::path::{Path, PathBuf};

use rootfs_tests::{
    Case, Chroot, Deb, Failed, Mirror, Need, Origin, Reference, Release, Repository, Stanza, Validity, Workbench, ensure, findings,
    read_status,
};

const NEEDS: &[Need] = &[
    Need::Product,
    Need::Root,
    Need::Debian,
    Need::Judge("mmdebstrap"),
    Need::Judge("unshare"),
    Need::Judge("gpg"),
    Need::Judge("dpkg-deb"),
    Need::Judge("tar"),
];

type Compare = fn(&Path, &Path) -> Result<(), Failed>;

pub(crate) fn cases() -> Vec<Case> {
    let case = |name: &str, compare: Compare| {
        Case::new(format!("engine::{name}"), NEEDS, move |workbench| compare(&our_tree(workbench)?, &their_tree(workbench)?))
    };
    let orders = ORDERS.iter().flat_map(|(name, lines)| {
        [
            Case::new(format!("engine::{name}"), NEEDS, |workbench| expect_order(&our_tree(workbench)?, lines)),
            Case::new(format!("judges::{name}, by apt"), &NEEDS[1..], |workbench| expect_order(&their_tree(workbench)?, lines)),
        ]
    });
    vec![
        case("dpkg finds nothing", |ours, _| expect_no_findings(ours)),
        Case::new("judges::the engine's packages are sound by apt", &NEEDS[1..], |workbench| expect_no_findings(&their_tree(workbench)?)),
        case("states are dpkg's", same_states),
        case("lists and scripts are dpkg's", same_database),
        case("diversions are honoured", same_diversions),
        case("overrides of modes and owners are honoured", same_overrides),
        case("replaced files have the taker's content", same_replaced_files),
        case("scripts run with dpkg's arguments, in its order for each package", same_scripts),
    ]
    .into_iter()
    .chain(orders)
    .collect()
}

/// What must come before what in the log of scripts.
const ORDERS: &[(&str, &[&str])] = &[
    ("pre-dependencies are configured before preinst", &["base-of-early postinst configure", "early preinst install"]),
    ("dependencies are configured first", &["provider postinst configure", "consumer postinst configure"]),
    ("triggers run after what triggers them", &["watcher postinst configure", "watched postinst configure", "watcher postinst triggered"]),
];

/// Every package of the cases; together they can be installed at once.
fn packages() -> Vec<Deb> {
    let divert = "dpkg-divert --package diverter --add --rename --divert /usr/bin/tool.plain /usr/bin/tool";
    let set_override = "dpkg-statoverride --list /usr/bin/guarded > /dev/null || dpkg-statoverride --add daemon adm 2750 /usr/bin/guarded";
    vec![
        Deb::new("diverter", "1.0").file("/usr/bin/tool", "diverter's\n").script("preinst", divert),
        // With a file of its own: dpkg forgets a package all of whose files others have.
        Deb::new("tool", "1.0").field("Pre-Depends", "diverter").file("/usr/bin/tool", "tool's\n").file("/usr/share/tool/readme", "x\n"),
        Deb::new("overrider", "1.0").script("postinst", set_override),
        Deb::new("guarded", "1.0").field("Pre-Depends", "overrider").file("/usr/bin/guarded", "x\n"),
        Deb::new("old-owner", "1.0").file("/usr/share/moved", "old\n").file("/usr/share/kept", "kept\n"),
        Deb::new("new-owner", "1.0")
            .field("Replaces", "old-owner (<< 2)")
            .field("Pre-Depends", "old-owner")
            .file("/usr/share/moved", "new\n"),
        Deb::new("settings", "1.0").conffile("/etc/settings/main.conf", "a = 1\n").conffile("/etc/settings/more.conf", "b = 2\n"),
        Deb::new("watcher", "1.0").triggers("interest-noawait /usr/share/watched\ninterest watcher-asked").script("postinst", ""),
        Deb::new("watched", "1.0").field("Pre-Depends", "watcher").file("/usr/share/watched/file", "x\n").script("postinst", ""),
        Deb::new("asker", "1.0").field("Pre-Depends", "watcher").triggers("activate-noawait watcher-asked").script("postinst", ""),
        Deb::new("base-of-early", "1.0").script("preinst", "").script("postinst", ""),
        Deb::new("early", "1.0").field("Pre-Depends", "base-of-early").script("preinst", "").script("postinst", ""),
        Deb::new("provider", "1.0").field("Provides", "service (= 3)").script("postinst", ""),
        Deb::new("consumer", "1.0").field("Depends", "service (>= 2)").script("postinst", "").script("prerm", "").script("postrm", ""),
        Deb::new("linker", "1.0").file("/usr/share/linker/target", "t\n").link("/usr/share/linker/link", "target"),
        Deb::new("config-user", "1.0").conffile("/etc/linker.conf", "").link("/etc/linker-link.conf", "linker.conf"),
    ]
}

/// The small repository, minbase with all its packages by mmdebstrap in `theirs`; made once in a run.
fn their_tree(workbench: &Workbench) -> Result<PathBuf, Failed> {
    let tree = workbench.once("engine", |path| {
        fs_err::create_dir(path)?;
        let (repository, mirror) = publish()?;
        let archive = path.join("theirs.tar");
        let source = repository.source(&mirror.url());
        Reference::with_sources(workbench, Release::Trixie, &names(), &[source], &archive)?.unpack(&path.join("theirs"))
    });
    Ok(tree?.join("theirs"))
}

/// The same by us.
fn our_tree(workbench: &Workbench) -> Result<PathBuf, Failed> {
    workbench.once("engine-ours", |path| {
        let (repository, mirror) = publish()?;
        let run = workbench.product().minbase(Release::Trixie)?.arg("--repo").arg(repository.source(&mirror.url()));
        run.arg("--extra-pkg").arg(names().join(",")).into_directory(path).run()?.success().map(drop)
    })
}

fn publish() -> Result<(Repository, Mirror), Failed> {
    let repository = Repository::new()?;
    repository.publish(&packages(), Validity::Unlimited)?;
    let mirror = Mirror::start(Origin::Directory(repository.path().to_path_buf()))?;
    Ok((repository, mirror))
}

fn names() -> Vec<String> {
    packages().iter().map(|package| package.name().to_owned()).collect()
}

fn expect_no_findings(tree: &Path) -> Result<(), Failed> {
    let found = findings(tree)?;
    ensure!(found.is_empty(), "{}", found.join("\n"));
    Ok(())
}

fn same_states(ours: &Path, theirs: &Path) -> Result<(), Failed> {
    let by_name = |tree: &Path| -> Result<std::collections::BTreeMap<String, Stanza>, Failed> {
        let named = read_status(tree)?.into_iter().map(|stanza| (stanza.get("Package").cloned().unwrap_or_default(), stanza));
        Ok(named.collect())
    };
    let (ours, theirs) = (by_name(ours)?, by_name(theirs)?);
    for (name, expected) in &theirs {
        ensure!(ours.get(name) == Some(expected), "{name} is\n{:#?}\nand by dpkg\n{expected:#?}", ours.get(name));
    }
    ensure!(ours.len() == theirs.len(), "{} packages and {}", ours.len(), theirs.len());
    Ok(())
}

/// Everything below `/var/lib/dpkg/info`: lists as sets of lines (dpkg keeps the archive's order, apt may unpack in another), the rest to the byte.
fn same_database(ours: &Path, theirs: &Path) -> Result<(), Failed> {
    let read = |tree: &Path| -> Result<std::collections::BTreeMap<String, String>, Failed> {
        let entries = fs_err::read_dir(tree.join("var/lib/dpkg/info"))?;
        entries
            .map(|entry| {
                let path = entry?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let mut text = String::from_utf8_lossy(&fs_err::read(&path)?).into_owned();
                if name.ends_with(".list") {
                    let mut lines: Vec<&str> = text.lines().collect();
                    lines.sort_unstable();
                    text = lines.join("\n");
                }
                Ok((name, text))
            })
            .collect()
    };
    let (ours, theirs) = (read(ours)?, read(theirs)?);
    let names = |only: &std::collections::BTreeMap<String, String>, other: &std::collections::BTreeMap<String, String>| {
        only.iter().filter(|(name, text)| other.get(*name) != Some(text)).map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let (added, missing) = (names(&ours, &theirs), names(&theirs, &ours));
    ensure!(added.is_empty() && missing.is_empty(), "other than dpkg's: {added:?}; dpkg's and not ours: {missing:?}");
    Ok(())
}

fn same_diversions(ours: &Path, theirs: &Path) -> Result<(), Failed> {
    // dpkg names owners in the order in which their lists lie on the disk.
    same_answer(
        ours,
        theirs,
        "dpkg-divert --list; cat /usr/bin/tool /usr/bin/tool.plain; dpkg -S /usr/bin/tool | tr -s ',: ' '\\n' | sort",
    )?;
    ensure!(fs_err::read_to_string(ours.join("usr/bin/tool.plain"))? == "tool's\n", "tool's file was not diverted");
    Ok(())
}

fn same_overrides(ours: &Path, theirs: &Path) -> Result<(), Failed> {
    same_answer(ours, theirs, "dpkg-statoverride --list; stat -c '%U %G %a' /usr/bin/guarded")?;
    let answer = Chroot::new(ours).prints("stat -c '%U %G %a' /usr/bin/guarded")?;
    ensure!(answer == "daemon adm 2750\n", "/usr/bin/guarded is {answer}");
    Ok(())
}

fn same_replaced_files(ours: &Path, theirs: &Path) -> Result<(), Failed> {
    same_answer(ours, theirs, "cat /usr/share/moved; dpkg -L old-owner | sort; dpkg -L new-owner | sort; dpkg -S /usr/share/moved")?;
    ensure!(fs_err::read_to_string(ours.join("usr/share/moved"))? == "new\n", "the file was not taken over");
    Ok(())
}

fn same_scripts(ours: &Path, theirs: &Path) -> Result<(), Failed> {
    for package in packages() {
        let of_package = |tree: &Path| -> Result<Vec<String>, Failed> {
            let start = format!("{} ", package.name());
            let log = fs_err::read_to_string(tree.join("var/log/scripts"))?;
            Ok(log.lines().filter(|line| line.starts_with(&start)).map(|line| line.trim_end().to_owned()).collect())
        };
        let (ours, theirs) = (of_package(ours)?, of_package(theirs)?);
        ensure!(ours == theirs, "{}: {ours:?}, and by dpkg {theirs:?}", package.name());
    }
    Ok(())
}

fn expect_order(tree: &Path, lines: &[&str]) -> Result<(), Failed> {
    let log = fs_err::read_to_string(tree.join("var/log/scripts"))?;
    let mut rest = log.as_str();
    for line in lines {
        let Some(at) = rest.find(line) else { return Err(format!("`{line}` is missing, or too early, in\n{log}").into()) };
        rest = &rest[at..];
    }
    Ok(())
}

fn same_answer(ours: &Path, theirs: &Path, script: &str) -> Result<(), Failed> {
    let (ours, theirs) = (Chroot::new(ours).prints(script)?, Chroot::new(theirs).prints(script)?);
    ensure!(ours == theirs, "ours:\n{ours}\ndpkg's:\n{theirs}");
    Ok(())
}
