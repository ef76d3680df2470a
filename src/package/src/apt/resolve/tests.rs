use rootfs_plugin::{Include, PlannedPackage};

use super::*;
use crate::apt::universe::IndexOrigin;

fn origin(suite: &str, priority: i32) -> IndexOrigin {
    IndexOrigin { repository: "test".to_owned(), suite: suite.to_owned(), aliases: Vec::new(), priority }
}

/// `NAME VERSION; Field: value; …` as an index entry.
fn entry(line: &str) -> String {
    let mut parts = line.split("; ");
    let (name, version) = parts.next().unwrap().split_once(' ').unwrap();
    let fields: String = parts.map(|field| format!("{field}\n")).collect();
    let hash = "0".repeat(64);
    format!("Package: {name}\nVersion: {version}\nArchitecture: amd64\n{fields}Filename: pool/{name}.deb\nSize: 1\nSHA256: {hash}\n\n")
}

fn universe(lines: &[&str]) -> Universe {
    let mut universe = Universe::new("amd64");
    universe.add_index(origin("stable", 500), lines.iter().map(|line| entry(line)).collect()).unwrap();
    universe
}

fn names(words: &str) -> Vec<Include> {
    words.split_whitespace().map(|name| Include::Package(PlannedPackage::Name(name.to_owned()))).collect()
}

fn chosen(universe: &Universe, include: &[Include], recommends: bool) -> Option<String> {
    let selection = resolve(universe, include, recommends).ok()?;
    Some(selection.packages.iter().map(|package| package.name.as_str()).collect::<Vec<_>>().join(" "))
}

fn failure(lines: &[&str], words: &str) -> String {
    resolve(&universe(lines), &names(words), false).unwrap_err().to_string()
}

#[test]
fn upstream_universes_resolve_as_apt_resolves_them() {
    let mut seen = 0;
    let mut lines = Vec::new();
    for line in include_str!("../../../tests/data/universes.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with("universe ") {
            lines.clear();
        } else if let Some(request) = line.strip_prefix('>') {
            let (request, recommends) = request.strip_prefix('+').map_or((request, false), |rest| (rest, true));
            let (words, expected) = request.split_once(" => ").unwrap();
            let set = chosen(&universe(&lines), &names(words), recommends);
            assert_eq!(set.as_deref().unwrap_or("nothing"), expected, "{line}");
            seen += 1;
        } else {
            lines.push(line);
        }
    }
    assert_eq!(seen, 60);
}

#[test]
fn essential_is_chosen_before_everything_else() {
    let universe = universe(&[
        "base 1; Essential: yes; Depends: x | y",
        "x 1",
        "y 1; Conflicts: x",
        "late 1; Depends: y | x",
        "req 1; Priority: required",
    ]);
    let include = [names("late"), vec![Include::Priority("required".to_owned()), Include::Essential]].concat();
    assert_eq!(chosen(&universe, &include, false).as_deref(), Some("base late req x"));
    let selection = resolve(&universe, &include, false).unwrap();
    let reasons: Vec<_> =
        selection.packages.iter().map(|package| (package.reason.to_string(), package.automatic, package.essential)).collect();
    assert_eq!(
        reasons,
        [
            ("essential".to_owned(), false, true),
            ("asked for".to_owned(), false, false),
            ("priority required".to_owned(), false, false),
            ("base depends on x | y".to_owned(), true, false),
        ]
    );
    assert_eq!(selection.why("x").iter().map(|package| package.name.as_str()).collect::<Vec<_>>(), ["x", "base"]);
}

#[test]
fn the_newest_of_the_preferred_suites_is_taken() {
    let mut universe = universe(&["a 1", "b 1"]);
    universe.add_index(origin("updates", 500), entry("a 2; Depends: b")).unwrap();
    universe.add_index(origin("backports", 100), entry("a 3; Depends: b (>= 2)") + &entry("b 2")).unwrap();
    let version = |words: &str, name: &str| {
        let selection = resolve(&universe, &names(words), false).unwrap();
        selection.get(name).map(|package| package.version.clone())
    };
    assert_eq!(version("a", "a").as_deref(), Some("2"));
    assert_eq!(version("a=1", "a").as_deref(), Some("1"));
    assert_eq!(version("a/backports", "b").as_deref(), Some("2"));
    assert_eq!(version("a:amd64", "b").as_deref(), Some("1"));
    assert!(matches!(resolve(&universe, &names("a=9"), false), Err(ResolveError::UnknownVersion { .. })));
}

#[test]
fn what_apt_gives_up_is_searched_for() {
    // Both take their first alternative, and those exclude each other only further down.
    let universe =
        universe(&["a 1; Depends: l | n", "l 1; Depends: deep", "deep 1; Breaks: m", "n 1", "b 1; Depends: m", "m 1; Depends: o", "o 1"]);
    assert_eq!(chosen(&universe, &names("a b"), false).as_deref(), Some("a b m n o"));
}

#[test]
fn failures_say_who_needs_what() {
    assert_eq!(failure(&["vim 1"], "vmi"), "no repository has a package `vmi`");
    let near = resolve(&universe(&["vim 1", "emacs 1"]), &names("vmi"), false).unwrap_err().hint();
    assert_eq!(near.as_deref(), Some("did you mean vim?"));
    assert_eq!(failure(&["p 1; Provides: v", "q 1; Provides: v"], "v"), "`v` is a virtual package, provided by p, q");
    assert_eq!(
        failure(&["a 1; Depends: b", "b 1; Depends: c (>= 2)", "c 1"], "a"),
        "b 1 (stable) can't be installed: it depends on c (>= 2), but c is 1 (stable); it is there for a (asked for), a depends on b"
    );
    assert_eq!(
        failure(&["a 1; Depends: b", "b 1; Conflicts: c", "c 1", "d 1; Depends: c"], "a d"),
        "b conflicts with c (c); b is there for a (asked for), a depends on b; c is there for d (asked for), d depends on c"
    );
}

#[test]
fn malformed_entries_hurt_only_who_needs_them() {
    let universe = universe(&["a 1", "b 1; Depends: c [amd64]", "d 1; Depends: b | a", "e 1; Provides: |"]);
    assert_eq!(chosen(&universe, &names("d"), false).as_deref(), Some("a d"));
    assert!(matches!(resolve(&universe, &names("b"), false), Err(ResolveError::Unreadable { .. })));
    let mut bare = Universe::new("amd64");
    bare.add_index(origin("x", 500), "Package: a\nVersion: 1\nArchitecture: all\n".to_owned()).unwrap();
    assert!(matches!(resolve(&bare, &names("a"), false), Err(ResolveError::Entry { field: "Filename", .. })));
    for (name, version) in [("", "1"), ("a", ""), ("../a", "1"), ("a/b", "1"), ("a", "1/2"), ("a", "1 2")] {
        let text = format!("Package: {name}\nVersion: {version}\nArchitecture: all\n");
        assert!(bare.add_index(origin("x", 500), text).is_err(), "{name} {version}");
    }
    for path in ["../a.deb", "/etc/passwd", "a/../../b"] {
        let mut bad = Universe::new("amd64");
        bad.add_index(origin("x", 500), entry("a 1").replace("pool/a.deb", path)).unwrap();
        assert!(matches!(resolve(&bad, &names("a"), false), Err(ResolveError::Entry { field: "Filename", .. })), "{path}");
    }
}

#[test]
fn a_long_chain_ends() {
    let lines: Vec<_> = (0..2500).map(|number| format!("p{number} 1; Depends: p{}", number + 1)).chain(["p2500 1".to_owned()]).collect();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    assert_eq!(resolve(&universe(&lines), &names("p0"), false).unwrap().packages.len(), 2501);
    let endless: Vec<_> = (0..3500).map(|number| format!("p{number} 1; Depends: p{}", (number + 1) % 3500)).collect();
    let endless: Vec<_> = endless.iter().map(String::as_str).collect();
    let _ends = resolve(&universe(&endless), &names("p0"), false);
}
