//! `cargo xtask bench`: rootfs-gen against mmdebstrap, one after the other on one machine, both through one local cache of packages.

mod measure;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use measure::{Measured, Series, measure};
use rootfs_tests::{Failed, Process, Product, Release, Settings, Workbench, judge, words};

const USAGE: &str = "usage: cargo xtask bench [--runs N]";

fn main() -> ExitCode {
    match read_runs().and_then(bench) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            let _closed = writeln!(std::io::stderr(), "error: {}", failed.message().unwrap_or_default());
            ExitCode::FAILURE
        }
    }
}

/// How often each program runs; the median counts.
fn read_runs() -> Result<usize, Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(5),
        ["--runs", count] => count.parse().ok().filter(|count| *count > 0).ok_or_else(|| USAGE.into()),
        _ => Err(USAGE.into()),
    }
}

fn bench(runs: usize) -> Result<(), Failed> {
    for tool in ["mmdebstrap", "time"] {
        if let Some(reason) = judge::absence(tool) {
            return Err(reason.into());
        }
    }
    let workbench = Workbench::new(Settings::from_environment())?;
    say(&format!("minbase from release, updates and security; median of {runs}, in turns"));
    for release in [Release::Trixie, Release::Bookworm] {
        compare(&workbench, release, runs)?;
    }
    Ok(())
}

/// Measures all programs in turns, so that what else the machine does hits them alike.
fn compare(workbench: &Workbench, release: Release, runs: usize) -> Result<(), Failed> {
    let (mut cold, mut warm, mut theirs) = (Series::default(), Series::default(), Series::default());
    // The first round only fills the cache of packages.
    for round in 0..=runs {
        let scratch = workbench.scratch()?;
        let store = scratch.path().join("store");
        let round_cold = ours(workbench, release, &store, &scratch.path().join("cold"))?;
        let round_warm = ours(workbench, release, &store, &scratch.path().join("warm"))?;
        let round_theirs = mmdebstrap(workbench, release, &scratch.path().join("mmdebstrap"))?;
        if round > 0 {
            cold.push(round_cold);
            warm.push(round_warm);
            theirs.push(round_theirs);
        }
    }
    for (name, series) in [("rootfs-gen, empty store", &cold), ("rootfs-gen, filled store", &warm), ("mmdebstrap", &theirs)] {
        say(&format!("{:<10} {name:<26} {series}", release.name()));
    }
    let ratio = |ours: &Series| theirs.median_seconds() / ours.median_seconds();
    say(&format!(
        "{:<10} mmdebstrap takes {:.1} times as long as an empty store, {:.1} times as long as a filled one",
        release.name(),
        ratio(&cold),
        ratio(&warm)
    ));
    Ok(())
}

fn ours(workbench: &Workbench, release: Release, store: &Path, target: &Path) -> Result<Measured, Failed> {
    measure(workbench, |time| Product::under(workbench, time).minbase(release)?.store(store).into_directory(target).run())
}

fn mmdebstrap(workbench: &Workbench, release: Release, target: &Path) -> Result<Measured, Failed> {
    measure(workbench, |time| {
        let run: Process = time.args(["mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory"]);
        let run = run.arg(r#"--aptopt=Acquire::http::Proxy::127.0.0.1 "DIRECT""#).args(words([&release.name(), &target]));
        run.args(release.sources(&workbench.mirror()?.url())).run()
    })
}

fn say(line: &str) {
    let _closed = writeln!(std::io::stdout(), "{line}");
}
