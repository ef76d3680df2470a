//! From a plan to a lock.

use std::collections::BTreeSet;

use rootfs_plugin::{BuildError, Include, Plan, PlannedPackage, RpmInstaller};
use rootfs_tree::Digest;

use super::index::{Index, fetch_index};
use super::inputs::resolve_inputs;
use super::local::{LocalPackage, local_packages, primary};
use super::resolve::{RpmReason, RpmRequest, RpmResolution, RpmSelection, SelectedRpm, resolve};
use super::{Comps, RpmRepository, RpmRepositoryId, RpmUniverse, parse_comps};
use crate::acquire::begin_index;
use crate::engine::{build_error, caused};
use crate::fetch::Fetcher;
use crate::lock::{LOCAL, Lock, LockedAgent, LockedPackage};
use crate::observer::{Event, Step};
use crate::reuse::Reuse;
use crate::store::Store;

const EMPTY_LIST: &str = "<filelists></filelists>";

/// Fetches the indexes and chooses the packages, unless that was done with the same ones before.
pub(crate) fn resolve_plan(
    plan: &Plan,
    rpm: &RpmInstaller,
    agent: Option<&LockedAgent>,
    now: i64,
    fetcher: &Fetcher<'_>,
    reuse: &Reuse<'_>,
) -> Result<Lock, BuildError> {
    let Reuse { store, observer, .. } = *reuse;
    begin_index(observer);
    let indexes = rpm.repositories.iter().map(|repository| fetch_index(repository, fetcher, now)).collect::<Result<Vec<_>, _>>()?;
    indexes.iter().try_for_each(|index| index.check_age(store, reuse.program.is_none()))?;
    for index in indexes.iter().filter(|index| index.repomd.has_modules()) {
        observer.event(Event::Note(&format!("{} has modules: their packages are chosen from as all others are", index.repository.name)));
    }
    let inputs = resolve_inputs(plan, rpm, &indexes, store)?;
    if let Some(lock) = reuse.lock(&inputs) {
        return Ok(Lock { agent: agent.cloned(), ..lock });
    }
    let local = local_packages(plan, store)?;
    let asked = asked_for(plan, &local)?;
    let mut choice = Choice::load(plan, indexes, &local, fetcher, store)?;
    if asked.iter().any(|word| word.starts_with('@')) {
        choice.load_groups()?;
    }
    observer.event(Event::Began(Step::Resolve));
    let wanted = RpmRequest { install: asked, exclude: rpm.exclude.clone(), weak: rpm.weak, ..RpmRequest::default() };
    let packages = choice.choose(&wanted)?;
    for group in &packages.absent {
        observer.event(Event::Note(&format!("no repository has {group}")));
    }
    let tools = choice.choose(&RpmRequest { install: rpm.tools.clone(), ..RpmRequest::default() })?;
    let lock = Lock {
        keys: choice.indexes.iter().map(|index| (index.repository.name.clone(), index.signers.clone())).collect(),
        tools: choice.lock(&tools)?,
        packages: choice.lock(&packages)?,
        ..Lock::of(plan, agent)
    };
    reuse.keep_lock(&inputs, &lock);
    Ok(lock)
}

/// What is asked for, as on dnf's command line; package files come last.
fn asked_for(plan: &Plan, local: &[LocalPackage]) -> Result<Vec<String>, BuildError> {
    let named = plan.include.iter().filter_map(|include| match include {
        Include::Package(PlannedPackage::Name(name)) => Some(Ok(name.clone())),
        Include::Package(PlannedPackage::File(_)) => None,
        Include::Essential | Include::Priority(_) => Some(Err(BuildError::new("rpm's packages have no priorities"))),
    });
    named.chain(local.iter().map(|package| Ok(package.word()))).collect()
}

/// All that can be chosen from.
struct Choice<'p, 'f> {
    indexes: Vec<Index<'p>>,
    universe: RpmUniverse,
    /// Of the user's own package files, which are the first repository.
    local: RpmRepositoryId,
    /// As many as indexes.
    ids: Vec<RpmRepositoryId>,
    comps: Comps,
    fetcher: &'f Fetcher<'f>,
    store: &'f Store,
}

impl<'p, 'f> Choice<'p, 'f> {
    fn load(
        plan: &Plan,
        indexes: Vec<Index<'p>>,
        files: &[LocalPackage],
        fetcher: &'f Fetcher<'f>,
        store: &'f Store,
    ) -> Result<Self, BuildError> {
        let mut universe = RpmUniverse::new(plan.architecture.name());
        // Before the others: of packages that are alike, the first is taken.
        let local = universe.add_primary(RpmRepository::named(LOCAL), primary(files).as_bytes()).map_err(|fault| build_error(&fault))?;
        let mut choice = Self { indexes, universe, local, ids: Vec::new(), comps: Comps::default(), fetcher, store };
        for index in &choice.indexes {
            let file = index.repomd.file("primary").ok_or_else(|| BuildError::new("an index has no list of packages"))?;
            let primary = index.open(file, fetcher, store)?;
            let added = choice.universe.add_primary(RpmRepository::named(&index.repository.name), primary);
            choice.ids.push(added.map_err(|fault| unusable(index, &fault))?);
        }
        Ok(choice)
    }

    /// Groups are read only when one is asked for.
    fn load_groups(&mut self) -> Result<(), BuildError> {
        for index in &self.indexes {
            let Some(file) = index.repomd.file("group") else { continue };
            let mut text = Vec::new();
            std::io::copy(&mut index.open(file, self.fetcher, self.store)?, &mut text).map_err(|error| unusable(index, &error))?;
            self.comps.merge(parse_comps(&text).map_err(|fault| unusable(index, &fault))?);
        }
        Ok(())
    }

    /// Chooses; the complete lists of files, which are large, are read when something depends on one of those that only they have.
    fn choose(&mut self, request: &RpmRequest) -> Result<RpmSelection, BuildError> {
        let paths = match resolve(&self.universe, &self.comps, request).map_err(|error| build_error(&error))? {
            RpmResolution::Done(selection) => return Ok(selection),
            RpmResolution::NeedsFilelists { paths } => paths,
        };
        // What the user's own files have was told already.
        self.universe.add_filelists(self.local, EMPTY_LIST.as_bytes(), &paths).map_err(|fault| build_error(&fault))?;
        for (index, id) in self.indexes.iter().zip(&self.ids) {
            let Some(file) = index.repomd.file("filelists") else { continue };
            let lists = index.open(file, self.fetcher, self.store)?;
            self.universe.add_filelists(*id, lists, &paths).map_err(|fault| unusable(index, &fault))?;
        }
        match resolve(&self.universe, &self.comps, request).map_err(|error| build_error(&error))? {
            RpmResolution::Done(selection) => Ok(selection),
            RpmResolution::NeedsFilelists { paths } => {
                Err(BuildError::new(format!("no repository lists who has the files {}", paths.join(", "))))
            }
        }
    }

    fn lock(&self, selection: &RpmSelection) -> Result<Vec<LockedPackage>, BuildError> {
        let mut packages = selection.packages.iter().map(|package| self.lock_one(package)).collect::<Result<Vec<_>, _>>()?;
        LockedPackage::sort(&mut packages);
        let mut seen = BTreeSet::new();
        match packages.iter().find(|package| !seen.insert((&package.name, &package.architecture))) {
            None => Ok(packages),
            Some(twice) => Err(BuildError::new(format!("{}.{} would be there in two versions", twice.name, twice.architecture))),
        }
    }

    fn lock_one(&self, package: &SelectedRpm) -> Result<LockedPackage, BuildError> {
        let SelectedRpm { nevra, checksum, location, size, .. } = package;
        let refused = |reason: &str| BuildError::new(format!("{nevra} {reason}"));
        let sha256: Option<Digest> = Some(checksum.hex()).filter(|_| checksum.kind() == "sha256").and_then(|hex| hex.parse().ok());
        let of_index = |id: RpmRepositoryId| self.ids.iter().position(|known| *known == id).and_then(|at| self.indexes.get(at));
        let repository = match package.repository {
            id if id == self.local => LOCAL,
            id => of_index(id).map(|index| index.repository.name.as_str()).ok_or_else(|| refused("is in no repository"))?,
        };
        if package.base.is_some() {
            return Err(refused("lies outside of its repository, which a lock can't tell"));
        }
        Ok(LockedPackage {
            name: nevra.name.clone(),
            version: nevra.evr.to_string(),
            architecture: nevra.architecture.clone(),
            repository: repository.to_owned(),
            path: location.clone(),
            size: *size,
            sha256: sha256.ok_or_else(|| refused("has no SHA-256 in its repository, which a lock needs"))?,
            automatic: !matches!(package.reason, RpmReason::Asked { .. }),
            essential: false,
            build: None,
        })
    }
}

fn unusable(index: &Index<'_>, error: &(dyn std::error::Error + 'static)) -> BuildError {
    caused(format!("the index of the repository `{}` can't be used", index.repository.name), error)
}
