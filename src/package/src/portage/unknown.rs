//! Packages whose SHA-256 no index has.

use md5::Md5;
use rootfs_plugin::{BuildError, PortageHost};
use rootfs_tree::Digest;
use sha1::{Digest as _, Sha1};

use super::BinaryPackage;
use super::binary::hex;
use super::hosts::Keys;
use crate::engine::caused;
use crate::fetch::Fetcher;
use crate::store::Store;

/// A package of which the index says no size: no package is larger.
const MOST_BYTES: u64 = 8 << 30;

/// A package in the store, and who has signed it.
pub(super) struct Known {
    pub(super) sha256: Digest,
    /// In bytes.
    pub(super) size: u64,
    /// Fingerprints, sorted; none when nobody is asked for.
    pub(super) signers: Vec<String>,
}

/// `CATEGORY/NAME-VERSION`.
pub(super) fn title(package: &BinaryPackage) -> String {
    format!("{}/{}-{}", package.category, package.name, package.version)
}

/// Brings a package into the store: fetched, held against what the index says of it, its signature verified, and hashed. An earlier build may have noted the hash.
pub(super) fn fetch_unknown(
    package: &BinaryPackage,
    host: &PortageHost,
    keys: &Keys,
    fetcher: &Fetcher<'_>,
    store: &Store,
) -> Result<Known, BuildError> {
    let title = title(package);
    let failed = |error: &(dyn std::error::Error + 'static)| caused(format!("can't get {title}"), error);
    let said = [package.md5.as_deref(), package.sha1.as_deref()].map(|hash| hash.unwrap_or("-").to_ascii_lowercase());
    let note = format!("portage {title} {} {:?} {}", said.join(" "), package.size, package.path);
    let refused = |error: &(dyn std::error::Error + 'static)| caused(format!("can't use {title}"), error);
    let (sha256, size) = match noted(&note, store) {
        Some(known) => known,
        None => {
            let urls: Vec<String> = host.bases().iter().map(|base| format!("{base}/{}", package.path)).collect();
            let bytes = fetcher.content(&title, &urls, package.size.unwrap_or(MOST_BYTES)).map_err(|error| failed(&error))?;
            check(package, &bytes).map_err(|reason| BuildError {
                hint: Some("try again, or use another binary host: this one's index and packages don't belong together".to_owned()),
                cause: Some(Box::new(BuildError::new(reason))),
                ..BuildError::new(format!("can't use {title}"))
            })?;
            let sha256 = store.insert_bytes(&bytes).map_err(|error| failed(&error))?;
            let size = bytes.len() as u64;
            // Of a package that has no hash in the index another one may lie there tomorrow.
            if said.iter().any(|hash| hash != "-") {
                store.keep_document(&note, format!("{sha256} {size}").as_bytes()).map_err(|error| failed(&error))?;
            }
            (sha256, size)
        }
    };
    let signers = store.binary_signers(&sha256, keys.trust(&host.name)).map_err(|error| refused(&error))?;
    Ok(Known { sha256, size, signers })
}

fn check(package: &BinaryPackage, bytes: &[u8]) -> Result<(), String> {
    if package.size.is_some_and(|size| size != bytes.len() as u64) {
        return Err(format!("it has {} bytes, not {} as the index says", bytes.len(), package.size.unwrap_or_default()));
    }
    let differs = |said: &Option<String>, found: String| said.as_ref().is_some_and(|said| !said.eq_ignore_ascii_case(&found));
    if differs(&package.md5, hex(&Md5::digest(bytes))) {
        return Err("it has another MD5 than the index says".to_owned());
    }
    if differs(&package.sha1, hex(&Sha1::digest(bytes))) {
        return Err("it has another SHA-1 than the index says".to_owned());
    }
    Ok(())
}

fn noted(note: &str, store: &Store) -> Option<(Digest, u64)> {
    let text = String::from_utf8(store.document(note).ok()??).ok()?;
    let (sha256, size) = text.split_once(' ')?;
    let (sha256, size) = (sha256.parse().ok()?, size.parse().ok()?);
    store.holds(&sha256, size).then_some((sha256, size))
}
