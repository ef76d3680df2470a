//! `cargo xtask fuzz`.

use std::path::{Path, PathBuf};

use crate::USAGE;
use crate::error::TaskError;
use crate::process::{Process, say, workspace};

/// What tells libFuzzer which code an input has reached; all of it is in any toolchain.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// What the first byte of an input means to a target that has small images of its own: one of these, of which what follows changes bytes.
const OWN: [(&str, u8); 9] =
    [("own-0", 0), ("own-1", 1), ("own-2", 2), ("own-3", 3), ("own-4", 4), ("own-5", 5), ("own-6", 6), ("own-7", 7), ("own-8", 8)];
/// See [`OWN`]: what follows is an image.
const ANY: u8 = 0xff;

/// Runs every fuzz target, or the named one, for so many seconds each; what they find grows in `target/fuzz`.
///
/// # Errors
/// When a target can't be built, or finds an input that it must not survive: libFuzzer has then written it to a file.
pub(crate) fn fuzz(arguments: &[String]) -> Result<(), TaskError> {
    let usage = || TaskError::Usage { usage: USAGE };
    let (mut seconds, mut chosen) = ("60".to_owned(), Vec::new());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seconds" => seconds = arguments.next().filter(|text| text.parse::<u32>().is_ok()).ok_or_else(usage)?.clone(),
            name if !name.starts_with('-') => chosen.push(name.to_owned()),
            _ => return Err(usage()),
        }
    }
    let version = Process::new("rustc", &["-vV"]).output()?;
    let version = String::from_utf8_lossy(&version).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned();
    let place = workspace().join("target/fuzz");
    let directory = place.to_string_lossy().into_owned();
    // A target triple, though it is the host's, keeps the flags away from build scripts.
    let build = ["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", &host, "--target-dir", &directory];
    Process::cargo(&build).with("RUSTFLAGS", COVERAGE).run()?;
    for target in targets(&workspace())? {
        if chosen.is_empty() || chosen.contains(&target) {
            run(&place, &host, &target, &seconds)?;
        }
    }
    Ok(())
}

/// The names of the files in `fuzz/targets`.
fn targets(workspace: &Path) -> Result<Vec<String>, TaskError> {
    let listing = fs_err::read_dir(workspace.join("fuzz/targets")).map_err(|cause| TaskError::Files { cause })?;
    let name = |path: PathBuf| path.file_stem().map(|name| name.to_string_lossy().into_owned());
    let mut names: Vec<String> = listing.flatten().filter_map(|entry| name(entry.path())).collect();
    names.sort();
    Ok(names)
}

/// A directory of what the search for a target begins with, written anew; empty for a target that finds its way alone.
fn write_seeds(place: &Path, target: &str) -> Result<PathBuf, TaskError> {
    let failed = |cause| TaskError::Files { cause };
    let directory = place.join("seeds").join(target);
    fs_err::create_dir_all(&directory).map_err(failed)?;
    let seeds = match target {
        "apk" => crate::fuzz_apk::seeds(),
        "binpkg" => crate::fuzz_binpkg::seeds(),
        "deb" => crate::fuzz_deb::seeds(),
        "erofs" | "squashfs" => OWN.map(|(name, number)| (name, vec![number])).into(),
        "ext4" => crate::fuzz_ext4::seeds(),
        "frame" => crate::fuzz_frame::seeds(),
        "inspect" => [crate::fuzz_inspect::seeds(), crate::fuzz_qcow2::seeds()].concat(),
        "oci" => crate::fuzz_oci::seeds(),
        "portagedep" => crate::fuzz_portage::dependencies(),
        "portageindex" => crate::fuzz_portage::indexes(),
        "qcow2" => crate::fuzz_qcow2::seeds(),
        "read" => {
            let others = [crate::fuzz_inspect::seeds(), crate::fuzz_ext4::seeds(), crate::fuzz_qcow2::seeds()].concat();
            let others = others.into_iter().map(|(name, bytes)| (name, [&[ANY], &bytes[..]].concat()));
            OWN.map(|(name, number)| (name, vec![number])).into_iter().chain(others).collect()
        }
        "rpm" => crate::fuzz_rpm::seeds(),
        "shellconfig" => crate::fuzz_shellconfig::seeds(),
        "text" => crate::fuzz_text::seeds(),
        _ => Vec::new(),
    };
    for (name, bytes) in seeds {
        fs_err::write(directory.join(name), bytes).map_err(failed)?;
    }
    Ok(directory)
}

fn run(place: &Path, host: &str, target: &str, seconds: &str) -> Result<(), TaskError> {
    let corpus = place.join("corpus").join(target);
    fs_err::create_dir_all(&corpus).map_err(|cause| TaskError::Files { cause })?;
    let seeds = write_seeds(place, target)?;
    let found = format!("-artifact_prefix={}/found-{target}-", place.display());
    let limit = format!("-max_total_time={seconds}");
    let flags = [
        &corpus.to_string_lossy(),
        &seeds.to_string_lossy(),
        limit.as_str(),
        found.as_str(),
        "-rss_limit_mb=2048",
        "-timeout=10",
        "-verbosity=0",
        "-print_final_stats=1",
    ];
    say(&format!("fuzzing {target} for {seconds} s"));
    Process::new(&place.join(host).join("release").join(target).to_string_lossy(), &flags).run()
}
