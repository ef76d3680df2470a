//! One lock, one digest: whoever builds, wherever, whenever, on whatever machine.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rootfs_tests::{Case, Failed, Need, PlainUser, Process, Product, Release, Workbench, ensure};

use crate::build::BUILD;

/// Sets whose every byte is the same: their packages' scripts make keys, caches, indexes and databases.
const SETS: [(&str, &[&str]); 4] = [
    ("servers", &["openssh-server", "nginx", "python3"]),
    ("languages", &["build-essential", "perl", "python3-pip"]),
    ("documents", &["man-db", "emacs-nox", "info"]),
    ("desktop", &["dbus-x11", "fonts-dejavu", "fontconfig", "shared-mime-info", "libgtk-3-bin"]),
];

/// Another clock tick, place, language, mask and number of processors; the store is empty.
const ELSEWHERE: &str = "umask 0077; cd \"$1\"; shift; exec taskset --cpu-list 0 \"$@\"";

pub(crate) fn cases() -> Vec<Case> {
    let needs = [BUILD, &[Need::Judge("taskset"), Need::Judge("newuidmap"), Need::Judge("unshare"), Need::Judge("setpriv")]].concat();
    let case = |release: Release, (name, packages): (&'static str, &'static [&'static str])| {
        Case::new(format!("reproducible::{release}::{name}"), &needs, move |workbench| same_bytes(workbench, release, packages))
    };
    let mut cases = vec![case(Release::Trixie, SETS[0])];
    cases.extend(SETS[1..].iter().map(|set| case(Release::Trixie, *set).only_in_full()));
    cases.extend(SETS.iter().map(|set| case(Release::Bookworm, *set).only_in_full()));
    cases.push(Case::new("reproducible::a difference is seen", &needs, difference));
    cases
}

fn build<'a>(product: Product<'a>, release: Release, packages: &[&str], lock: &Path) -> Result<Product<'a>, Failed> {
    let product = product.debian()?.args(["--release", release.name()]).arg("--locked").arg(lock);
    Ok(product.args(packages.iter().map(|package| format!("--extra-pkg={package}"))))
}

fn same_bytes(workbench: &Workbench, release: Release, packages: &[&str]) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let place = |name: &str| scratch.path().join(name);
    let lock = place("rootfs-gen.lock");
    let first = workbench.product().afresh().debian()?.args(["--release", release.name()]).arg("--lock").arg(&lock);
    let first = first.args(packages.iter().map(|package| format!("--extra-pkg={package}")));
    first.into_directory(&place("first")).arg("-o").arg(place("first.img")).run()?.success()?;

    // As root, in other surroundings.
    let odd = place("ein anderer Ort/für 第二");
    fs_err::create_dir_all(&odd)?;
    let shell = Process::new("sh").args(["-c", ELSEWHERE, "sh"]).arg(&odd);
    let second = build(Product::under(workbench, shell).afresh(), release, packages, &lock)?.store(&place("cold"));
    let second = second.env("TZ", "Pacific/Kiritimati").env("LC_ALL", "tr_TR.UTF-8").env("LANG", "ja_JP.UTF-8").env("HOME", "/nowhere");
    let second = second.env("TMPDIR", scratch.path()).env("PERL5LIB", "/nowhere").env("PYTHONHASHSEED", "7");
    second.args(["-r", "second", "-o", "second.img"]).run()?.success()?;
    compare(workbench, &place("first"), &odd.join("second"), &place("first.img"), &odd.join("second.img"))?;

    // As a plain user.
    let user = PlainUser::new(workbench, 70_000)?;
    let theirs = user.home().join("rootfs-gen.lock");
    fs_err::copy(&lock, &theirs)?;
    fs_err::set_permissions(&theirs, PermissionsExt::from_mode(0o644))?;
    let third = build(user.product(workbench).afresh(), release, packages, &theirs)?;
    let (tree, image) = (user.home().join("third"), user.home().join("third.img"));
    third.into_directory(&tree).arg("-o").arg(&image).run()?.success()?;
    ensure!(fs_err::read(&image)? == fs_err::read(place("first.img"))?, "the user's image differs");
    ensure!(user.product(workbench).digest(&tree)? == workbench.product().digest(&place("first"))?, "the user's tree differs");
    user.product(workbench).arg("rm").arg(&tree).run()?.success().map(drop)
}

fn compare(workbench: &Workbench, first: &Path, second: &Path, image: &Path, other: &Path) -> Result<(), Failed> {
    let (one, two) = (rootfs_tests::Listing::of(first)?, rootfs_tests::Listing::of(second)?);
    let differences = one.differences(&two);
    ensure!(differences.is_empty(), "{}", differences.join("\n"));
    ensure!(workbench.product().digest(first)? == workbench.product().digest(second)?, "the digests differ");
    ensure!(fs_err::read(image)? == fs_err::read(other)?, "the images differ");
    Ok(())
}

/// The judge of the cases above says no when a hook writes the time.
fn difference(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let hook = scratch.path().join("hook");
    fs_err::write(&hook, "#!/bin/sh\nexec date +%N > /etc/built\n")?;
    for name in ["first", "second"] {
        let build = workbench.product().afresh().minbase(Release::Trixie)?.arg("--hook").arg(&hook);
        build.into_directory(&scratch.path().join(name)).arg("-o").arg(scratch.path().join(format!("{name}.img"))).run()?.success()?;
    }
    let place = |name: &str| scratch.path().join(name);
    let Err(told) = compare(workbench, &place("first"), &place("second"), &place("first.img"), &place("second.img")) else {
        return Err("two builds that differ were called the same".into());
    };
    let told = told.message().unwrap_or_default().to_owned();
    ensure!(told.contains("/etc/built"), "{told}");
    Ok(())
}
