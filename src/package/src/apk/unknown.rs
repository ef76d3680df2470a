//! Packages whose hash no index has.

use rootfs_plugin::{ApkRepository, BuildError};
use rootfs_tree::Digest;

use super::{ApkLayer, IndexPackage, Trust};
use crate::engine::caused;
use crate::fetch::Fetcher;
use crate::store::Store;

/// A package whose hash nobody knows, in the store: fetched, verified by the identity that the signed index gives it, and hashed. An earlier build may have
/// noted the hash.
pub(super) fn fetch_unknown(
    package: &IndexPackage,
    path: &str,
    repository: &ApkRepository,
    fetcher: &Fetcher<'_>,
    store: &Store,
) -> Result<Digest, BuildError> {
    let failed = |error: &(dyn std::error::Error + 'static)| caused(format!("can't get {}", package.title()), error);
    let note = format!("apk identity {}", package.identity);
    if let Some(sha256) = noted(&note, package.size, store) {
        return Ok(sha256);
    }
    let urls: Vec<String> = repository.bases().iter().map(|base| format!("{base}/{path}")).collect();
    let bytes = fetcher.content(&package.title(), &urls, package.size).map_err(|error| failed(&error))?;
    let sha256 = store.insert_bytes(&bytes).map_err(|error| failed(&error))?;
    let layer = store.apk(&sha256, Trust::Identity(package.identity)).map_err(|error| failed(&error))?;
    check_identity(package, &layer).map_err(|cause| BuildError {
        message: format!("can't use {}", package.title()),
        hint: None,
        cause: Some(Box::new(cause)),
    })?;
    store.keep_document(&note, sha256.to_string().as_bytes()).map_err(|error| failed(&error))?;
    Ok(sha256)
}

/// Whether the package calls itself what the index called it: that is what was chosen by.
fn check_identity(package: &IndexPackage, layer: &ApkLayer) -> Result<(), BuildError> {
    let own = &layer.content.info.package;
    if (&own.name, &own.version) == (&package.name, &package.version) {
        return Ok(());
    }
    Err(BuildError::new(format!("it calls itself {}", own.title().escape_default())))
}

fn noted(note: &str, size: u64, store: &Store) -> Option<Digest> {
    let text = store.document(note).ok()??;
    let sha256 = str::from_utf8(&text).ok()?.parse().ok()?;
    store.holds(&sha256, size).then_some(sha256)
}
