//! Repositories that are made up, by a number: as a distribution's are in size and kind, but with every way of depending on something.

mod distribution;
mod random;
mod rare;
mod write;

use std::path::Path;

pub(crate) use self::random::Random;

/// A dependency or something provided, as text: `name`, `name >= 1-2`, `(a if b)`.
pub(crate) type Words = Vec<String>;

/// A package that is made up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Made {
    pub(crate) name: String,
    pub(crate) architecture: &'static str,
    pub(crate) evr: (u32, String, String),
    pub(crate) provides: Words,
    pub(crate) requires: Words,
    /// Those of `requires` that are needed before scripts.
    pub(crate) before: Words,
    pub(crate) conflicts: Words,
    pub(crate) obsoletes: Words,
    pub(crate) recommends: Words,
    pub(crate) suggests: Words,
    pub(crate) supplements: Words,
    pub(crate) enhances: Words,
    pub(crate) files: Words,
    /// The file name of the source package; empty for one that says nothing.
    pub(crate) source: String,
}

/// Some repositories with what they are worth: priority and cost.
#[derive(Debug, Default)]
pub(crate) struct Universe {
    pub(crate) repositories: Vec<(i32, i32, Vec<Made>)>,
    /// The groups of the first one, as `comps.xml` has them; empty if it has none.
    pub(crate) comps: String,
}

/// How packages are called, by number; every third is a library.
fn name(number: usize) -> String {
    match number % 3 {
        0 => format!("lib{number}"),
        1 => format!("tool{number}"),
        _ => format!("data{number}"),
    }
}

/// How many virtual names there are to so many packages.
fn features(count: usize) -> usize {
    (count / 12).max(3)
}

impl Universe {
    /// Some packages in a first repository and newer ones of some of them in another.
    pub(crate) fn new(seed: u64, count: usize) -> Self {
        let mut random = Random::new(seed);
        let mut first = Vec::new();
        let mut updates = Vec::new();
        for number in 0..count {
            let made = make(&mut random, number, count);
            if random.one_in(6) {
                let mut newer = made.clone();
                newer.evr.2 = format!("{}.fc40", random.below(9) + 2);
                if random.one_in(4) {
                    newer.evr.1 = format!("{}{}", newer.evr.1, ["~rc1", "^20240101", ".1"][random.below(3)]);
                }
                updates.push(newer);
            }
            if made.architecture == "x86_64" && random.one_in(8) {
                first.push(Made {
                    architecture: "i686",
                    provides: narrow(&made.provides),
                    requires: narrow(&made.requires),
                    ..made.clone()
                });
            }
            first.push(made);
        }
        let costs = if seed.is_multiple_of(3) { (99, 1000) } else { (98, 500) };
        let priority = if seed.is_multiple_of(5) { costs.0 } else { 99 };
        Self { repositories: vec![(99, 1000, first), (priority, costs.1, updates)], ..Self::default() }
    }

    /// Writes each repository below a directory, with the metadata that createrepo would write.
    pub(crate) fn write(&self, directory: &Path) -> std::io::Result<()> {
        for (number, (_, _, packages)) in self.repositories.iter().enumerate() {
            let comps = if number == 0 { self.comps.as_str() } else { "" };
            write::repository(&directory.join(number.to_string()), packages, comps)?;
        }
        Ok(())
    }

    /// What may be asked for of it.
    pub(crate) fn request(random: &mut Random, count: usize) -> Vec<String> {
        let mut words = Vec::new();
        for _ in 0..=random.below(4) {
            let number = random.below(count);
            words.push(match random.below(20) {
                0 if random.one_in(3) => format!("{}.i686", name(number / 3 * 3)),
                1 => format!("feature{}", random.below(features(count))),
                2 => format!("/usr/bin/tool{}", number / 3 * 3 + 1),
                3 => format!("lib{}.so.1()(64bit)", number / 3 * 3),
                4 => format!("{}?", name(number / 10)),
                5 => format!("{}-[1-3].*", name(number)),
                6 => format!("feature{} >= 2", random.below(features(count))),
                7 => format!("{}.x86_64", name(number / 3 * 3)),
                8 => format!("/usr/share/data/{}", number / 3 * 3 + 2),
                _ => name(number),
            });
        }
        if random.one_in(2) {
            words.push("--weak".to_owned());
        }
        if random.one_in(3) {
            words.push("--nobest".to_owned());
        }
        if random.one_in(5) {
            words.push(format!("-x{}", name(random.below(count))));
        }
        words
    }
}

/// What a package for 64 bits provides and needs, for 32.
fn narrow(words: &[String]) -> Words {
    words.iter().map(|word| word.replace("()(64bit)", "")).collect()
}

fn make(random: &mut Random, number: usize, count: usize) -> Made {
    let version = (random.below(3) == 2).into();
    let mut made = Made {
        name: name(number),
        architecture: if number % 3 == 2 { "noarch" } else { "x86_64" },
        evr: (version, format!("{}.{}", random.below(3) + 1, random.below(10)), "1.fc40".to_owned()),
        ..Made::default()
    };
    match number % 3 {
        0 => made.provides.push(format!("lib{number}.so.1()(64bit)")),
        1 => made.files.push(format!("/usr/bin/tool{number}")),
        _ => made.files.push(format!("/usr/share/data/{number}")),
    }
    for _ in 0..random.below(2) + usize::from(random.one_in(4)) {
        let feature = random.below(features(count));
        made.provides.push(match random.below(3) {
            0 => format!("feature{feature}"),
            other => format!("feature{feature} = {}", other + random.below(3)),
        });
    }
    for _ in 0..random.below(4) {
        let word = need(random, number, count);
        if random.one_in(6) { made.before.push(word) } else { made.requires.push(word) }
    }
    add_rare(random, &mut made, number, count);
    made
}

/// Something far below it, so that most packages can be installed without all others; above it sometimes, which makes circles.
fn other(random: &mut Random, number: usize, count: usize) -> usize {
    match random.below(24) {
        0 => random.below(count),
        1..10 => random.below(number.min(60) + 1),
        _ => random.below(number / 3 + 1),
    }
}

fn need(random: &mut Random, number: usize, count: usize) -> String {
    let target = other(random, number, count);
    let feature = random.below(features(count));
    match random.below(24) {
        0..6 => format!("lib{}.so.1()(64bit)", target / 3 * 3),
        6 | 7 => format!("/usr/bin/tool{}", target / 3 * 3 + 1),
        8 => format!("feature{feature}"),
        9 => format!("feature{feature} >= 1"),
        10 => format!("feature{feature} < 9"),
        11 => format!("{} >= 1.0-1", name(target)),
        12 => format!("({} if {})", name(target), name(other(random, number, count))),
        13 => format!("({} or {})", name(target), name(other(random, number, count))),
        14 => format!("(feature{feature} >= 1 with feature{feature} < 4)"),
        15 => format!("(feature{feature} without {})", name(target)),
        16 => format!("({} if feature{feature} else {})", name(target), name(other(random, number, count))),
        17 => format!("({} and feature{feature})", name(target)),
        18 if random.one_in(40) => format!("({} unless {})", name(target), name(random.below(count))),
        19 => format!("(({} and {}) or feature{feature})", name(target), name(other(random, number, count))),
        20 if random.one_in(4) => format!("/usr/share/data/{}", target / 3 * 3 + 2),
        21 if random.one_in(1000) => "nowhere".to_owned(),
        _ => name(target),
    }
}

/// Something to recommend. `if … else` is not among it: libsolv before 0.7.25 forgets what the packages need that stand for its condition (its issue 527),
/// and so dnf gives a package here and there without what it needs.
fn wish(need: impl FnMut() -> String) -> String {
    std::iter::repeat_with(need).find(|need| !need.contains(" else ")).unwrap_or_default()
}

fn add_rare(random: &mut Random, made: &mut Made, number: usize, count: usize) {
    let feature = random.below(features(count));
    if random.one_in(200) {
        made.conflicts.push(match random.below(4) {
            0 if random.one_in(4) => format!("feature{feature} < 2"),
            1 => format!("({} and {})", name(random.below(count)), name(random.below(count))),
            _ => format!("{} < 2", name(random.below(count))),
        });
    }
    if random.one_in(150) {
        made.obsoletes.push(match random.below(3) {
            0 => format!("gone{number} < 2"),
            _ => format!("{} < 1.2", name(random.below(count))),
        });
    }
    for _ in 0..random.below(3) {
        if random.one_in(2) {
            made.recommends.push(wish(|| need(random, number, count)));
        }
    }
    if random.one_in(10) {
        made.suggests.push(name(random.below(count)));
    }
    if random.one_in(20) {
        made.supplements.push(match random.below(3) {
            0 => format!("({} and {})", name(random.below(count)), name(other(random, number, count))),
            1 => format!("feature{feature}"),
            _ => name(other(random, number, count)),
        });
    }
    if random.one_in(20) {
        made.enhances.push(name(random.below(count)));
    }
}

impl Made {
    /// One without anything but a version.
    pub(crate) fn new_version(version: &str) -> Self {
        Self { evr: (0, version.to_owned(), "1".to_owned()), ..Self::default() }
    }
}
