//! `cargo xtask bench`: rootfs-gen against its peers, in turns on one machine.

mod docker;
mod erofs;
mod fedora;
mod host_tree;
mod images;
mod kata;
mod list;
mod measure;
mod packages;
mod portage;
mod squashfs;
mod tiny;

use std::io::Write;
use std::process::ExitCode;

use rootfs_tests::{Failed, Settings, Workbench, judge};

const USAGE: &str = "usage: cargo xtask bench [--runs N] [packages|images|kata|squashfs|erofs|tiny|fedora|list|docker|portage]";

/// One comparison: its name, the programs it needs, and itself.
type Bench = (&'static str, &'static [&'static str], fn(&Workbench, usize) -> Result<(), Failed>);

const BENCHES: [Bench; 10] = [
    ("packages", &packages::NEEDS, packages::bench),
    ("images", &images::NEEDS, images::bench),
    ("kata", &kata::NEEDS, kata::bench),
    ("squashfs", &squashfs::NEEDS, squashfs::bench),
    ("erofs", &erofs::NEEDS, erofs::bench),
    ("tiny", &tiny::NEEDS, tiny::bench),
    ("fedora", &fedora::NEEDS, fedora::bench),
    ("list", &list::NEEDS, list::bench),
    ("docker", &docker::NEEDS, docker::bench),
    ("portage", &portage::NEEDS, portage::bench),
];

fn main() -> ExitCode {
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            let _closed = writeln!(std::io::stderr(), "error: {}", failed.message().unwrap_or_default());
            ExitCode::FAILURE
        }
    }
}

/// What is measured and how often each program runs; the median counts.
fn read_arguments() -> Result<(usize, Vec<Bench>), Failed> {
    let (mut runs, mut chosen) = (5, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--runs" {
            runs = arguments.next().and_then(|count| count.parse().ok()).filter(|count| *count > 0).ok_or(USAGE)?;
        } else {
            chosen.push(*BENCHES.iter().find(|(name, ..)| *name == argument).ok_or(USAGE)?);
        }
    }
    Ok((runs, if chosen.is_empty() { BENCHES.to_vec() } else { chosen }))
}

fn bench() -> Result<(), Failed> {
    let (runs, benches) = read_arguments()?;
    let needed = benches.iter().flat_map(|(_, needs, _)| *needs);
    if let Some(reason) = needed.filter_map(|tool| judge::absence(tool)).next() {
        return Err(reason.into());
    }
    let workbench = Workbench::new(Settings::from_environment())?;
    benches.iter().try_for_each(|(_, _, bench)| bench(&workbench, runs))
}

fn say(line: &str) {
    let _closed = writeln!(std::io::stdout(), "{line}");
}
