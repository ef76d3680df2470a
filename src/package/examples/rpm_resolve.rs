//! Prints what the resolver chooses from `primary.xml` files (uncompressed), how long that took and how much memory, for comparing it with dnf by hand.
//!
//! ```text
//! cargo run -p rootfs-package --example rpm_resolve -- [--weak] [--nobest] [--why] x86_64 PRIMARY... -- [REQUEST...]
//! ```

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a developer's tool that prints")]

use std::error::Error;
use std::io::BufReader;
use std::process::ExitCode;
use std::time::Instant;

use rootfs_package::rpm::resolve::resolve;
use rootfs_package::rpm::{Comps, RpmRepository, RpmRequest, RpmResolution, RpmUniverse};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let (flags, words): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|word| word.starts_with("--") && word != "--");
    let has = |flag: &str| flags.iter().any(|found| found == flag);
    let split = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let (head, install) = words.split_at(split);
    let (architecture, files) = head.split_first().ok_or("which architecture?")?;
    let start = Instant::now();
    let mut universe = RpmUniverse::new(architecture);
    for file in files {
        universe.add_primary(RpmRepository::named(file), BufReader::with_capacity(1 << 16, fs_err::File::open(file)?))?;
    }
    let read = start.elapsed();
    let request = RpmRequest {
        install: install.iter().skip(1).cloned().collect(),
        weak: has("--weak"),
        best: !has("--nobest"),
        ..RpmRequest::default()
    };
    let resolution = resolve(&universe, &Comps::default(), &request);
    eprintln!("{} packages read in {read:?}, resolved in {:?}, {}", universe.len(), start.elapsed() - read, peak_memory());
    match resolution {
        Ok(RpmResolution::Done(selection)) => {
            for package in &selection.packages {
                let why = if has("--why") { format!("  {}", selection.why(&package.nevra.name).join("; ")) } else { String::new() };
                println!("{}{why}", package.nevra);
            }
            Ok(ExitCode::SUCCESS)
        }
        Ok(RpmResolution::NeedsFilelists { paths }) => {
            eprintln!("the complete lists of files are needed, for {}", paths.join(" "));
            Ok(ExitCode::FAILURE)
        }
        Err(error) => {
            eprintln!("error: {error}");
            error.hint().inspect(|hint| eprintln!("  hint: {hint}"));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// As the kernel counts it.
fn peak_memory() -> String {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("unknown memory").split_whitespace().collect::<Vec<_>>().join(" ")
}
