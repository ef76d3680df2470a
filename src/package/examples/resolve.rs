//! Prints what the resolver chooses from Packages files, for comparing it with apt by hand.
//!
//! ```text
//! cargo run -p rootfs-package --example resolve -- [--recommends] [--why] amd64 PACKAGES-FILE... -- [PACKAGE...]
//! ```
//!
//! Essential and `Priority: required` are always asked for, as in mmdebstrap's minbase. Each line is `name=version`, with `--why` followed by the
//! reason. A failure is printed as a user would see it, and the exit code is 1.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a developer's tool that prints")]

use std::error::Error;
use std::process::ExitCode;

use rootfs_package::apt::resolve::resolve;
use rootfs_package::apt::universe::{IndexOrigin, Universe};
use rootfs_plugin::{Include, PlannedPackage};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let (flags, words): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|word| word.starts_with("--") && word != "--");
    let split = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let (head, packages) = words.split_at(split);
    let (architecture, files) = head.split_first().ok_or("which architecture?")?;
    let mut universe = Universe::new(architecture);
    for file in files {
        let origin = IndexOrigin { repository: file.clone(), suite: file.clone(), aliases: Vec::new(), priority: 500 };
        universe.add_index(origin, fs_err::read_to_string(file)?)?;
    }
    let mut include: Vec<_> = packages.iter().skip(1).map(|name| Include::Package(PlannedPackage::Name(name.clone()))).collect();
    include.extend([Include::Essential, Include::Priority("required".to_owned())]);
    match resolve(&universe, &include, flags.iter().any(|flag| flag == "--recommends")) {
        Ok(selection) => {
            for package in &selection.packages {
                let why = if flags.iter().any(|flag| flag == "--why") { format!("  {}", package.reason) } else { String::new() };
                println!("{}={}{why}", package.name, package.version);
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("error: {error}");
            error.hint().inspect(|hint| eprintln!("  hint: {hint}"));
            Ok(ExitCode::FAILURE)
        }
    }
}
