//! Repositories shaped as a distribution's: a few packages that nearly all others need, libraries in layers, programs above them, and few conflicts.

mod source;

use self::source::Source;
use super::{Made, Random, Universe};

/// The packages that nearly everything needs.
const BASE: usize = 20;

/// How many packages there are to a source, about.
const PACKAGES_OF_SOURCE: usize = 2;

/// What several packages can be: the first of each ten sources that is no library, program or module is one of those.
const ROLES: usize = 40;

const LANGUAGES: [&str; 6] = ["de", "es", "fr", "ja", "pl", "uk"];

/// What a source is, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Base,
    Library,
    Program,
    Module,
    Role,
}

impl Kind {
    fn of(number: usize) -> Self {
        match number % 10 {
            _ if number < BASE => Self::Base,
            0..4 => Self::Library,
            4..7 => Self::Program,
            7 | 8 => Self::Module,
            _ => Self::Role,
        }
    }

    /// What the main package of a source is called.
    fn name(self, number: usize) -> String {
        match self {
            Self::Base => format!("base{number}"),
            Self::Library => format!("lib{number}"),
            Self::Program => format!("app{number}"),
            Self::Module => format!("python3-mod{number}"),
            Self::Role => format!("alt{number}"),
        }
    }
}

fn main_name(number: usize) -> String {
    Kind::of(number).name(number)
}

/// A number of a source of a kind, at or just below another.
fn nearest(number: usize, kind: Kind) -> usize {
    (0..=number).rev().find(|number| Kind::of(*number) == kind).unwrap_or(match kind {
        Kind::Base | Kind::Library => BASE,
        Kind::Program => BASE + 4,
        Kind::Module => BASE + 7,
        Kind::Role => BASE + 9,
    })
}

/// Something below a source: mostly what very many need.
fn lower(random: &mut Random, number: usize, kind: Kind) -> usize {
    let below = match random.below(8) {
        0..3 => random.below(number.min(120) + 1),
        3..6 => random.below(number / 8 + 1),
        _ => random.below(number / 2 + 1),
    };
    nearest(below, kind)
}

fn library(number: usize) -> String {
    if number < BASE { format!("libbase{number}.so.6()(64bit)") } else { format!("lib{number}.so.1()(64bit)") }
}

/// How many sources make so many packages.
fn sources(count: usize) -> usize {
    count / PACKAGES_OF_SOURCE
}

impl Universe {
    /// About so many packages: a release, and newer versions of some of it in another repository.
    pub(crate) fn distribution(seed: u64, count: usize) -> Self {
        let mut random = Random::new(seed);
        let (mut release, mut updates) = (Vec::new(), Vec::new());
        for language in LANGUAGES {
            release.push(Made { name: format!("langpacks-{language}"), architecture: "noarch", ..Made::new_version("1") });
        }
        for number in 0..sources(count) {
            let packages = Source::new(&mut random, number).packages(&mut random);
            if random.one_in(6) {
                let step = random.below(3);
                let is_rebuilt = random.one_in(2);
                updates.extend(packages.iter().map(|made| newer(made, step, is_rebuilt)));
            }
            release.extend(packages);
        }
        Self { repositories: vec![(99, 1000, release), (99, 1000, updates)], ..Self::default() }
    }

    /// What people ask of it: a few programs, mostly.
    pub(crate) fn request_of_distribution(random: &mut Random, count: usize) -> Vec<String> {
        let mut words = Vec::new();
        for _ in 0..=random.below(4) {
            let number = random.below(sources(count));
            let program = nearest(number, Kind::Program);
            let module = nearest(number, Kind::Module);
            let library = nearest(number.max(BASE), Kind::Library);
            words.push(match random.below(24) {
                0 => format!("/usr/bin/app{program}"),
                1 => format!("python3dist(mod{module})"),
                2 => format!("python3dist(mod{module}) >= 1"),
                3 => format!("lib{library}.so.1()(64bit)"),
                4 => format!("role{}", random.below(ROLES)),
                5 => format!("app{program}-[1-3].*"),
                6 => format!("app{program}.x86_64"),
                7 => format!("app{program}*"),
                8 => format!("/usr/share/app{program}/data"),
                9 if random.one_in(3) => format!("lib{library}.i686"),
                10 => format!("langpacks-{}", LANGUAGES[random.below(LANGUAGES.len())]),
                11 => format!("lib{library}-devel"),
                12 => format!("pkgconfig(lib{library})"),
                13 => format!("gone{number}"),
                _ => main_name(number),
            });
        }
        if random.one_in(2) {
            words.push("--weak".to_owned());
        }
        if random.one_in(4) {
            words.push("--nobest".to_owned());
        }
        if random.one_in(8) {
            words.push(format!("-x{}", main_name(random.below(sources(count)))));
        }
        words
    }
}

/// A package of an update: another version, or only another release.
fn newer(made: &Made, step: usize, is_rebuilt: bool) -> Made {
    let (epoch, version, release) = &made.evr;
    let evr = match step {
        _ if is_rebuilt => (*epoch, version.clone(), "2.fc40".to_owned()),
        0 => (*epoch, format!("{version}.1"), "1.fc40".to_owned()),
        1 => (*epoch, format!("{version}^20240101"), "1.fc40".to_owned()),
        _ => (epoch + 1, version.clone(), "1.fc40".to_owned()),
    };
    let (before, after) = (written(&made.evr), written(&evr));
    let moved = |words: &[String]| words.iter().map(|word| word.replace(&format!("= {before}"), &format!("= {after}"))).collect();
    let source = made.source.replace(&format!("-{version}-{release}."), &format!("-{}-{}.", evr.1, evr.2));
    Made { source, provides: moved(&made.provides), requires: moved(&made.requires), evr, ..made.clone() }
}

/// `[EPOCH:]VERSION-RELEASE`
fn written((epoch, version, release): &(u32, String, String)) -> String {
    let epoch = if *epoch == 0 { String::new() } else { format!("{epoch}:") };
    format!("{epoch}{version}-{release}")
}
