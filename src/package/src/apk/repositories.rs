//! The indexes of a plan's repositories, fetched and held against its keys.

use std::collections::BTreeMap;

use rootfs_plugin::{ApkInstaller, ApkRepository, BuildError, Key};
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::{IndexPackage, PublicKeys, read_index};
use crate::engine::{build_error, caused};
use crate::fetch::Fetcher;

/// Alpine's largest index has less than a tenth of it.
const INDEX_LIMIT: u64 = 64 << 20;

/// The keys that the plan trusts.
pub(crate) fn public_keys(apk: &ApkInstaller) -> Result<PublicKeys, BuildError> {
    let mut keys = PublicKeys::new();
    for key in &apk.keys {
        let pem = match &key.key {
            Key::Armoured(text) => text.clone(),
            Key::File(path) => fs_err::read_to_string(path).map_err(|error| build_error(&error))?,
        };
        keys.add(&key.name, &pem).map_err(|error| build_error(&error))?;
    }
    Ok(keys)
}

/// A repository's index, verified.
pub(super) struct Indexed<'p> {
    pub(super) repository: &'p ApkRepository,
    pub(super) signer: String,
    /// Of the file: the same index gives the same lock.
    pub(super) sha256: Digest,
    pub(super) packages: Vec<IndexPackage>,
}

/// Fetches the index of each repository, and holds it against the keys.
pub(super) fn fetch_indexes<'p>(
    apk: &'p ApkInstaller,
    keys: &PublicKeys,
    architecture: &str,
    fetcher: &Fetcher<'_>,
) -> Result<Vec<Indexed<'p>>, BuildError> {
    let read = |repository: &'p ApkRepository| {
        let urls: Vec<String> = repository.bases().iter().map(|base| format!("{base}/{architecture}/APKINDEX.tar.gz")).collect();
        let failed = |error| caused(format!("can't get the index of the repository `{}`", repository.name), &error);
        let (bytes, url) = fetcher.document(&urls, INDEX_LIMIT).map_err(failed)?;
        let index = read_index(&bytes, keys).map_err(|error| caused(format!("{url} can't be used"), &error))?;
        Ok(Indexed { repository, signer: index.signer, sha256: Digest(Sha256::digest(&bytes).into()), packages: index.packages })
    };
    apk.repositories.iter().map(read).collect()
}

/// Which key has signed which repository, by the SHA-256 of its text.
pub(super) fn signers(indexes: &[Indexed<'_>], keys: &PublicKeys) -> BTreeMap<String, Vec<String>> {
    let fingerprint = |signer: &str| {
        keys.files().find(|(name, _)| *name == signer).map(|(_, pem)| Digest(Sha256::digest(pem).into()).to_string().to_uppercase())
    };
    indexes.iter().map(|index| (index.repository.name.clone(), fingerprint(&index.signer).into_iter().collect())).collect()
}
