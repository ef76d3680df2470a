//! Repositories that are made up, and what ours chooses from them.

use std::io::BufReader;
use std::path::Path;

use libtest_mimic::Failed;
use rootfs_package::rpm::resolve::resolve;
use rootfs_package::rpm::{Comps, RpmRepository, RpmRequest, RpmResolution, RpmResolveError, RpmSelection, RpmUniverse, parse_comps};

use crate::made::Universe;

/// A universe that is written, and read by ours.
pub(crate) struct Site {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) universe: Universe,
    ours: RpmUniverse,
    comps: Comps,
}

impl Site {
    pub(crate) fn new(seed: u64, count: usize) -> Result<Self, Failed> {
        Self::of(Universe::new(seed, count))
    }

    pub(crate) fn of(universe: Universe) -> Result<Self, Failed> {
        let directory = tempfile::tempdir()?;
        universe.write(directory.path())?;
        let ours = read(&universe, directory.path())?;
        let comps = if universe.comps.is_empty() { Comps::default() } else { parse_comps(universe.comps.as_bytes())? };
        Ok(Self { directory, universe, ours, comps })
    }

    /// What ours makes of a request: words, and `--weak`, `--nobest` and `-xPACKAGE` among them.
    pub(crate) fn resolve(&mut self, words: &[String]) -> Result<Result<RpmSelection, RpmResolveError>, Failed> {
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
        let mut resolution = resolve(&self.ours, &self.comps, &request);
        if let Ok(RpmResolution::NeedsFilelists { paths }) = &resolution {
            let paths = paths.clone();
            let ids: Vec<_> =
                (0..self.universe.repositories.len()).filter_map(|number| self.ours.repository(&format!("r{number}"))).collect();
            for (number, id) in ids.into_iter().enumerate() {
                let file = self.directory.path().join(number.to_string()).join("repodata/filelists.xml");
                self.ours.add_filelists(id, BufReader::new(fs_err::File::open(file)?), &paths)?;
            }
            resolution = resolve(&self.ours, &self.comps, &request);
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

/// The packages as the judge writes them.
pub(crate) fn shown(selection: &RpmSelection) -> Vec<String> {
    let packages = selection.packages.iter();
    let mut shown: Vec<_> = packages.map(|package| format!("{}@{}", package.nevra, package.repository.index())).collect();
    shown.sort();
    shown
}
