//! What is chosen, and in which order, as real emerge does it in an empty root.

use libtest_mimic::Failed;
use rootfs_package::portage::resolve::{Resolution, ResolveError};
use rootfs_tests::{Portage, ensure};
use serde_json::{Value, json};

use crate::Case;
use crate::ask::ask;
use crate::made::Random;
use crate::scenario::{Scenario, faults, shown};

pub(crate) const CASES: &[Case] =
    &[("what_portages_own_tests_ask_is_chosen_alike", own_scenarios), ("what_chance_asks_is_chosen_alike", random_scenarios)];

/// What came of some scenarios.
#[derive(Debug, Default)]
struct Compared {
    alike: usize,
    in_order: usize,
    refused: usize,
    /// emerge gives up, as it can't order them; we don't.
    cycles: usize,
    skipped: usize,
    differences: Vec<String>,
    /// emerge has another answer than ours, which is sound as well, or none.
    others: Vec<String>,
}

fn compare(portage: &Portage, scenarios: &[Scenario]) -> Result<Compared, Failed> {
    let questions: Vec<Value> = scenarios.iter().map(|scenario| scenario.question.clone()).collect();
    let mut compared = Compared::default();
    for (scenario, answer) in scenarios.iter().zip(ask(portage, "resolve", &questions)?) {
        let Some(wishes) = scenario.wishes() else {
            compared.skipped += 1;
            continue;
        };
        let ours = scenario.resolve(&wishes)?;
        let shown_faults = ours.as_ref().map_or_else(|_| Vec::new(), faults);
        ensure!(
            shown_faults.is_empty(),
            "{}: {shown_faults:?} in {:?}: {}",
            scenario.name,
            ours.map(|ours| shown(&ours)),
            scenario.question
        );
        compared.judge(scenario, ours, &answer)?;
    }
    Ok(compared)
}

impl Compared {
    fn judge(&mut self, scenario: &Scenario, ours: Result<Resolution, ResolveError>, answer: &Value) -> Result<(), Failed> {
        if *answer == json!("cycle") {
            self.cycles += 1;
            return Ok(());
        }
        let theirs: Option<Vec<String>> = serde_json::from_value(answer.clone())?;
        let note = |text: String| format!("{}: {}: {text}", scenario.name, scenario.question);
        match (ours, theirs) {
            (Ok(ours), Some(theirs)) => {
                let ours = shown(&ours);
                self.in_order += usize::from(ours == theirs);
                if sorted(&ours) == sorted(&theirs) {
                    self.alike += 1;
                } else {
                    self.others.push(note(format!("{ours:?}, emerge says {theirs:?}")));
                }
            }
            (Err(_), None) => self.refused += 1,
            (Ok(ours), None) => self.others.push(note(format!("{:?}, emerge refuses it", shown(&ours)))),
            (Err(error), Some(theirs)) => self.differences.push(note(format!("{error}, emerge says {theirs:?}"))),
        }
        Ok(())
    }
}

fn sorted(list: &[String]) -> Vec<&str> {
    let mut sorted: Vec<&str> = list.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted
}

/// Every one is chosen as emerge does it, or refused as emerge does it, but for cycles.
fn own_scenarios(portage: &Portage) -> Result<(), Failed> {
    let told = ask(portage, "scenarios", &[])?;
    let name = |question: &Value| question["name"].as_str().unwrap_or_default().to_owned();
    let scenarios: Vec<Scenario> = told.into_iter().map(|question| Scenario { name: name(&question), question }).collect();
    let compared = compare(portage, &scenarios)?;
    check(&compared, scenarios.len(), 0)
}

/// How many of a hundred random scenarios may be chosen in another way than emerge does it. These are knots of conflicts in which emerge tries builds that it
/// was led to by sets, whose order is chance in Python, or gives up.
const OTHERS: usize = 2;

fn random_scenarios(portage: &Portage) -> Result<(), Failed> {
    let scenarios: Vec<Scenario> = (0..1500).map(made).collect();
    let compared = compare(portage, &scenarios)?;
    check(&compared, scenarios.len(), scenarios.len() * OTHERS / 100)
}

fn check(compared: &Compared, count: usize, others: usize) -> Result<(), Failed> {
    let figures = format!(
        "of {count} scenarios {} are chosen alike ({} in the same order), {} refused alike, {} are cycles that emerge refuses, {} are no wishes of ours; \
         {} only we refuse, and {} are chosen otherwise",
        compared.alike,
        compared.in_order,
        compared.refused,
        compared.cycles,
        compared.skipped,
        compared.differences.len(),
        compared.others.len(),
    );
    let shown = |list: &[String]| list.iter().take(5).map(|text| format!("\n{text}")).collect::<String>();
    ensure!(
        compared.differences.len() + compared.others.len() <= others,
        "{figures}:{}{}",
        shown(&compared.differences),
        shown(&compared.others)
    );
    // Where the packages are the same, so is the order, but for what chance decides in emerge.
    ensure!(compared.alike - compared.in_order <= others, "{figures}");
    ensure!(compared.alike > count / 2 && compared.refused > count / 20, "{figures}");
    Ok(())
}

/// A small binary host, in which most things need each other.
fn made(seed: u64) -> Scenario {
    let mut random = Random::new(seed);
    let names: Vec<String> =
        (0..3 + random.below(6)).map(|number| format!("{}/p{number}", random.pick(&["a", "b", "a", "virtual"]))).collect();
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
    Scenario {
        name: format!("seed {seed}"),
        question: json!({ "packages": packages, "wishes": if wishes.is_empty() { vec![&names[0]] } else { wishes } }),
    }
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
