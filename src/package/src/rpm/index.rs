//! A repository's index: found, fetched, and held against what is known of it.

mod age;

use std::io::BufRead;

use rootfs_plugin::{BuildError, Key, RpmRepository, RpmSource};
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::package::decode_by_suffix;
use super::{Repomd, RepomdFile, parse_metalink, parse_repomd};
use crate::engine::{build_error, caused};
use crate::fetch::{Download, FetchError, Fetcher};
use crate::openpgp::{Keyring, OpenPgpError};
use crate::store::Store;

const METALINK_LIMIT: u64 = 4 << 20;
const REPOMD_LIMIT: u64 = 4 << 20;
const SIGNATURE_LIMIT: u64 = 1 << 20;

/// Fedora's complete list of files has 600 MB.
const FILE_LIMIT: u64 = 4 << 30;

/// How many mirrors of a list are tried for an index: some lag behind.
const MIRRORS: usize = 12;

/// A repository's index, believed.
pub(crate) struct Index<'p> {
    pub(crate) repository: &'p RpmRepository,
    /// Where it was found, or the list of mirrors that told of it.
    place: String,
    /// Where its files are, in the order to try.
    pub(crate) bases: Vec<String>,
    pub(crate) repomd: Repomd,
    /// Of `repomd.xml`: the same one gives the same lock.
    pub(crate) sha256: Digest,
    /// Who signed the index itself, by fingerprints; mostly nobody.
    pub(crate) signers: Vec<String>,
}

/// The keys of a repository.
pub(crate) fn keyring(repository: &RpmRepository) -> Result<Keyring, BuildError> {
    let mut keyring = Keyring::new();
    for (origin, key) in key_texts(repository)? {
        keyring.add(&origin, &key).map_err(|error| build_error(&error))?;
    }
    Ok(keyring)
}

/// Each key's origin and bytes.
pub(crate) fn key_texts(repository: &RpmRepository) -> Result<Vec<(String, Vec<u8>)>, BuildError> {
    let read = |key: &Key| match key {
        Key::Armoured(text) => Ok(("the distribution's key".to_owned(), text.clone().into_bytes())),
        Key::File(path) => Ok((path.display().to_string(), fs_err::read(path).map_err(|error| build_error(&error))?)),
    };
    repository.keys.iter().map(read).collect()
}

/// Where a repository's files are, in the order to try; the list of mirrors is fetched where there is one.
pub(crate) fn bases(repository: &RpmRepository, fetcher: &Fetcher<'_>) -> Result<Vec<String>, BuildError> {
    match &repository.source {
        _ if !repository.mirrors.is_empty() => Ok(repository.mirrors.clone()),
        RpmSource::Base(url) => Ok(vec![url.clone()]),
        RpmSource::Metalink(url) => {
            let (bytes, _) = fetcher.document(std::slice::from_ref(url), METALINK_LIMIT).map_err(|error| failed(repository, &error))?;
            let metalink = parse_metalink(&bytes).map_err(|error| failed(repository, &error))?;
            Ok(trimmed(metalink.mirrors))
        }
    }
}

/// Fetches a repository's `repomd.xml`. A list of mirrors says what it must be; else, where the repository has a signature of it, that must count.
pub(crate) fn fetch_index<'p>(repository: &'p RpmRepository, fetcher: &Fetcher<'_>, now: i64) -> Result<Index<'p>, BuildError> {
    let (place, bases, bytes, signers) = match &repository.source {
        RpmSource::Metalink(url) if repository.mirrors.is_empty() => {
            let (bases, bytes) = through_metalink(repository, url, fetcher)?;
            (url.clone(), bases, bytes, Vec::new())
        }
        _ => {
            let bases = bases(repository, fetcher)?;
            let (bytes, found) =
                fetcher.document(&at(&bases, "repodata/repomd.xml"), REPOMD_LIMIT).map_err(|error| failed(repository, &error))?;
            let signers = check_signature(repository, &bytes, &found, fetcher, now)?;
            (found, bases, bytes, signers)
        }
    };
    let repomd = parse_repomd(&bytes).map_err(|error| failed(repository, &error))?;
    Ok(Index { repository, place, bases, repomd, sha256: Digest(Sha256::digest(&bytes).into()), signers })
}

/// The mirrors, and the first index among theirs that the list knows.
fn through_metalink(repository: &RpmRepository, url: &String, fetcher: &Fetcher<'_>) -> Result<(Vec<String>, Vec<u8>), BuildError> {
    let (bytes, _) = fetcher.document(std::slice::from_ref(url), METALINK_LIMIT).map_err(|error| failed(repository, &error))?;
    let metalink = parse_metalink(&bytes).map_err(|error| failed(repository, &error))?;
    let bases = trimmed(metalink.mirrors.clone());
    let mut last = BuildError::new("none of its mirrors has the index that the list of mirrors tells of");
    for base in bases.iter().take(MIRRORS) {
        match fetcher.document(&at(std::slice::from_ref(base), "repodata/repomd.xml"), REPOMD_LIMIT) {
            Ok((bytes, _)) if metalink.state_of(&bytes).is_some() => return Ok((bases, bytes)),
            Ok(_) => {}
            Err(error @ FetchError::Cancelled) => return Err(build_error(&error)),
            Err(error) => last = build_error(&error),
        }
    }
    Err(BuildError {
        message: format!("can't get the index of the repository `{}`", repository.name),
        hint: Some("try again, or name a mirror".to_owned()),
        cause: Some(Box::new(last)),
    })
}

fn check_signature(
    repository: &RpmRepository,
    bytes: &[u8],
    found: &str,
    fetcher: &Fetcher<'_>,
    now: i64,
) -> Result<Vec<String>, BuildError> {
    let url = format!("{found}.asc");
    // Most repositories have none: their packages are signed, each by itself.
    let Ok((signature, _)) = fetcher.document(&[url], SIGNATURE_LIMIT) else { return Ok(Vec::new()) };
    let checked = keyring(repository)?.verify_detached(bytes, &signature, now);
    checked.map_err(|error: OpenPgpError| BuildError {
        hint: error.hint().map(str::to_owned),
        ..caused(format!("{found} can't be used"), &error)
    })
}

impl Index<'_> {
    /// A file of the index, unpacked as it is read.
    pub(crate) fn open(&self, file: &RepomdFile, fetcher: &Fetcher<'_>, store: &Store) -> Result<Box<dyn BufRead>, BuildError> {
        let repository = self.repository;
        let packed = self.fetch(file, fetcher, store)?;
        let suffix = file.location.rsplit('.').next().unwrap_or_default().to_owned();
        decode_by_suffix(&suffix, std::io::Cursor::new(packed), FILE_LIMIT).map_err(|error| failed(repository, &error))
    }

    fn fetch(&self, file: &RepomdFile, fetcher: &Fetcher<'_>, store: &Store) -> Result<Vec<u8>, BuildError> {
        let own = file.base.as_ref().map(std::slice::from_ref).unwrap_or(&self.bases);
        let (urls, name) = (at(own, &file.location), format!("{} of {}", file.kind, self.repository.name));
        let failed = |error: &(dyn std::error::Error + 'static)| failed(self.repository, error);
        if let ("sha256", Some(size), Ok(sha256)) = (file.checksum.kind(), file.size, file.checksum.hex().parse::<Digest>()) {
            // By its hash, the store has it for the next build.
            fetcher.fetch(&[Download { name, urls, size, sha256 }]).map_err(|error| failed(&error))?;
            let path = store.verify(&sha256).map_err(|error| failed(&error))?;
            return fs_err::read(path).map_err(|error| failed(&error));
        }
        let bytes = fetcher.content(&name, &urls, file.size.unwrap_or(FILE_LIMIT)).map_err(|error| failed(&error))?;
        if file.checksum.matches(&bytes) {
            Ok(bytes)
        } else {
            Err(BuildError::new(format!("{name} has another checksum than its index says")))
        }
    }
}

/// URLs of a file below each base.
pub(crate) fn at(bases: &[String], path: &str) -> Vec<String> {
    bases.iter().map(|base| format!("{}/{path}", base.trim_end_matches('/'))).collect()
}

fn trimmed(mirrors: Vec<String>) -> Vec<String> {
    mirrors.into_iter().map(|mirror| mirror.trim_end_matches('/').to_owned()).collect()
}

fn failed(repository: &RpmRepository, error: &(dyn std::error::Error + 'static)) -> BuildError {
    caused(format!("can't get the index of the repository `{}`", repository.name), error)
}

#[cfg(test)]
mod tests;
