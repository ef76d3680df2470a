//! libsolv's own cases, from the table of facts in `data/libsolv.txt`.

use std::collections::BTreeSet;

use libtest_mimic::Failed;
use rootfs_package::rpm::compare_versions;
use rootfs_tests::{Settings, ensure};

use crate::Case;
use crate::made::{Made, Universe};
use crate::site::Site;

pub(crate) const CASES: &[Case] = &[("libsolvs_own_cases_have_the_same_results", all)];

const FACTS: &str = include_str!("../data/libsolv.txt");

/// How many cases libsolv has.
const ALL: usize = 113;

#[expect(clippy::print_stderr, reason = "figures to read, which no case depends on")]
fn all(_: &Settings) -> Result<(), Failed> {
    let text = FACTS.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    let (mut cases, mut facts, mut failures, mut skipped) = (0, 0, Vec::new(), Vec::new());
    for section in text.split("\n\n").map(str::trim).filter(|section| !section.is_empty()) {
        let (head, lines) = section.split_once('\n').ok_or("a section has no lines")?;
        let (kind, name) = head.split_once(' ').ok_or("a section has no name")?;
        let lines: Vec<&str> = lines.lines().collect();
        let results = match kind {
            "universe" => universe(&lines)?,
            "versions" => lines.iter().map(|line| version(line)).collect::<Result<Vec<_>, Failed>>()?,
            "ranges" => ranges(&lines)?,
            "skipped" => {
                skipped.push((name, lines.iter().flat_map(|line| line.split(' ')).count()));
                continue;
            }
            other => return Err(format!("`{other}` is no kind of section").into()),
        };
        cases += 1;
        facts += results.len();
        failures.extend(results.into_iter().filter_map(Result::err).map(|failure| format!("{name}: {failure}")));
    }
    ensure!(failures.is_empty(), "{} of {facts} facts don't hold:\n{}", failures.len(), failures.join("\n"));
    let absent: usize = skipped.iter().map(|(_, count)| count).sum();
    ensure!(cases + absent == ALL, "{cases} cases and {absent} that are skipped");
    let reasons: Vec<String> = skipped.iter().map(|(reason, count)| format!("{count} for {reason}")).collect();
    eprintln!("libsolv: {cases} cases with {facts} facts hold; {absent} skipped: {}", reasons.join("; "));
    Ok(())
}

/// Whether a fact holds.
type Fact = Result<(), String>;

fn hold(is_so: bool, failure: impl FnOnce() -> String) -> Fact {
    if is_so { Ok(()) } else { Err(failure()) }
}

fn universe(lines: &[&str]) -> Result<Vec<Fact>, Failed> {
    let mut repositories = vec![(99, 1000, Vec::new())];
    let mut facts = Vec::new();
    for line in lines {
        if *line == "repository" {
            repositories.push((99, 1000, Vec::new()));
        } else if let Some((_, _, packages)) = repositories.last_mut()
            && !line.starts_with("> ")
            && !line.starts_with("clauses ")
        {
            packages.push(package(line)?);
        }
    }
    let names: BTreeSet<String> = repositories.iter().flat_map(|(_, _, packages)| packages).map(|made| made.name.clone()).collect();
    let mut site = Site::of(Universe { repositories, ..Universe::default() })?;
    for line in lines {
        if let Some((words, expected)) = line.strip_prefix("> ").and_then(|line| line.split_once(" => ")) {
            let words: Vec<String> = words.split(", ").chain(["--weak", "--nobest"]).map(str::to_owned).collect();
            let found = site.resolve(&words)?.map_or("nothing".to_owned(), |selection| {
                let titles: BTreeSet<String> = selection.packages.iter().map(|package| package.nevra.to_string()).collect();
                titles.into_iter().collect::<Vec<_>>().join(" ")
            });
            facts.push(hold(found == expected, || format!("{line}, and not {found}")));
        } else if let Some((name, clauses)) = line.strip_prefix("clauses ").and_then(|line| line.split_once(": ")) {
            facts.extend(every_choice(&mut site, &names, name, clauses)?);
        }
    }
    Ok(facts)
}

/// `NAME VERSION-RELEASE ARCHITECTURE; KIND DEPENDENCY; …`
fn package(line: &str) -> Result<Made, Failed> {
    let mut parts = line.split("; ");
    let [name, evr, architecture] = parts.next().unwrap_or_default().split(' ').collect::<Vec<_>>()[..] else {
        return Err(format!("`{line}` is no package").into());
    };
    let (version, release) = evr.split_once('-').ok_or("a package has no release")?;
    let architecture = ["noarch", "x86_64", "i686", "i586"].into_iter().find(|known| *known == architecture);
    let mut made = Made {
        name: name.to_owned(),
        architecture: architecture.ok_or("an architecture is unknown")?,
        evr: (0, version.to_owned(), release.to_owned()),
        ..Made::default()
    };
    for part in parts {
        let (kind, dependency) = part.split_once(' ').ok_or("a dependency has no kind")?;
        let list = match kind {
            "requires" => &mut made.requires,
            "provides" => &mut made.provides,
            "conflicts" => &mut made.conflicts,
            "recommends" => &mut made.recommends,
            "suggests" => &mut made.suggests,
            "supplements" => &mut made.supplements,
            "enhances" => &mut made.enhances,
            other => return Err(format!("`{other}` is no kind of dependency").into()),
        };
        list.push(dependency.to_owned());
    }
    Ok(made)
}

/// A package with some of the others in, and the rest of them out, can be there if all its clauses hold, and only then.
fn every_choice(site: &mut Site, names: &BTreeSet<String>, name: &str, clauses: &str) -> Result<Vec<Fact>, Failed> {
    let others: Vec<&String> = names.iter().filter(|other| !["X", "Y"].contains(&other.as_str())).collect();
    let mut facts = Vec::new();
    for choice in 0_u32..1 << others.len() {
        let is_in = |other: &str| others.iter().position(|known| *known == other).is_some_and(|place| choice >> place & 1 == 1);
        let holds = |clause: &str| {
            clause.split(' ').any(|literal| match literal.strip_prefix('-') {
                Some(other) => !is_in(other),
                None => is_in(literal),
            })
        };
        let expected = clauses.split(", ").all(holds);
        let others = others.iter().map(|other| if is_in(other) { (*other).clone() } else { format!("-x{other}") });
        let words: Vec<String> = [name.to_owned()].into_iter().chain(others).collect();
        let found = site.resolve(&words)?.is_ok();
        facts.push(hold(found == expected, || format!("{words:?} can be: {found}")));
    }
    Ok(facts)
}

/// `VERSION SIGN VERSION`
fn version(line: &str) -> Result<Fact, Failed> {
    let [left, sign, right] = line.split(' ').collect::<Vec<_>>()[..] else {
        return Err(format!("`{line}` doesn't compare").into());
    };
    let found = match compare_versions(left, right) {
        std::cmp::Ordering::Less => "<",
        std::cmp::Ordering::Equal => "=",
        std::cmp::Ordering::Greater => ">",
    };
    Ok(hold(found == sign, || format!("{line}, and not {found}")))
}

/// Who conflicts with a range can be there with who provides another one, if they have nothing in common.
fn ranges(lines: &[&str]) -> Result<Vec<Fact>, Failed> {
    let signs = ["=", "<", ">", "<=", ">="].into_iter();
    let versions = signs.flat_map(|sign| ["1", "2", "3"].map(|version| format!("{sign} {version}")));
    let provided: Vec<String> = versions.flat_map(|version| ["", "-1", "-2", "-3"].map(|release| format!("{version}{release}"))).collect();
    let made = |name: String| Made { name, architecture: "noarch", ..Made::new_version("1") };
    let mut packages: Vec<Made> = Vec::new();
    for (number, range) in provided.iter().enumerate() {
        packages.push(Made { provides: vec![format!("B {range}")], ..made(format!("provider{number}")) });
    }
    let mut table = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let (range, marks) = line.split_once(": ").ok_or("a range has no marks")?;
        packages.push(Made { conflicts: vec![format!("B {range}")], ..made(format!("other{number}")) });
        table.push((range, marks.chars().filter(|mark| *mark != ' ').collect::<Vec<char>>()));
    }
    let mut site = Site::of(Universe { repositories: vec![(99, 1000, packages)], ..Universe::default() })?;
    let mut facts = Vec::new();
    for (other, (range, marks)) in table.iter().enumerate() {
        ensure!(marks.len() == provided.len(), "{range} has {} marks", marks.len());
        for (provider, mark) in marks.iter().enumerate() {
            let found = site.resolve(&[format!("provider{provider}"), format!("other{other}")])?.is_err();
            facts.push(hold(found == (*mark == 'x'), || format!("{range} and {}: {found}", provided[provider])));
        }
    }
    Ok(facts)
}
