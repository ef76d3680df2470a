//! Whatever is asked for of repositories that are made up, ours are the packages that dnf would install.

use std::io::BufReader;
use std::path::Path;

use libtest_mimic::Failed;
use rootfs_package::rpm::{Comps, RpmRepository, RpmRequest, RpmResolution, RpmResolveError, RpmSelection, RpmUniverse, resolve::resolve};
use rootfs_tests::{Settings, ensure};

use crate::Case;
use crate::dnf::Dnf;
use crate::made::{Random, Universe};

pub(crate) const JUDGED: &[Case] = &[
    ("dnf_chooses_the_same_of_small_universes", small),
    ("dnf_chooses_the_same_of_a_distribution", large),
    ("dnf_finds_what_is_wrong", finds_wrong),
];

pub(crate) const CASES: &[Case] = &[("choices_are_the_same_every_time", same_every_time)];

/// A universe that is written, and read by ours.
struct Site {
    directory: tempfile::TempDir,
    universe: Universe,
    ours: RpmUniverse,
}

impl Site {
    fn new(seed: u64, count: usize) -> Result<Self, Failed> {
        let directory = tempfile::tempdir()?;
        let universe = Universe::new(seed, count);
        universe.write(directory.path())?;
        let ours = read(&universe, directory.path())?;
        Ok(Self { directory, universe, ours })
    }

    fn resolve(&mut self, words: &[String]) -> Result<Result<RpmSelection, RpmResolveError>, Failed> {
        let mut request = RpmRequest { weak: false, ..RpmRequest::default() };
        for word in words {
            match word.as_str() {
                "--weak" => request.weak = true,
                "--nobest" => request.best = false,
                word => match word.strip_prefix("-x") {
                    Some(excluded) => request.exclude.push(excluded.to_owned()),
                    None => request.install.push(word.to_owned()),
                },
            }
        }
        let comps = Comps::default();
        let mut resolution = resolve(&self.ours, &comps, &request);
        if let Ok(RpmResolution::NeedsFilelists { paths }) = &resolution {
            let paths = paths.clone();
            let ids: Vec<_> =
                (0..self.universe.repositories.len()).filter_map(|number| self.ours.repository(&format!("r{number}"))).collect();
            for (number, id) in ids.into_iter().enumerate() {
                let file = self.directory.path().join(number.to_string()).join("repodata/filelists.xml");
                self.ours.add_filelists(id, BufReader::new(fs_err::File::open(file)?), &paths)?;
            }
            resolution = resolve(&self.ours, &comps, &request);
        }
        Ok(match resolution {
            Ok(RpmResolution::Done(selection)) => Ok(selection),
            Ok(RpmResolution::NeedsFilelists { paths }) => return Err(format!("the lists are there, and {paths:?} are not known").into()),
            Err(error) => Err(error),
        })
    }
}

fn read(universe: &Universe, directory: &Path) -> Result<RpmUniverse, Failed> {
    let mut ours = RpmUniverse::new("x86_64");
    for (number, (priority, cost, _)) in universe.repositories.iter().enumerate() {
        let primary = directory.join(number.to_string()).join("repodata/primary.xml");
        let repository = RpmRepository { name: format!("r{number}"), priority: *priority, cost: *cost };
        ours.add_primary(repository, BufReader::new(fs_err::File::open(primary)?))?;
    }
    Ok(ours)
}

/// As the judge writes it.
fn shown(selection: &RpmSelection) -> Vec<String> {
    let packages = selection.packages.iter();
    let mut shown: Vec<_> = packages.map(|package| format!("{}@{}", package.nevra, package.repository.index())).collect();
    shown.sort();
    shown
}

/// How many of some requests had packages for an answer. Every other answer than dnf's is an error, but for one known kind.
///
/// With weak dependencies some one in a hundred answers has a package more or less: something about the order in which recommendations are looked at is
/// not yet as in libsolv. So one in twenty of those may differ.
fn compare(seed: u64, count: usize, requests: usize) -> Result<usize, Failed> {
    let mut site = Site::new(seed, count)?;
    let mut dnf = Dnf::start(&site.universe, site.directory.path())?;
    let mut random = Random::new(seed + 1000);
    let (mut answered, mut weak, mut known) = (0, 0, 0);
    for _ in 0..requests {
        let words = Universe::request(&mut random, count);
        let theirs = dnf.ask(&words)?;
        match (site.resolve(&words)?, theirs) {
            (Ok(selection), Ok(theirs)) => {
                let ours = shown(&selection);
                let only =
                    |some: &[String], others: &[String]| some.iter().filter(|one| !others.contains(one)).cloned().collect::<Vec<_>>();
                let (more, less) = (only(&ours, &theirs), only(&theirs, &ours));
                let is_weak = words.iter().any(|word| word == "--weak");
                let is_same = more.is_empty() && less.is_empty();
                ensure!(is_same || is_weak, "universe {seed} of {count}, {words:?}: only ours {more:?}, only dnf's {less:?}");
                weak += usize::from(is_weak);
                known += usize::from(!is_same);
                answered += 1;
            }
            (Err(_), Err(_)) => {}
            (Ok(_), Err(error)) => return Err(format!("universe {seed} of {count}, {words:?}: dnf refuses it: {error}").into()),
            (Err(error), Ok(_)) => return Err(format!("universe {seed} of {count}, {words:?}: only ours refuses it: {error}").into()),
        }
    }
    ensure!(known * 20 <= weak + 19, "universe {seed} of {count}: {known} of {weak} answers with weak dependencies differ");
    Ok(answered)
}

fn small(settings: &Settings) -> Result<(), Failed> {
    let mut answered = 0;
    for seed in 1..=(if settings.full { 40 } else { 6 }) {
        answered += compare(seed, 300, 40)?;
    }
    ensure!(answered > 60, "only {answered} requests had packages for an answer");
    Ok(())
}

fn large(settings: &Settings) -> Result<(), Failed> {
    // dnf itself takes seconds to a request where so much excludes so much.
    let (count, requests) = if settings.full { (30_000, 1000) } else { (3_000, 50) };
    let answered = compare(LARGE_SEED, count, requests)?;
    ensure!(answered * 2 > requests, "only {answered} of {requests} requests had packages for an answer");
    Ok(())
}

const LARGE_SEED: u64 = 21;

/// dnf says no to another answer: to a package that is left out, and to a universe that lacks what ours has.
fn finds_wrong(_: &Settings) -> Result<(), Failed> {
    let mut site = Site::new(7, 300)?;
    let words = ["lib9".to_owned()];
    let ours = shown(&site.resolve(&words)??);
    let without = ["lib9".to_owned(), "-xlib9".to_owned()];
    let mut dnf = Dnf::start(&site.universe, site.directory.path())?;
    ensure!(dnf.ask(&words)? == Ok(ours.clone()), "dnf has another answer from the start");
    ensure!(dnf.ask(&without)?.is_err(), "dnf gives an excluded package");
    for (_, _, packages) in &mut site.universe.repositories {
        packages.retain(|made| made.name != "lib9");
        packages.push(crate::made::Made { name: "lib9".to_owned(), architecture: "noarch", ..crate::made::Made::new_version("9") });
    }
    let other = tempfile::tempdir()?;
    site.universe.write(other.path())?;
    let mut dnf = Dnf::start(&site.universe, other.path())?;
    ensure!(dnf.ask(&words)?.is_ok_and(|theirs| theirs != ours), "dnf doesn't see that the universe is another one");
    Ok(())
}

fn same_every_time(_: &Settings) -> Result<(), Failed> {
    let (mut one, mut other) = (Site::new(5, 1000)?, Site::new(5, 1000)?);
    let mut random = Random::new(5);
    for _ in 0..30 {
        let words = Universe::request(&mut random, 1000);
        ensure!(one.resolve(&words)? == other.resolve(&words)?, "{words:?} has two answers");
    }
    Ok(())
}
