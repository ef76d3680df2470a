//! `docs/support.md`: made of what the program lists and of what the conformance kit found, which lies in `docs/support`. `cargo xtask docs` writes both anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use rootfs_plugin::Info;
use rootfs_tests::{Case, Failed, Finished, Need, Workbench, ensure};
use serde::{Deserialize, Serialize};

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");

const HEAD: &str = "\
# What is supported

This page is written by `cargo xtask docs`; a test fails when it is not what that writes.

- **supported**: each change is tried with the distribution's own packages, and its own tools judge what comes of it.
- **tested**: the trials are passed with packages that stand in for its own, laid out and signed as its own are.
- **community**: by others, or not at all. Plugins are this unless they say otherwise.

";

/// What the kit found of one distribution.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Results {
    release: String,
    /// Whose packages were built from.
    packages: String,
    /// Each trial in the kit's order, with its outcome.
    trials: Vec<(String, String)>,
}

pub(crate) fn cases() -> Vec<Case> {
    vec![Case::new("support::the page is what the program lists and the trials found", &[Need::Product], page)]
}

/// Compares the trials of a distribution with what the page is made of: none has failed, and the same were skipped.
pub(crate) fn expect_recorded(workbench: &Workbench, name: &str, release: &str, packages: &str, run: &Finished) -> Result<(), Failed> {
    let table: Vec<BTreeMap<String, String>> = serde_json::from_str(&run.output)?;
    let word = |trial: &BTreeMap<String, String>, key: &str| trial.get(key).cloned().unwrap_or_default();
    let trials = table.iter().map(|trial| (word(trial, "name"), word(trial, "outcome"))).collect();
    let results = Results { release: release.to_owned(), packages: packages.to_owned(), trials };
    ensure!(results.trials.iter().all(|(_, outcome)| outcome != "failed"), "{}", run.report("a trial failed"));
    expect_text(workbench, &format!("support/{name}.json"), &format!("{}\n", serde_json::to_string_pretty(&results)?))
}

fn expect_text(workbench: &Workbench, name: &str, text: &str) -> Result<(), Failed> {
    let path = PathBuf::from(DOCS).join(name);
    if workbench.settings().update {
        return Ok(fs_err::write(path, text)?);
    }
    let there = fs_err::read_to_string(&path).unwrap_or_default();
    ensure!(there == text, "docs/{name} is not as expected; `cargo xtask docs` writes it anew. Expected:\n{text}\nFound:\n{there}");
    Ok(())
}

fn page(workbench: &Workbench) -> Result<(), Failed> {
    let listed = workbench.product().args(["list", "--json"]).run()?.success()?;
    let distributions: Vec<Info> = serde_json::from_str(&listed.output)?;
    let mut found = Vec::new();
    for info in &distributions {
        let path = PathBuf::from(DOCS).join("support").join(format!("{}.json", info.name));
        let results: Results = serde_json::from_str(&fs_err::read_to_string(path)?)?;
        found.push((info, results));
    }
    expect_text(workbench, "support.md", &[HEAD, &offers(&found), &trials(&found)].concat())?;
    // The judge says no.
    ensure!(offers(&found) != offers(found.get(1..).unwrap_or_default()), "the page is the same without a distribution");
    Ok(())
}

fn offers(found: &[(&Info, Results)]) -> String {
    let mut text = String::from("| | | Releases, and how long they live | Architectures | Tried with |\n|---|---|---|---|---|\n");
    for (info, results) in found {
        let lives = |release: &rootfs_plugin::Release| match &release.end_of_life {
            Some(day) => format!("{} ({day})", release.name),
            None => release.name.clone(),
        };
        let releases = info.releases.iter().map(lives).collect::<Vec<_>>().join(", ");
        let architectures = info.architectures.iter().map(|architecture| architecture.name()).collect::<Vec<_>>().join(", ");
        let _infallible = writeln!(
            text,
            "| {} | {} | {releases} | {architectures} | {}, {} |",
            info.name,
            info.tier.name(),
            results.release,
            results.packages
        );
    }
    text
}

fn trials(found: &[(&Info, Results)]) -> String {
    let names = found.iter().map(|(info, _)| info.name.as_str()).collect::<Vec<_>>().join(" | ");
    let mut text = format!("\n## What `rootfs-gen plugin test` found\n\n| | {names} |\n|---|{}\n", "---|".repeat(found.len()));
    let Some((_, first)) = found.first() else { return text };
    for (name, _) in &first.trials {
        let outcome = |results: &Results| {
            results.trials.iter().find(|(known, _)| known == name).map_or("-", |(_, outcome)| shown(outcome)).to_owned()
        };
        let outcomes = found.iter().map(|(_, results)| outcome(results)).collect::<Vec<_>>().join(" | ");
        let _infallible = writeln!(text, "| {name} | {outcomes} |");
    }
    text.push_str("\nA trial that was skipped (-) is none that was passed: [plugins.md](plugins.md) says why some are.\n");
    text
}

fn shown(outcome: &str) -> &'static str {
    match outcome {
        "passed" => "yes",
        "failed" => "no",
        _ => "-",
    }
}
