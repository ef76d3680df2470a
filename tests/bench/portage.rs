//! Gentoo's packages: the small set by rootfs-gen and by the real emerge, from the same binary host; and the library's example, which reads an index of a large
//! host and chooses from it.

use std::fmt::Write;

use rootfs_tests::{Failed, GentooSite, Process, Product, Workbench};

use crate::measure::{Series, measure};
use crate::say;

/// The programs that this measures with.
pub(crate) const NEEDS: [&str; 7] = ["time", "python3", "gpg", "scanelf", "cc", "g++", "busybox"];

/// The set `shell`.
const SHELL: [&str; 3] = ["sys-apps/baselayout", "sys-libs/glibc", "sys-apps/busybox"];

/// How many packages there are: two versions, the first in two builds, of each of so many names.
const NAMES: usize = 10_000;

/// What is wished: a few; and one that needs everything.
const WISHES: [(&str, &[&str]); 2] = [("twenty programs and what they need", &["app/few"]), ("all names", &["app/all"])];

pub(crate) fn bench(workbench: &Workbench, runs: usize) -> Result<(), Failed> {
    install(workbench, runs)?;
    choose(workbench, runs)
}

/// A tree each, in turns, of packages that are at hand.
fn install(workbench: &Workbench, runs: usize) -> Result<(), Failed> {
    let site = GentooSite::new(workbench)?;
    let scratch = workbench.scratch()?;
    let build = |product: Product<'_>, name: &str| {
        let product = product.args(["gentoo", "--agent", "none", "--allow-unsigned", "--package", &SHELL.join(","), "--binhost"]);
        product.arg(site.host("gpkg")).into_directory(&scratch.path().join(name)).run()
    };
    let (mut afresh, mut again, mut theirs) = (Series::default(), Series::default(), Series::default());
    for round in 0..=runs {
        let first = measure(workbench, |time| build(Product::under(workbench, time).afresh(), &format!("afresh{round}")))?;
        let second = measure(workbench, |time| build(Product::under(workbench, time), &format!("again{round}")))?;
        let other =
            measure(workbench, |time| site.emerge_by(time, "gpkg", &scratch.path().join(format!("emerge{round}")))?.args(SHELL).run())?;
        if round > 0 {
            afresh.push(first);
            again.push(second);
            theirs.push(other);
        }
    }
    say(&format!("Gentoo's set `shell` to a directory, packages on this machine; median of {runs}, in turns"));
    say(&format!("rootfs-gen gentoo             {afresh}"));
    say(&format!("rootfs-gen gentoo, unchanged  {again}"));
    say(&format!("emerge --usepkgonly           {theirs}"));
    Ok(())
}

/// Packages of an index that no host has.
fn choose(workbench: &Workbench, runs: usize) -> Result<(), Failed> {
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
