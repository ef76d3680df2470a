//! The keys that the program carries, against the packages in which Debian brings them.

use std::collections::BTreeSet;
use std::path::Path;

use rootfs_tests::{Case, Failed, Need, Process, Release, Workbench, ensure, path_in_archive, words};

const NEEDS: &[Need] = &[Need::Product, Need::Debian, Need::Judge("gpg"), Need::Judge("dpkg-deb")];

/// As Ubuntu publishes it.
const UBUNTU_2018: &str = "F6ECB3762474EDA9D21B7022871920D1991BC93C";

pub(crate) fn cases() -> Vec<Case> {
    let case = |distribution: &'static str, package: &'static str| {
        Case::new(format!("keys::{distribution}'s are those of {package}"), NEEDS, move |workbench| {
            expect_known(workbench, distribution, &known(workbench, package)?)
        })
    };
    vec![
        case("debian", "debian-archive-keyring"),
        case("ubuntu", "ubuntu-keyring"),
        Case::new("keys::ubuntu's is the published one", NEEDS, |workbench| {
            let carried = carried(workbench, "ubuntu")?;
            ensure!(carried == BTreeSet::from([UBUNTU_2018.to_owned()]), "{carried:?}");
            Ok(())
        }),
        Case::new("judges::another distribution's keys are told apart", NEEDS, |workbench| {
            let other = known(workbench, "debian-archive-keyring")?;
            ensure!(expect_known(workbench, "ubuntu", &other).is_err(), "Ubuntu's key was taken for one of Debian's");
            Ok(())
        }),
    ]
}

fn expect_known(workbench: &Workbench, distribution: &str, known: &BTreeSet<String>) -> Result<(), Failed> {
    let carried = carried(workbench, distribution)?;
    let unknown: Vec<&String> = carried.difference(known).collect();
    ensure!(!carried.is_empty() && unknown.is_empty(), "not in the package: {unknown:?} of {carried:?}");
    Ok(())
}

/// The fingerprints of every key that a plan of any release trusts.
fn carried(workbench: &Workbench, distribution: &str) -> Result<BTreeSet<String>, Failed> {
    let scratch = workbench.scratch()?;
    let list = workbench.product().args(["list", "--json"]).run()?.success()?.output;
    let list: serde_json::Value = serde_json::from_str(&list)?;
    let of = list.as_array().into_iter().flatten().find(|entry| entry["name"] == distribution).ok_or("it is not in the list")?;
    let mut found = BTreeSet::new();
    for release in of["releases"].as_array().into_iter().flatten().filter_map(|release| release["name"].as_str()) {
        let plan = workbench.product().args([distribution, "--release", release, "--dry-run", "--json", "-r", "unused"]);
        let plan: serde_json::Value = serde_json::from_str(&plan.run()?.success()?.output)?;
        for repository in plan["plan"]["installer"]["repositories"].as_array().into_iter().flatten() {
            for key in repository["keys"].as_array().into_iter().flatten() {
                let file = scratch.path().join("key.asc");
                fs_err::write(&file, key["armoured"].as_str().ok_or("a key is not armoured")?)?;
                found.extend(fingerprints(&file)?);
            }
        }
    }
    Ok(found)
}

/// The fingerprints of all key files of one of Debian's packages.
fn known(workbench: &Workbench, package: &str) -> Result<BTreeSet<String>, Failed> {
    let scratch = workbench.scratch()?;
    let path = path_in_archive(workbench, Release::Trixie, package)?;
    let file = scratch.path().join("package.deb");
    fs_err::write(&file, workbench.forward()?.read(&path)?.ok_or("the package is not there")?)?;
    let tree = scratch.path().join("tree");
    Process::judge("dpkg-deb").args(words([&"--extract", &file, &tree])).run()?.success()?;
    let mut found = BTreeSet::new();
    for entry in fs_err::read_dir(tree.join("usr/share/keyrings"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "gpg" || extension == "pgp") {
            found.extend(fingerprints(&path)?);
        }
    }
    Ok(found)
}

/// Of the primary keys in a file, by gpg.
fn fingerprints(file: &Path) -> Result<Vec<String>, Failed> {
    let home = tempfile::tempdir()?;
    let arguments = words([&"--homedir", &home.path(), &"--with-colons", &"--show-keys", &file]);
    let shown = Process::judge("gpg").args(arguments).run()?.success()?.output;
    let lines: Vec<&str> = shown.lines().collect();
    let after_primary = lines.windows(2).filter(|pair| pair[0].starts_with("pub:")).map(|pair| pair[1]);
    Ok(after_primary.filter_map(|line| line.strip_prefix("fpr:")?.split(':').nth(8)).map(str::to_owned).collect())
}
