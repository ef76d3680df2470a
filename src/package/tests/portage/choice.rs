//! What is chosen, and in which order, as real emerge does it in an empty root.

use libtest_mimic::Failed;
use rootfs_tests::{Portage, ensure};
use serde_json::{Value, json};

use crate::Case;
use crate::ask::ask;
use crate::made::Random;
use crate::scenario::{Scenario, shown};

pub(crate) const CASES: &[Case] =
    &[("what_portages_own_tests_ask_is_chosen_alike", own_scenarios), ("what_chance_asks_is_chosen_alike", random_scenarios)];

/// What of portage's own scenarios is known to come out otherwise, and why.
const KNOWN: &[(&str, &str)] = &[];

/// What came of some scenarios.
#[derive(Debug, Default)]
struct Compared {
    alike: usize,
    refused: usize,
    skipped: usize,
    /// emerge gives up, as it can't order them; we don't.
    cycles: usize,
    in_order: usize,
    differences: Vec<String>,
}

fn compare(portage: &Portage, scenarios: &[Scenario]) -> Result<Compared, Failed> {
    let questions: Vec<Value> = scenarios.iter().map(|scenario| scenario.question.clone()).collect();
    let mut compared = Compared::default();
    for (scenario, answer) in scenarios.iter().zip(ask(portage, "resolve", &questions)?) {
        let Some(wishes) = scenario.wishes() else {
            compared.skipped += 1;
            continue;
        };
        if answer == json!("cycle") {
            compared.cycles += 1;
            continue;
        }
        let theirs: Option<Vec<String>> = serde_json::from_value(answer)?;
        let difference = match (scenario.resolve(&wishes)?, theirs) {
            (Ok(ours), Some(theirs)) => {
                let ours = shown(&ours);
                let is_same = sorted(&ours) == sorted(&theirs);
                compared.alike += usize::from(is_same);
                compared.in_order += usize::from(ours == theirs);
                (ours != theirs).then(|| (is_same, format!("{ours:?}, emerge says {theirs:?}")))
            }
            (Err(_), None) => {
                compared.refused += 1;
                None
            }
            (Ok(ours), None) => Some((false, format!("{:?}, emerge refuses it", shown(&ours)))),
            (Err(error), Some(theirs)) => Some((false, format!("{error}, emerge says {theirs:?}"))),
        };
        if let Some((is_same, text)) = difference {
            let kind = if is_same { "order" } else { "choice" };
            compared.differences.push(format!("{kind} {}: {}: {text}", scenario.name, scenario.question));
        }
    }
    Ok(compared)
}

fn sorted(list: &[String]) -> Vec<&str> {
    let mut sorted: Vec<&str> = list.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted
}

fn own_scenarios(portage: &Portage) -> Result<(), Failed> {
    let told = ask(portage, "scenarios", &[])?;
    let scenarios: Vec<Scenario> =
        told.into_iter().map(|question| Scenario { name: question["name"].as_str().unwrap_or_default().to_owned(), question }).collect();
    let compared = compare(portage, &scenarios)?;
    check(&compared, scenarios.len())
}

fn random_scenarios(portage: &Portage) -> Result<(), Failed> {
    let scenarios: Vec<Scenario> = (0..1500).map(|seed| made(seed)).collect();
    let compared = compare(portage, &scenarios)?;
    check(&compared, scenarios.len())
}

fn check(compared: &Compared, count: usize) -> Result<(), Failed> {
    let unknown: Vec<&String> = compared.differences.iter().filter(|text| !KNOWN.iter().any(|(name, _)| text.contains(name))).collect();
    let figures = format!(
        "of {count} scenarios {} are chosen alike ({} in the same order), {} refused alike, {} are cycles that emerge refuses, {} skipped",
        compared.alike, compared.in_order, compared.refused, compared.cycles, compared.skipped
    );
    fs_err::write(format!("/tmp/resolve-differences-{count}.txt"), format!("{figures}\n{}\n", compared.differences.join("\n")))?;
    let choices: Vec<&&String> = unknown.iter().filter(|text| text.starts_with("choice")).collect();
    ensure!(choices.is_empty(), "{figures}; {} differ:\n{}", choices.len(), choices.iter().take(5).map(|text| format!("{text}\n")).collect::<String>());
    Ok(())
}

/// A small binary host, in which most things need each other.
fn made(seed: u64) -> Scenario {
    let mut random = Random::new(seed);
    let names: Vec<String> = (0..3 + random.below(6)).map(|number| format!("{}/p{number}", random.pick(&["a", "b", "a", "virtual"]))).collect();
    let mut packages = Vec::new();
    for name in &names {
        for version in 1..=1 + random.below(3) {
            // Builds of one version are of one slot, as nothing else can be installed.
            let slot = random.pick(&["0", "0", "0", "1", "0/1", "0/2"]);
            for build in 1..=1 + random.below(2) {
                let mut fields = serde_json::Map::new();
                let mut set = |name: &str, value: String| fields.insert(name.to_owned(), json!(value));
                set("EAPI", "8".to_owned());
                set("KEYWORDS", random.pick(&["x86", "x86", "x86", "x86", "x86", "~x86"]).to_owned());
                set("BUILD_ID", build.to_string());
                set("BUILD_TIME", build.to_string());
                set("SLOT", slot.to_owned());
                set("IUSE", "x y".to_owned());
                set("USE", random.pick(&["", "x", "y", "x y"]).to_owned());
                let is_virtual = name.starts_with("virtual");
                set("RDEPEND", needs(&mut random, &names, if is_virtual { 1 } else { 2 }));
                if !is_virtual && random.one_in(4) {
                    set("PDEPEND", needs(&mut random, &names, 1));
                }
                packages.push(json!([format!("{name}-{version}"), fields]));
            }
        }
    }
    let wishes: Vec<&String> = names.iter().filter(|name| !name.starts_with("virtual")).take(1 + random.below(2)).collect();
    Scenario { name: format!("seed {seed}"), question: json!({ "packages": packages, "wishes": if wishes.is_empty() { vec![&names[0]] } else { wishes } }) }
}

fn needs(random: &mut Random, names: &[String], most: usize) -> String {
    let one = |random: &mut Random| {
        let name = &names[random.below(names.len())];
        match random.below(12) {
            0 => format!(">={name}-{}", 1 + random.below(3)),
            1 => format!("<{name}-{}", 2 + random.below(2)),
            2 => format!("={name}-{}*", 1 + random.below(3)),
            3 => format!("{name}:{}", random.pick(&["0", "1", "0/1", "0/2="])),
            4 => format!("{name}[{}]", random.pick(&["x", "-y", "x,y"])),
            5 if random.one_in(3) => format!("!<{name}-2"),
            _ => name.clone(),
        }
    };
    let mut words = Vec::new();
    for _ in 0..random.below(most + 1) {
        if random.one_in(3) {
            words.push(format!("|| ( {} {} )", one(random), one(random)));
        } else {
            words.push(one(random));
        }
    }
    words.join(" ")
}
