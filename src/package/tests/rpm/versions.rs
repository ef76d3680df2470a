//! Versions, as rpm's own comparison has them.

use std::cmp::Ordering;

use libtest_mimic::Failed;
use rootfs_package::rpm::compare_versions;
use rootfs_tests::{Process, Settings, ensure};

use crate::Case;
use crate::made::Random;

pub(crate) const CASES: &[Case] = &[("versions_are_ordered_as_in_rpms_own_tests", known)];

pub(crate) const JUDGED: &[Case] = &[("rpm_orders_random_versions_the_same", random)];

/// Versions in groups that are equal, each group less than the one after it: what rpm's tests/rpmvercmp.at has of each kind.
const ORDERED: &[&[&[&str]]] = &[
    &[&["1.0"], &["2.0"]],
    &[&["2.0"], &["2.0.1"], &["2.0.1a"]],
    &[&["5.5p1"], &["5.5p2"], &["5.5p10"], &["5.6p1"], &["6.5p1"]],
    &[&["10xyz"], &["10.1xyz"]],
    &[&["xyz10"], &["xyz10.1"]],
    &[&["xyz.4"], &["2"], &["8"]],
    &[&["6.0"], &["6.0.rc1"]],
    &[&["10a1"], &["10a2"], &["10b2"]],
    &[&["1.0a"], &["1.0aa"]],
    &[&["10.0001", "10.1"], &["10.0039"]],
    &[&["4.999.9"], &["5.0"]],
    &[&["20101121"], &["20101122"]],
    &[&["2_0", "2.0"]],
    &[&["a+", "a_", "a", "+a", "_a"]],
    &[&["+_", "_+", "+", "_", ""]],
    &[&["1.0~rc1~git123"], &["1.0~rc1"], &["1.0~rc1^git1"], &["1.0~rc2"], &["1.0"]],
    &[&["1.0"], &["1.0^"], &["1.0^git1~pre"], &["1.0^git1"], &["1.0^git2"], &["1.0.1"]],
    &[&["1.0^20160101"], &["1.0^20160101^git1"], &["1.0^20160102"], &["1.0.1"]],
    &[&["1.0^git1"], &["1.01", "1.1"]],
    &[&["1.1.α", "1.1.β", "1.1.αα", "1.1"]],
];

fn known(_: &Settings) -> Result<(), Failed> {
    for groups in ORDERED {
        let all = || groups.iter().enumerate().flat_map(|(place, group)| group.iter().map(move |version| (place, *version)));
        for (left, right) in all().flat_map(|left| all().map(move |right| (left, right))) {
            let found = compare_versions(left.1, right.1);
            ensure!(found == left.0.cmp(&right.0), "{} and {}: {found:?}", left.1, right.1);
        }
    }
    Ok(())
}

/// A version of few different signs, so that two of them have something in common. A dash is not among them: rpm's function would take what follows for a release.
fn version(random: &mut Random) -> String {
    let signs = ["0", "1", "2", "10", "a", "b", "ab", ".", "~", "^", "+", "_", "é"];
    (0..=random.below(5)).map(|_| signs[random.below(signs.len())]).collect()
}

fn random(settings: &Settings) -> Result<(), Failed> {
    let mut random = Random::new(3);
    let count = if settings.full { 20_000 } else { 2_000 };
    let pairs: Vec<_> = (0..count).map(|_| (version(&mut random), version(&mut random))).collect();
    let asked: String = pairs.iter().map(|(left, right)| format!("print(rpm.vercmp(\"{left}\", \"{right}\") .. \"\\n\"); ")).collect();
    let directory = tempfile::tempdir()?;
    let script = directory.path().join("versions.lua");
    fs_err::write(&script, asked)?;
    let run = Process::new("rpm").arg("--eval").arg(format!("%{{lua:dofile(\"{}\")}}", script.display())).run()?.success()?;
    let answers: Vec<_> = run.output.lines().filter(|line| !line.is_empty()).collect();
    ensure!(answers.len() == pairs.len(), "rpm has {} answers for {} pairs", answers.len(), pairs.len());
    for ((left, right), answer) in pairs.iter().zip(answers) {
        let theirs = answer.trim().parse::<i32>()?.cmp(&0);
        let ours = compare_versions(left, right);
        ensure!(ours == theirs, "`{left}` and `{right}`: ours {ours:?}, rpm's {theirs:?}");
    }
    ensure!(compare_versions("1", "2") == Ordering::Less, "the comparison has no order");
    Ok(())
}
