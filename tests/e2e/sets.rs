//! Real package sets on two releases, against mmdebstrap, dpkg and apt.

use std::collections::BTreeSet;
use std::path::Path;

use rootfs_tests::{Case, Chroot, Failed, Listing, Need, PackageSet, Reference, Release, Workbench, copy_tree, ensure, findings, judge};
use rootfs_tests::{package_set, read_status};

use crate::build::{GUEST, MINBASE, Set};
use crate::installed;

/// In the quick run too, with what shows that its packages work.
const QUICK: &[(Release, Set)] = &[(Release::Trixie, MINBASE), (Release::Trixie, GUEST), (Release::Bookworm, MINBASE)];

/// In the full run, on both releases.
const FULL: &[Set] = &[
    GUEST,
    Set::of("postgresql", &["postgresql"]),
    Set::of("java-ssh-nginx", &["default-jre-headless", "openssh-server", "nginx"]),
    Set::of("python3", &["python3"]),
    Set::of("build-essential", &["build-essential"]),
    Set::of("default-jre-headless", &["default-jre-headless"]),
    Set::of("openssh-server", &["openssh-server"]),
    Set::of("nginx", &["nginx"]),
    Set::of("kata", &["chrony", "iptables", "kmod", "dbus", "cryptsetup-bin", "e2fsprogs"]),
    Set::of("docker-network-manager", &["docker.io", "network-manager"]),
    Set::of("cloud-init-locales", &["cloud-init", "locales", "tzdata", "console-setup"]),
    Set::of("mariadb-server", &["mariadb-server"]),
];

const NEEDS: &[Need] = &[Need::Product, Need::Root, Need::Debian, Need::Judge("unshare")];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = QUICK.iter().flat_map(|(release, set)| judged(*release, *set)).collect();
    let both = FULL.iter().flat_map(|set| [Release::Trixie, Release::Bookworm].map(|release| (release, *set)));
    let rest = both.filter(|pair| !QUICK.contains(pair));
    cases.extend(rest.flat_map(|(release, set)| judged(release, set)).map(Case::only_in_full));
    cases
}

/// Everything that is asked of one tree.
fn judged(release: Release, set: Set) -> Vec<Case> {
    let name = |what: &str| format!("debian::{release}::{}::{what}", set.name);
    let with_mmdebstrap = [NEEDS, &[Need::Judge("mmdebstrap"), Need::Judge("tar")]].concat();
    let mut cases = vec![
        Case::new(name("package set is mmdebstrap's"), &with_mmdebstrap, move |workbench| {
            expect_same_set(&set.tree(workbench, release)?, &reference(workbench, release, set)?.packages()?)
        }),
        Case::new(name("dpkg finds nothing"), NEEDS, move |workbench| {
            let found = findings(&set.tree(workbench, release)?)?;
            ensure!(found.is_empty(), "{}", found.join("\n"));
            Ok(())
        }),
        Case::new(name("apt-get goes on"), NEEDS, move |workbench| expect_apt(workbench, release, &set.tree(workbench, release)?)),
        Case::new(name("no secret, no trace of the build"), NEEDS, move |workbench| {
            installed::expect_no_trace(workbench, &set.tree(workbench, release)?)
        }),
        Case::new(name("files are mmdebstrap's"), &with_mmdebstrap, move |workbench| {
            expect_same_files(workbench, &set.tree(workbench, release)?, &reference(workbench, release, set)?)
        }),
    ];
    let works = installed::works(set.name).map(|script| {
        Case::new(name("works"), NEEDS, move |workbench| {
            let scratch = workbench.scratch()?;
            let tree = scratch.path().join("tree");
            copy_tree(&set.tree(workbench, release)?, &tree)?;
            Chroot::new(&tree).prints(&script).map(drop)
        })
    });
    cases.extend(works);
    cases
}

/// The same packages by mmdebstrap: its minbase and what our plan names.
fn reference(workbench: &Workbench, release: Release, set: Set) -> Result<Reference, Failed> {
    let mut include: Vec<String> = set.extra.iter().map(|package| (*package).to_owned()).collect();
    if set.variant != "minbase" {
        include.extend(planned_packages(workbench, release, set.variant)?);
    }
    Reference::of(workbench, release, &include)
}

/// What `--dry-run` says will be asked for by name.
fn planned_packages(workbench: &Workbench, release: Release, variant: &str) -> Result<Vec<String>, Failed> {
    let arguments = ["--release", release.name(), "--variant", variant, "--agent", "none", "--dry-run", "--json", "-r", "unused"];
    let printed = workbench.product().debian()?.args(arguments).run()?.success()?.output;
    let plan: serde_json::Value = serde_json::from_str(&printed)?;
    let include = plan["plan"]["include"].as_array().ok_or("the dry run names no packages")?;
    Ok(include.iter().filter_map(|entry| entry["package"]["name"].as_str()).map(str::to_owned).collect())
}

pub(crate) fn expect_same_set(tree: &Path, expected: &PackageSet) -> Result<(), Failed> {
    let ours = package_set(&read_status(tree)?);
    let missing = expected.iter().filter(|(name, version)| ours.get(*name) != Some(version));
    let added = ours.iter().filter(|(name, version)| expected.get(*name) != Some(version));
    let lines: Vec<String> = missing
        .map(|(name, version)| format!("only mmdebstrap has {name} {version}"))
        .chain(added.map(|(name, version)| format!("only we have {name} {version}")))
        .collect();
    ensure!(lines.is_empty(), "{}", lines.join("\n"));
    Ok(())
}

/// A tree's own apt verifies the archive, finds nothing to mend or to remove, and installs one more package.
fn expect_apt(workbench: &Workbench, release: Release, tree: &Path) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let copy = scratch.path().join("tree");
    copy_tree(tree, &copy)?;
    fs_err::write(copy.join("tmp/judge.list"), release.sources(&workbench.mirror()?.url()).join("\n") + "\n")?;
    judge::count_run("apt-get");
    let script = r#"
        apt() { apt-get -q -y -o Dir::Etc::SourceList=/tmp/judge.list -o Dir::Etc::SourceParts=/dev/null \
            -o Acquire::http::Proxy=DIRECT -o APT::Sandbox::User=root "$@"; }
        apt -o Acquire::AllowInsecureRepositories=false update >&2
        apt check >&2
        apt -s dist-upgrade
        apt -s autoremove
        apt install hello >&2
        test "$(hello --greeting=yes)" = yes
    "#;
    let printed = Chroot::new(&copy).prints(script)?;
    let changes: Vec<&str> = printed.lines().filter(|line| line.starts_with("Inst ") || line.starts_with("Remv ")).collect();
    ensure!(changes.is_empty(), "apt would change the tree:\n{}", changes.join("\n"));
    let found = findings(&copy)?;
    ensure!(found.is_empty(), "after apt-get install: {}", found.join("\n"));
    Ok(())
}

/// Path by path: types, modes, owners and contents.
pub(crate) fn expect_same_files(workbench: &Workbench, tree: &Path, reference: &Reference) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let theirs = scratch.path().join("mmdebstrap");
    reference.unpack(&theirs)?;
    let list = |tree: &Path| -> Result<Listing, Failed> {
        Ok(Listing::of(tree)?.without(installed::may_differ).without_contents(installed::contents_may_differ))
    };
    let ours = list(tree)?;
    let differences = ours.differences(&list(&theirs)?);
    ensure!(differences.is_empty(), "{} differences (first: ours):\n{}", differences.len(), differences.join("\n"));
    ensure!(ours.len() > 1000, "only {} paths were compared", ours.len());
    for path in installed::IN_ANY_ORDER {
        let lines = |tree: &Path| -> Result<BTreeSet<String>, Failed> {
            Ok(fs_err::read_to_string(tree.join(path.trim_start_matches('/')))?.lines().map(str::to_owned).collect())
        };
        let (ours, theirs) = (lines(tree)?, lines(&theirs)?);
        ensure!(ours == theirs, "{path}: {:?} are in one of them", ours.symmetric_difference(&theirs).collect::<Vec<_>>());
    }
    Ok(())
}
