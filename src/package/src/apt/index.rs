//! From a plan's repositories to everything that could be installed: release files, their signatures, the package indexes.

mod decompress;
mod local;
mod suite;

use rayon::prelude::*;
use rootfs_plugin::{AptRepository, Architecture, Key};

use super::error::AptError;
use super::source;
use super::universe::{IndexOrigin, Universe};
use super::version::compare;
use crate::fetch::{Download, Fetcher};
use crate::lock::LockedPackage;
use crate::openpgp::Keyring;
use crate::store::Store;
use decompress::decompress;
use suite::{IndexFile, Suite, load_suite};

pub use local::add_local_packages;

/// The suites of a plan's repositories, their release files verified and still valid.
#[derive(Debug)]
pub struct Suites {
    suites: Vec<Suite>,
    architecture: Architecture,
}

/// Fetches and verifies the release file of every repository and suite. `now` is in seconds since 1970.
///
/// # Errors
/// When one of them can't be had, isn't signed by one of its repository's keys, has run out (unless that is ignored) or is malformed.
pub fn load_suites(
    repositories: &[AptRepository],
    architecture: Architecture,
    ignore_valid_until: bool,
    now: i64,
    fetcher: &Fetcher<'_>,
) -> Result<Suites, AptError> {
    let keyrings = repositories.iter().map(read_keys).collect::<Result<Vec<_>, _>>()?;
    let pairs = repositories.iter().zip(&keyrings);
    let wanted: Vec<_> =
        pairs.flat_map(|(repository, keys)| repository.suites.iter().map(move |suite| (repository, keys, suite))).collect();
    let load = |(repository, keys, suite): &(&AptRepository, &Keyring, &String)| {
        let suite = load_suite(repository, suite, architecture.debian(), keys, fetcher, now)?;
        suite.release.check(&suite.name, now, ignore_valid_until).map_err(|source| AptError::Release { url: suite.url.clone(), source })?;
        Ok(suite)
    };
    let suites = wanted.par_iter().map(load).collect::<Result<Vec<_>, AptError>>()?;
    Ok(Suites { suites, architecture })
}

impl Suites {
    /// A line for each suite that changes with all that its release file says, and with who signed it.
    pub(crate) fn identities(&self) -> impl Iterator<Item = String> {
        self.suites.iter().map(|suite| {
            let Suite { repository, name, identity, fingerprints, .. } = suite;
            format!("{repository}/{name} release {identity} {}", fingerprints.join(" "))
        })
    }

    /// Fetches and reads all their indexes.
    ///
    /// # Errors
    /// When one of them can't be had or is malformed.
    pub fn load_universe(&self, fetcher: &Fetcher<'_>, store: &Store) -> Result<Universe, AptError> {
        let files: Vec<_> = self.suites.iter().flat_map(|suite| &suite.files).collect();
        let downloads: Vec<_> = files.iter().map(|file| file.download.clone()).collect();
        fetcher.fetch(&downloads).map_err(|source| AptError::Indexes { source })?;
        let texts = files.par_iter().map(|file| read_index(file, store)).collect::<Result<Vec<_>, _>>()?;
        let mut universe = Universe::new(self.architecture.debian());
        let mut texts = files.iter().zip(texts);
        for suite in &self.suites {
            universe.add_fingerprints(&suite.repository, &suite.fingerprints);
            for (file, text) in texts.by_ref().take(suite.files.len()) {
                let origin = IndexOrigin {
                    repository: suite.repository.clone(),
                    suite: suite.name.clone(),
                    aliases: [&suite.release.suite, &suite.release.codename].into_iter().flatten().cloned().collect(),
                    priority: suite.release.priority,
                };
                universe.add_index(origin, text).map_err(|source| AptError::Index { name: file.download.name.clone(), source })?;
            }
        }
        Ok(universe)
    }

    /// The archives of a source package, of the newest version that any suite has.
    ///
    /// # Errors
    /// When no suite has it, or an index can't be had or is malformed.
    pub(crate) fn find_source(&self, package: &str, fetcher: &Fetcher<'_>, store: &Store) -> Result<Vec<LockedPackage>, AptError> {
        let files: Vec<_> = self.suites.iter().flat_map(|suite| suite.sources.iter().map(move |file| (suite, file))).collect();
        let downloads: Vec<_> = files.iter().map(|(_, file)| file.download.clone()).collect();
        fetcher.fetch(&downloads).map_err(|source| AptError::Indexes { source })?;
        let find = |(suite, file): &(&Suite, &IndexFile)| {
            let text = read_index(file, store)?;
            source::newest(&text, package, &suite.repository)
                .map_err(|source| AptError::Sources { name: file.download.name.clone(), source })
        };
        let found = files.par_iter().map(find).collect::<Result<Vec<_>, AptError>>()?;
        let newest = found.into_iter().flatten().max_by(|left, right| compare(&left.version, &right.version));
        newest.map(|source| source.files).ok_or_else(|| AptError::NoSource { package: package.to_owned() })
    }
}

fn read_keys(repository: &AptRepository) -> Result<Keyring, AptError> {
    let mut keyring = Keyring::new();
    if repository.keys.is_empty() {
        return Err(AptError::NoKey { repository: repository.name.clone() });
    }
    for key in &repository.keys {
        let added = match key {
            Key::Armoured(text) => keyring.add(&format!("the plan (repository `{}`)", repository.name), text.as_bytes()),
            Key::File(path) => {
                let bytes = fs_err::read(path).map_err(|source| AptError::KeyFile { path: path.clone(), source })?;
                keyring.add(&path.display().to_string(), &bytes)
            }
        };
        added.map_err(|source| AptError::Key { repository: repository.name.clone(), source })?;
    }
    Ok(keyring)
}

fn read_index(file: &IndexFile, store: &Store) -> Result<String, AptError> {
    let Download { name, sha256, .. } = &file.download;
    let unpack = |source| AptError::Unpack { name: name.clone(), source };
    let packed = fs_err::read(store.verify(sha256)?).map_err(unpack)?;
    let bytes = decompress(&file.suffix, &packed, file.unpacked_limit).map_err(unpack)?;
    let bytes = bytes.ok_or_else(|| AptError::TooLong { name: name.clone(), limit: file.unpacked_limit })?;
    // Old archives have names of people in other encodings; nothing that is read here is.
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}
