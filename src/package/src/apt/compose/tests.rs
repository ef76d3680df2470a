use std::collections::BTreeMap;

use rootfs_tree::Digest;

use super::*;
use crate::deb::DebEntry;
use crate::payload::EntryKind;

/// A package of scripts, which are linked to nothing. Directories are made by the files in them.
fn package(name: &str, directory: &std::path::Path, entries: &[(&str, EntryKind)]) -> (LockedPackage, DebLayer) {
    let data = directory.join(name);
    fs_err::write(&data, "#!/bin/sh\n").unwrap();
    let entry = |(path, kind): &(&str, EntryKind)| DebEntry {
        path: path.as_bytes().to_vec(),
        kind: kind.clone(),
        mode: 0o755,
        uid: 0,
        gid: 0,
        mtime: 5,
        md5: kind.file().map(|_| [0; 16]),
    };
    let layer = DebLayer { control: BTreeMap::new(), data, entries: entries.iter().map(entry).collect() };
    let package = LockedPackage {
        name: name.to_owned(),
        version: "1".to_owned(),
        architecture: "amd64".to_owned(),
        repository: "debian".to_owned(),
        path: "pool/x.deb".to_owned(),
        size: 1,
        sha256: Digest([0; 32]),
        automatic: false,
        essential: false,
        build: None,
    };
    (package, layer)
}

fn file() -> EntryKind {
    EntryKind::File { offset: 0, length: 10, sha256: Digest([1; 32]) }
}

fn composed(picks: &[(&str, &[&str])], except: &[&str]) -> Result<Vec<String>, String> {
    let directory = tempfile::tempdir().unwrap();
    let link = EntryKind::Symlink(b"one".to_vec());
    let hard = EntryKind::Hardlink(b"bin/one".to_vec());
    let packages = [
        package("a", directory.path(), &[("bin/one", file()), ("bin/two", link), ("usr/bin/three", hard), ("usr/share/doc/a/x", file())]),
        package("b", directory.path(), &[("usr/bin/four", file()), ("etc/b", file())]),
    ];
    let packages: Vec<_> = packages.iter().map(|(package, layer)| (package, layer)).collect();
    let picks = picks
        .iter()
        .map(|(package, files)| Pick { package: (*package).to_owned(), files: files.iter().map(|file| (*file).to_owned()).collect() });
    let selection = Selection { picks: picks.collect(), except: except.iter().map(|text| (*text).to_owned()).collect() };
    let tree = compose(&selection, &packages, None, Architecture::X86_64, true, Time::default()).map_err(|error| error.to_string())?;
    Ok(tree
        .walk()
        .filter(|entry| tree.file(entry.id).is_some() || matches!(tree.node(entry.id).kind, Kind::Symlink(_)))
        .map(|entry| {
            let package = tree.node(entry.id).package.map(|id| tree.package(id).to_owned()).unwrap_or_default();
            format!("{} {package}", String::from_utf8(entry.path).unwrap())
        })
        .filter(|line| !line.ends_with(' '))
        .collect())
}

#[test]
fn a_whole_package_comes_without_what_is_excepted() {
    let tree = composed(&[("a", &[])], &["/usr/share/doc/"]).unwrap();
    assert_eq!(tree, ["/usr/bin/one a", "/usr/bin/three a", "/usr/bin/two a"]);
}

#[test]
fn files_are_picked_by_the_path_under_a_merged_usr() {
    let tree = composed(&[("a", &["/usr/bin/one"]), ("b", &["/etc/*"])], &[]).unwrap();
    assert_eq!(tree, ["/etc/b b", "/usr/bin/one a"]);
}

#[test]
fn a_pick_that_takes_nothing_is_an_error() {
    assert_eq!(
        composed(&[("a", &["/usr/bin/none", "/x"])], &[]).unwrap_err(),
        "a has none of the files that are taken from it: /usr/bin/none /x"
    );
    assert_eq!(composed(&[("c", &[])], &[]).unwrap_err(), "no package `c` is among those that files are taken from");
}
