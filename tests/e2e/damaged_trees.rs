//! The judges of trees are shown to say no: on a sound tree of mmdebstrap's they find nothing, on the same tree damaged they do.

use std::path::{Path, PathBuf};

use rootfs_tests::{Case, Failed, Listing, Need, Reference, Release, Workbench, copy_tree, ensure, findings, package_set, read_status};

const NEEDS: &[Need] = &[Need::Root, Need::Debian, Need::Judge("mmdebstrap"), Need::Judge("unshare"), Need::Judge("tar")];

pub(crate) fn cases() -> Vec<Case> {
    let case = |name: &str, body: fn(&Workbench, &Path) -> Result<(), Failed>| {
        Case::new(format!("judges::{name}"), NEEDS, move |workbench| {
            let scratch = workbench.scratch()?;
            let tree = scratch.path().join("tree");
            copy_tree(&sound_tree(workbench)?, &tree)?;
            body(workbench, &tree)
        })
    };
    vec![
        case("a sound tree is accepted", |_, tree| {
            let found = findings(tree)?;
            ensure!(found.is_empty(), "{}", found.join("\n"));
            Ok(())
        }),
        case("a changed file is found", |_, tree| {
            fs_err::write(tree.join("usr/bin/true"), "no longer")?;
            expect_finding(tree, "/usr/bin/true")
        }),
        case("a missing file is found", |_, tree| {
            fs_err::remove_file(tree.join("usr/share/doc/apt/copyright"))?;
            expect_finding(tree, "/usr/share/doc/apt/copyright")
        }),
        case("a package half configured is found", |_, tree| {
            change_status(tree, "Package: mawk\nStatus: install ok installed", "Package: mawk\nStatus: install ok half-configured")?;
            expect_finding(tree, "mawk is install ok half-configured")?;
            expect_finding(tree, "dpkg --audit: ")
        }),
        case("a missing list of files is found", |_, tree| {
            fs_err::remove_file(tree.join("var/lib/dpkg/info/mawk.list"))?;
            expect_finding(tree, "mawk")
        }),
        case("a pending trigger is found", |_, tree| {
            fs_err::write(tree.join("var/lib/dpkg/triggers/Unincorp"), "ldconfig libc-bin\n")?;
            expect_finding(tree, "triggers/Unincorp is not empty")
        }),
        case("a file left by unpacking is found", |_, tree| {
            fs_err::write(tree.join("etc/passwd.dpkg-new"), "")?;
            expect_finding(tree, "/etc/passwd.dpkg-new was left behind")
        }),
        case("a set with another package is another set", |workbench, tree| {
            change_status(tree, "Package: mawk\n", "Package: gawk\n")?;
            let expected = Reference::of(workbench, Release::Trixie, &[])?.packages()?;
            ensure!(package_set(&read_status(tree)?) != expected, "the sets are equal");
            Ok(())
        }),
        case("a changed owner is a difference", |workbench, tree| {
            let sound = Listing::of(&sound_tree(workbench)?)?;
            fs_err::os::unix::fs::chown(tree.join("etc/passwd"), Some(1), None)?;
            let differences = sound.differences(&Listing::of(tree)?);
            ensure!(differences.len() == 1 && differences[0].starts_with("/etc/passwd: "), "{differences:?}");
            Ok(())
        }),
    ]
}

/// Made by mmdebstrap; no case may change it.
pub(crate) fn sound_tree(workbench: &Workbench) -> Result<PathBuf, Failed> {
    workbench.once("mmdebstrap-minbase", |path| Reference::of(workbench, Release::Trixie, &[])?.unpack(path))
}

fn expect_finding(tree: &Path, text: &str) -> Result<(), Failed> {
    let found = findings(tree)?;
    ensure!(found.iter().any(|finding| finding.contains(text)), "`{text}` is not among {found:?}");
    Ok(())
}

fn change_status(tree: &Path, from: &str, to: &str) -> Result<(), Failed> {
    let file = tree.join("var/lib/dpkg/status");
    let text = fs_err::read_to_string(&file)?;
    ensure!(text.contains(from), "the status file has no `{from}`");
    Ok(fs_err::write(file, text.replacen(from, to, 1))?)
}
