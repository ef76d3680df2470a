//! Prints what the resolver chooses from `Packages` files, how long that took and how much memory, for comparing it with emerge by hand.
//!
//! ```text
//! cargo run -p rootfs-package --example portage_resolve -- [--no-sonames] [--why] PACKAGES... -- [ATOM...]
//! ```

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a developer's tool that prints")]

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use rootfs_package::portage::PackageIndex;
use rootfs_package::portage::resolve::{Host, Policy, Wish, resolve};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let (flags, words): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|word| word.starts_with("--") && word != "--");
    let has = |flag: &str| flags.iter().any(|found| found == flag);
    let mut parts = words.split(|word| word == "--");
    let (files, wishes) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let start = Instant::now();
    let indexes: Vec<PackageIndex> =
        files.iter().map(|file| Ok(PackageIndex::read(&fs_err::read(file)?)?)).collect::<Result<_, Box<dyn Error>>>()?;
    let read = start.elapsed();
    let hosts: Vec<Host<'_>> = indexes.iter().map(|index| Host { index, priority: 0 }).collect();
    let wishes: Vec<Wish> = wishes.iter().map(|wish| Wish::parse(wish)).collect::<Result<_, _>>()?;
    let policy = Policy { sonames: !has("--no-sonames"), ..Policy::default() };
    let resolution = resolve(&hosts, &wishes, &policy);
    let count: usize = indexes.iter().map(PackageIndex::len).sum();
    eprintln!("{count} packages read in {read:?}, resolved in {:?}, {}", start.elapsed() - read, peak_memory());
    match resolution {
        Ok(resolution) => {
            for selected in &resolution.packages {
                let package = &selected.package;
                let build = package.build_id.map(|id| format!("-{id}")).unwrap_or_default();
                let why = if has("--why") { format!("  {}", selected.wanted_by.join("; ")) } else { String::new() };
                println!("{}/{}-{}{build}{why}", package.category, package.name, package.version);
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

/// As the kernel counts it.
fn peak_memory() -> String {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("unknown memory").split_whitespace().collect::<Vec<_>>().join(" ")
}
