//! Versions, atoms and dependency strings, as portage reads them.

use std::cmp::Ordering;

use libtest_mimic::Failed;
use rootfs_package::portage::{Atom, AtomCandidate, AtomSyntax, DependencyList, Eapi, Need, Operator, SlotOperator, Version, split_cpv};
use rootfs_tests::{Portage, Process, ensure};
use serde_json::{Value, json};

use crate::Case;
use crate::ask::ask;
use crate::made::{self, Random};

pub(crate) const CASES: &[Case] = &[
    ("versions_are_ordered_alike", versions),
    ("atoms_are_read_alike", atoms),
    ("atoms_mean_the_same_packages", matches),
    ("portages_own_tests_of_atoms_pass", own_tests),
    ("functions_of_ebuilds_are_answered_alike", answered),
    ("of_dependency_strings_the_same_remains", reduced),
];

/// What portage's own tests compare (`lib/portage/tests/versions`), as facts: left, right, how they stand to each other.
const FACTS: &str = "6.0 > 5.0, 5.0 > 5, 1.0-r1 > 1.0-r0, 1.0-r1 > 1.0, 999999999999999999999999999999 > 999999999999999999999999999998, \
    1.0.0 > 1.0, 1.0.0 > 1.0b, 1b > 1, 1b_p1 > 1_p1, 1.1b > 1.1, 12.2.5 > 12.2b, 4.0 < 5.0, 5 < 5.0, 1.0_pre2 < 1.0_p2, 1.0_alpha2 < 1.0_p2, \
    1.0_alpha1 < 1.0_beta1, 1.0_beta3 < 1.0_rc3, 1.001000000000000000001 < 1.001000000000000000002, 1.00100000000 < 1.0010000000000000001, \
    1.01 < 1.1, 1.0-r0 = 1.0, 1.0-r0 < 1.0-r1, 1.0_alpha < 1.0_pre, 1.0_beta > 1.0_alpha, 0 < 0.0, 12.2b > 12.2, 2_alpha < 2";

/// How many questions are asked of each kind.
const QUESTIONS: usize = 3000;

fn compare(left: &str, right: &str) -> Option<Ordering> {
    Some(Version::parse(left).ok()?.compare(&Version::parse(right).ok()?))
}

fn versions(portage: &Portage) -> Result<(), Failed> {
    for fact in FACTS.split(',') {
        let [left, sign, right] = fact.split_whitespace().collect::<Vec<_>>()[..] else { return Err(fact.into()) };
        let expected = match sign {
            "<" => Ordering::Less,
            ">" => Ordering::Greater,
            _ => Ordering::Equal,
        };
        ensure!(compare(left, right) == Some(expected), "{left} {sign} {right}");
    }
    let mut random = Random::new(1);
    let questions: Vec<_> = (0..QUESTIONS).map(|_| made::versions(&mut random)).collect();
    let asked: Vec<Value> = questions.iter().map(|question| json!(question)).collect();
    let mut counts = [0; 4];
    for ([left, right], answer) in questions.iter().zip(ask(portage, "versions", &asked)?) {
        let expected = answer.as_i64().map(|sign| sign.cmp(&0));
        // Of the same text portage says that it is equal, whatever it is.
        if left == right {
            continue;
        }
        ensure!(compare(left, right) == expected, "{left} and {right}: {:?}, portage says {expected:?}", compare(left, right));
        counts[expected.map_or(3, |order| if order.is_lt() { 0 } else { 1 + usize::from(order.is_gt()) })] += 1;
    }
    ensure!(counts.iter().all(|count| *count > 30), "not every answer was given: {counts:?}");
    Ok(())
}

/// An atom as portage tells it.
fn told(atom: &Atom) -> Value {
    let constraint = atom.version.as_ref();
    let operator = constraint.map(|constraint| match constraint.operator {
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::Equal => "=",
        Operator::Prefix | Operator::Contains => "=*",
        Operator::AnyRevision => "~",
        Operator::GreaterOrEqual => ">=",
        Operator::Greater => ">",
    });
    let version = constraint.map(|constraint| match &constraint.version {
        Some(version) => version.to_string(),
        None => format!("*{}*", constraint.contained),
    });
    let slot_operator = atom.slot_operator.map(|operator| if operator == SlotOperator::Any { "*" } else { "=" });
    let build = constraint.and_then(|constraint| constraint.build_id);
    json!([atom.category_and_name(), operator, version, atom.slot, atom.sub_slot, slot_operator, atom.repository, build])
}

fn atoms(portage: &Portage) -> Result<(), Failed> {
    let mut random = Random::new(2);
    let questions: Vec<(String, Option<&str>)> = (0..QUESTIONS * 2)
        .map(|_| (made::atom(&mut random), [None, Some("0"), Some("3"), Some("4"), Some("5"), Some("8")][random.below(6)]))
        .collect();
    let asked: Vec<Value> = questions.iter().map(|question| json!(question)).collect();
    let mut valid = 0;
    for ((text, eapi), answer) in questions.iter().zip(ask(portage, "atoms", &asked)?) {
        let syntax = eapi.and_then(Eapi::parse).map_or(AtomSyntax::Pattern, AtomSyntax::Dependency);
        let ours = Atom::parse(text, syntax).map_or(Value::Null, |atom| told(&atom));
        ensure!(ours == answer, "{text} in EAPI {eapi:?}: {ours}, portage says {answer}");
        valid += usize::from(!answer.is_null());
    }
    ensure!(valid > QUESTIONS / 4 && valid < QUESTIONS * 2 - QUESTIONS / 4, "{valid} were valid");
    Ok(())
}

/// A package that an atom may mean.
struct Sample {
    cpv: String,
    slot: String,
    enabled: String,
    iuse: String,
    repository: String,
}

impl Sample {
    fn shown(&self) -> String {
        format!("{} in slot {} with `{}` of `{}`", self.cpv, self.slot, self.enabled, self.iuse)
    }
}

impl AtomCandidate for Sample {
    fn category(&self) -> &str {
        self.cpv.split_once('/').map_or("", |(category, _)| category)
    }

    fn name(&self) -> &str {
        split_cpv(&self.cpv).map_or("", |(_, name, _)| name)
    }

    fn version(&self) -> Version<&str> {
        split_cpv(&self.cpv).map_or_else(|| Version::parse("0").unwrap_or_else(|_| unreachable!()), |(_, _, version)| version)
    }

    fn build_id(&self) -> Option<u64> {
        None
    }

    fn slot(&self) -> (&str, &str) {
        self.slot.split_once('/').unwrap_or((&self.slot, &self.slot))
    }

    fn repository(&self) -> &str {
        &self.repository
    }

    fn has_flag(&self, flag: &str) -> bool {
        self.iuse.split(' ').any(|name| name == flag)
    }

    fn is_on(&self, flag: &str) -> bool {
        self.enabled.split(' ').any(|name| name == flag)
    }
}

/// Atoms, each with a package that it may mean.
fn samples(seed: u64, syntax: AtomSyntax) -> Vec<(String, Atom, Sample)> {
    let mut random = Random::new(seed);
    let mut questions = Vec::new();
    while questions.len() < QUESTIONS {
        let text = made::atom(&mut random);
        let Ok(atom) = Atom::parse(&text, syntax) else { continue };
        let cpv = format!("a/{}-{}", random.pick(&["b", "b", "b", "b-c"]), made::version(&mut random));
        let iuse = random.pick(&["", "x", "x y", "y"]);
        let enabled: Vec<&str> = iuse.split(' ').filter(|_| random.one_in(2)).collect();
        let (slot, repository) = (random.pick(&["0", "1/2", "0/1"]).to_owned(), "r".to_owned());
        let sample = Sample { cpv, slot, enabled: enabled.join(" "), iuse: iuse.to_owned(), repository };
        // A build is told by more than what portage's function is given here.
        let has_build = atom.version.as_ref().is_some_and(|constraint| constraint.build_id.is_some());
        if split_cpv(&sample.cpv).is_some() && !atom.is_conditional() && !has_build && atom.name.starts_with(['b', '*']) {
            questions.push((text, atom, sample));
        }
    }
    questions
}

/// What portage says of them.
fn portages_answers(portage: &Portage, questions: &[(String, Atom, Sample)]) -> Result<Vec<bool>, Failed> {
    let question = |(text, _, sample): &(String, Atom, Sample)| json!([text, sample.cpv, sample.slot, sample.enabled, sample.iuse]);
    let answers = ask(portage, "matches", &questions.iter().map(question).collect::<Vec<_>>())?;
    answers.iter().map(|answer| answer.as_bool().ok_or_else(|| format!("{answer} is no answer").into())).collect()
}

fn matches(portage: &Portage) -> Result<(), Failed> {
    let questions = samples(3, AtomSyntax::Pattern);
    let mut count = 0;
    for ((text, atom, sample), answer) in questions.iter().zip(portages_answers(portage, &questions)?) {
        let ours = atom.matches(sample);
        ensure!(answer == ours, "{text} and {}: {ours}, portage says {answer}", sample.shown());
        count += usize::from(ours);
    }
    ensure!(count > QUESTIONS / 30, "{count} matched");
    Ok(())
}

/// What portage's own tests (`lib/portage/tests/dep/test_isvalidatom.py`, `test_match_from_list.py`) ask of atoms, and what they expect.
fn own_tests(portage: &Portage) -> Result<(), Failed> {
    let (mut read, mut matched, mut skipped) = (0, 0, 0);
    for fact in ask(portage, "facts", &[])? {
        let text = |name: &str| fact[name].as_str().unwrap_or_default();
        let words = |name: &str| fact[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(" ");
        if let Some(expected) = fact["matches"].as_bool() {
            let sample = Sample {
                cpv: text("cpv").to_owned(),
                slot: text("slot").to_owned(),
                enabled: words("use"),
                iuse: words("iuse"),
                repository: text("repository").to_owned(),
            };
            let ours = Atom::parse(text("atom"), AtomSyntax::Pattern)?.matches(&sample);
            ensure!(ours == expected, "{} and {}: {ours}, portage's tests say {expected}", text("atom"), sample.shown());
            matched += 1;
            continue;
        }
        let eapi = fact["eapi"].as_str().map_or_else(|| Eapi::parse("8"), Eapi::parse);
        // Atoms with a repository where their EAPI has none, and the other way round; and an EAPI that was never Gentoo's.
        let (Some(eapi), false) = (eapi, fact["is_odd"] == true) else {
            skipped += 1;
            continue;
        };
        let syntax = if fact["pattern"] == true { AtomSyntax::Pattern } else { AtomSyntax::Dependency(eapi) };
        let ours = Atom::parse(text("atom"), syntax).is_ok();
        ensure!(ours == (fact["valid"] == true), "{}: {ours}, portage's tests say {}", text("atom"), fact["valid"]);
        read += 1;
    }
    ensure!((read, matched, skipped) == (124, 90, 4), "{read} atoms were read, {matched} held against packages, {skipped} skipped");
    Ok(())
}

/// The shell functions behind `has_version` and `best_version`, by the same questions; each of the sample's own name, as functions are asked of one package.
fn answered(portage: &Portage) -> Result<(), Failed> {
    const FUNCTIONS: &str = include_str!("../../src/portage/phases/versions.sh");
    const ASKED: &str = "while IFS=$'\\t' read -r atom package version slot flags iuse; do rootfs_read_atom \"${atom}\"; \
        if [[ ${atom_package} == \"${package}\" ]] && rootfs_allows \"${version}\" \"${slot}\" \"${flags//,/ }\" \"${iuse//,/ }\" r; \
        then echo true; else echo false; fi; done";
    let syntax = Eapi::parse("8").map(AtomSyntax::Dependency).ok_or("an EAPI")?;
    let mut questions = samples(5, syntax);
    questions.retain(|(text, ..)| !text.starts_with('!'));
    let line = |(text, _, sample): &(String, Atom, Sample)| {
        let (category, name, version) = split_cpv(&sample.cpv)?;
        // Nothing between two tabs would not be seen.
        let words = |text: &str| format!(",{}", text.replace(' ', ","));
        Some(format!("{text}\t{category}/{name}\t{version}\t{}\t{}\t{}\n", sample.slot, words(&sample.enabled), words(&sample.iuse)))
    };
    let input: String = questions.iter().filter_map(line).collect();
    let bash = Process::judge("bash").args(["-c", &format!("{FUNCTIONS}\n{ASKED}")]).input(input).run()?.success()?;
    let answers: Vec<&str> = bash.output.lines().collect();
    ensure!(answers.len() == questions.len(), "{} answers to {} questions", answers.len(), questions.len());
    for (((text, _, sample), answer), ours) in questions.iter().zip(portages_answers(portage, &questions)?).zip(&answers) {
        ensure!(answer.to_string() == **ours, "{text} and {}: {ours}, portage says {answer}", sample.shown());
    }
    let count = answers.iter().filter(|answer| **answer == "true").count();
    ensure!(count > QUESTIONS / 30, "{count} matched");
    Ok(())
}

/// What remains, as portage tells it.
fn remaining(needs: &[Need]) -> Value {
    let need = |need: &Need| match need {
        Need::Atom(atom) => json!(atom.to_string()),
        Need::Nothing => json!("__const__/empty-any-of"),
        Need::AnyOf(choices) => {
            let choice = |choice: &Vec<Need>| match choice.as_slice() {
                [_] => remaining(choice)[0].clone(),
                _ => remaining(choice),
            };
            Value::Array(std::iter::once(json!("||")).chain(choices.iter().map(choice)).collect())
        }
    };
    Value::Array(needs.iter().map(need).collect())
}

/// Brackets around one thing mean nothing.
fn unwrapped(answer: Value) -> Value {
    match answer {
        Value::Array(items) => {
            let inner = |item: Value| match unwrapped(item) {
                Value::Array(mut single) if single.len() == 1 => single.remove(0),
                other => other,
            };
            Value::Array(items.into_iter().map(inner).collect())
        }
        other => other,
    }
}

fn reduced(portage: &Portage) -> Result<(), Failed> {
    let mut random = Random::new(4);
    let questions: Vec<(String, &str, &str)> = (0..QUESTIONS)
        .map(|_| (made::dependencies(&mut random, 3), ["", "x", "y", "x y"][random.below(4)], ["5", "6", "7", "8"][random.below(4)]))
        .collect();
    let asked: Vec<Value> = questions.iter().map(|question| json!(question)).collect();
    let mut malformed = 0;
    for ((text, flags, eapi), answer) in questions.iter().zip(ask(portage, "reduce", &asked)?) {
        let eapi = Eapi::parse(eapi).ok_or("an EAPI")?;
        let ours = DependencyList::parse(text, eapi);
        let answer = unwrapped(answer);
        let shown =
            ours.as_ref().map_or(Value::Null, |list| remaining(&list.evaluated(eapi, &|flag| flags.split(' ').any(|on| on == flag))));
        ensure!(shown == answer, "`{text}` with `{flags}`: {shown} ({:?}), portage says {answer}", ours.err());
        malformed += usize::from(answer.is_null());
    }
    ensure!(malformed > QUESTIONS / 100 && malformed < QUESTIONS / 2, "{malformed} were malformed");
    Ok(())
}
