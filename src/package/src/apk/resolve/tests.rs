use std::collections::BTreeMap;

use super::*;
use crate::apk::{Sha1Sum, Version, parse_index, parse_world};

/// Fields of the data file as an index has them.
fn package(line: &str) -> IndexPackage {
    let (start, fields) = line.split_once("; ").unwrap_or((line, ""));
    let [name, version, identity] = start.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
    // Some of the identities differ beyond their 20th byte only: they are one package.
    let identity = identity.parse().unwrap_or_else(|_short| Sha1Sum::of(identity.as_bytes()));
    let text = format!("C:{identity}\nP:{name}\nV:{version}\nI:1\n{}\n", fields.replace("; ", "\n"));
    parse_index(&text).unwrap().remove(0)
}

fn shown(result: &Result<Selection<'_>, ResolveError>) -> String {
    match result {
        Ok(selection) => selection.packages.iter().fold("=".to_owned(), |text, selected| {
            let tag = selected.tag.as_ref().map_or_else(String::new, |tag| format!("@{tag}"));
            format!("{text} {}{tag}", selected.package.title())
        }),
        Err(ResolveError::Unsatisfiable { problems }) => {
            let problem = |problem: &Problem| problem.to_string().replace("\n  ", " | ");
            format!("! {}", problems.iter().map(problem).collect::<Vec<_>>().join(" ;; "))
        }
        Err(error) => format!("! {error}"),
    }
}

/// The order of what stands under one heading is that of apk's hash tables; it means nothing.
fn normal(text: &str) -> String {
    let line = |line: &str| match line.split_once(": ") {
        Some((heading, reasons)) if line.starts_with("satisfies") || line.starts_with("conflicts") || line.starts_with("required by") => {
            let mut reasons: Vec<_> = reasons.split(' ').collect();
            reasons.sort_unstable();
            format!("{heading}: {}", reasons.join(" "))
        }
        _ => line.to_owned(),
    };
    // Ours says more than apk.
    let is_apks = |line: &&str| !line.starts_with("which is for: ");
    text.split(" ;; ")
        .map(|problem| problem.split(" | ").filter(is_apks).map(line).collect::<Vec<_>>().join(" | "))
        .collect::<Vec<_>>()
        .join(" ;; ")
}

#[test]
fn apks_own_cases() {
    let mut repositories: BTreeMap<&str, Vec<IndexPackage>> = BTreeMap::new();
    let (mut open, mut count, mut failed) = ("", 0, Vec::new());
    let mut lines = include_str!("../../../tests/data/apk-solver.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("repository ") {
            open = name;
            repositories.insert(name, Vec::new());
        } else if let Some(case) = line.strip_prefix("case ") {
            let (name, rest) = case.split_once(": ").unwrap();
            let [used, world, added] = rest.split(';').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let mut universe = Universe::new("x86_64");
            for repository in used.split_ascii_whitespace() {
                let (tag, repository) = repository.split_once(':').map_or((None, repository), |(tag, name)| (Some(tag), name));
                universe.add_repository(repository, tag, repositories[repository].clone()).unwrap();
            }
            let world = parse_world(&format!("{world} {added}")).unwrap();
            let (found, expected) = (shown(&resolve(&universe, &world)), lines.next().unwrap());
            count += 1;
            if normal(&found) != normal(expected) {
                failed.push(format!("{name}:\n  expected {expected}\n  found    {found}"));
            }
        } else {
            repositories.get_mut(open).unwrap().push(package(line));
        }
    }
    assert!(failed.is_empty(), "{} of {count} failed:\n{}", failed.len(), failed.join("\n"));
    assert!(count >= 43);
}

fn universe(lines: &[&str]) -> Universe {
    let mut universe = Universe::new("x86_64");
    let packages = lines.iter().enumerate().map(|(at, line)| {
        let (start, fields) = line.split_once("; ").unwrap_or((line, ""));
        package(&format!("{start} {at}; {fields}"))
    });
    universe.add_repository("main", None, packages.collect()).unwrap();
    universe
}

fn solve(universe: &Universe, world: &str) -> String {
    shown(&resolve(universe, &parse_world(world).unwrap()))
}

#[test]
fn versions_repositories_and_identities() {
    let mut universe = universe(&["a 1", "a 2", "a 3_rc1"]);
    assert_eq!(solve(&universe, "a"), "= a-3_rc1");
    assert_eq!(solve(&universe, "a~2"), "= a-2");
    assert_eq!(solve(&universe, "a<2"), "= a-1");
    assert_eq!(solve(&universe, &format!("a><{}", Sha1Sum::of(b"1"))), "= a-2");
    let again = |identity: &[u8], version| IndexPackage {
        identity: Sha1Sum::of(identity),
        name: "a".to_owned(),
        version: Version::new(version),
        installed_size: 1,
        ..IndexPackage::default()
    };
    let later = universe.add_repository("community", None, vec![again(b"other", "3_rc1"), again(b"new", "4")]).unwrap();
    let chosen = |world: &str| {
        let world = parse_world(world).unwrap();
        resolve(&universe, &world).unwrap().packages[0].repository.map(RepositoryId::index)
    };
    assert_eq!((chosen("a<4"), chosen("a"), universe.repository(later)), (Some(0), Some(1), "community"));
}

#[test]
fn what_can_not_be_used_is_told_when_it_is_missed() {
    let mut universe = universe(&["a 1; D:b"]);
    let mut later = package("b 2 x");
    later.unusable = Some("its field `X` is not known".to_owned());
    let foreign = IndexPackage { architecture: Some("armv7".to_owned()), ..package("c 1 y") };
    universe.add_repository("edge", None, vec![later, foreign]).unwrap();
    assert_eq!(
        solve(&universe, "a"),
        "! b (no such package): | note: b-2 can't be used here: its field `X` is not known | required by: a-1[b] | which is for: world[a]"
    );
    assert_eq!(solve(&universe, "c !d"), "! c (no such package): | required by: world[c]");
    let error = resolve(&universe, &parse_world("a@edge").unwrap()).unwrap_err();
    assert!(matches!(&error, ResolveError::UnknownTag { dependency } if dependency == "a@edge") && error.hint().is_some());
}

/// As many packages as Alpine has, in several versions, that need and provide each other's libraries: a few are asked for, and all of them.
#[test]
fn as_many_packages_as_alpine_has() {
    const COUNT: usize = 20_000;
    let line = |at: usize| {
        let needs: Vec<_> = (1..6).map(|step| format!("so:lib{}.so.1>=1", (at * 7 + step * 13) % (at + 1))).collect();
        format!(
            "p{at} {}; D:{} p0; p:so:lib{at}.so.1={} cmd:tool{}; i:p{} p{}",
            1 + at % 3,
            needs.join(" "),
            1 + at % 3,
            at % 50,
            at / 2,
            at / 3
        )
    };
    let lines: Vec<String> = (0..COUNT).map(line).collect();
    let universe = universe(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let count = |world: &str| resolve(&universe, &parse_world(world).unwrap()).unwrap().packages.len();
    assert!(count("p19999 p12345") > 2);
    let all: Vec<_> = (0..COUNT).map(|at| format!("p{at}")).collect();
    assert_eq!(count(&all.join(" ")), COUNT);
}

#[test]
fn who_needs_what_is_told_up_to_the_world() {
    let universe = universe(&["a 1; D:b", "b 1; D:c>1 d", "c 2; D:missing", "d 1; p:virtual", "e 1; D:virtual"]);
    let told = solve(&universe, "a e");
    assert!(told.contains("missing (no such package): | required by: c-2[missing] | which is for: world[a] a-1[b] b-1[c>1]"), "{told}");
    assert!(told.contains("! ") && !told.contains("virtual (virtual)"), "{told}");
    assert!(solve(&universe, "e").contains("virtual (virtual): | note: "), "{told}");
}

#[test]
fn chains_of_any_length_and_circles() {
    let lines: Vec<String> = (0..30_000).map(|at| format!("p{at} 1; D:p{}", (at + 1) % 30_000)).collect();
    let universe = universe(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(resolve(&universe, &parse_world("p0").unwrap()).unwrap().packages.len(), 30_000);
}
