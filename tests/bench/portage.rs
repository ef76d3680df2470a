//! Gentoo's packages: the library's example reads an index of a binary host and chooses from it.

use std::fmt::Write;

use rootfs_tests::{Failed, Process, Workbench};

use crate::measure::{Series, measure};
use crate::say;

/// The programs that this measures with.
pub(crate) const NEEDS: [&str; 1] = ["time"];

/// How many packages there are: two versions, the first in two builds, of each of so many names.
const NAMES: usize = 10_000;

/// What is wished: a few; and one that needs everything.
const WISHES: [(&str, &[&str]); 2] = [("twenty programs and what they need", &["app/few"]), ("all names", &["app/all"])];

pub(crate) fn bench(workbench: &Workbench, runs: usize) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let index = scratch.path().join("Packages");
    fs_err::write(&index, made()?)?;
    let program = workbench.settings().product.with_file_name("examples").join("portage_resolve");
    let size = fs_err::metadata(&index)?.len() >> 20;
    say(&format!("portage: an index of {} packages ({size} MiB) is read, and packages are chosen from it; median of {runs}", 3 * NAMES));
    for (what, wishes) in WISHES {
        let mut series = Series::default();
        for round in 0..=runs {
            let run = measure(workbench, |time: Process| time.arg(&program).arg(&index).arg("--").args(wishes).run())?;
            if round > 0 {
                series.push(run);
            }
        }
        say(&format!("{what:<40} {series}"));
    }
    Ok(())
}

/// Names in layers: each needs some of those below it, in all the ways there are, and libraries of theirs.
fn made() -> Result<String, Failed> {
    let mut text = "ARCH: amd64\nCHOST: x86_64-pc-linux-gnu\nREPO: gentoo\nVERSION: 0\n\n".to_owned();
    for number in 0..NAMES {
        let other = |step: usize| number.checked_sub(1 + (number.wrapping_mul(step) % 97)).map(|below| format!("lib/p{below}"));
        let mut needs = String::new();
        if let (Some(a), Some(b), Some(c), Some(d)) = (other(7), other(11), other(13), other(17)) {
            write!(needs, "{a} >={b}-1:0= || ( {c}[x] {d} ) ")?;
            if number % 10 == 0 {
                write!(needs, "!<{a}-1 virtual/v{}", number / 100)?;
            }
        }
        let below = number / 2;
        for (version, build) in [(1, 1), (1, 2), (2, 1)] {
            writeln!(text, "CPV: lib/p{number}-{version}\nBUILD_ID: {build}\nBUILD_TIME: {}\nEAPI: 8", 1_700_000_000 + build)?;
            writeln!(
                text,
                "PATH: lib/p{number}/p{number}-{version}-{build}.gpkg.tar\nSIZE: 12345\nMD5: {:032x}\nSHA1: {:040x}",
                number, number
            )?;
            writeln!(text, "SLOT: 0/{version}\nIUSE: x +y -z doc nls\nUSE: amd64 elibc_glibc kernel_linux x y\nKEYWORDS: amd64 ~arm64")?;
            writeln!(text, "PROVIDES: x86_64: libp{number}.so.1 libq{number}.so.2\nREQUIRES: x86_64: libp{below}.so.1 libq{below}.so.2")?;
            writeln!(text, "DEFINED_PHASES: compile configure install\nDESC: Package {number} of the bench\nRDEPEND: {needs}\n")?;
        }
    }
    for number in 0..NAMES / 100 {
        writeln!(text, "CPV: virtual/v{number}-0\nEAPI: 8\nRDEPEND: || ( lib/p{} lib/p{} )\n", number, number + 1)?;
    }
    let few: Vec<String> = (1..=20).map(|step| format!("lib/p{}", step * (NAMES / 500))).collect();
    let all: Vec<String> = (0..NAMES).map(|number| format!("lib/p{number}")).collect();
    writeln!(text, "CPV: app/few-1\nEAPI: 8\nRDEPEND: {}\n\nCPV: app/all-1\nEAPI: 8\nRDEPEND: {}\n", few.join(" "), all.join(" "))?;
    Ok(text)
}
