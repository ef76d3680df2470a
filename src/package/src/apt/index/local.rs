use std::path::Path;

use rootfs_plugin::{Include, PlannedPackage};

use super::super::deb822::Stanzas;
use super::super::error::{AptError, LocalError};
use super::super::universe::Universe;
use crate::store::Store;

/// Puts every package file that the plan names into the store and the universe.
///
/// # Errors
/// When one isn't a package for this architecture.
pub fn add_local_packages(universe: &mut Universe, include: &[Include], store: &Store) -> Result<(), AptError> {
    for item in include {
        if let Include::Package(PlannedPackage::File(path)) = item {
            add(universe, path, store).map_err(|source| AptError::Local { path: path.clone(), source })?;
        }
    }
    Ok(())
}

fn add(universe: &mut Universe, path: &Path, store: &Store) -> Result<(), LocalError> {
    let (sha256, size) = store.insert_file(path)?;
    let layer = store.deb(&sha256)?;
    let control = std::str::from_utf8(layer.own_stanza()).ok().filter(|text| Stanzas::new(text).count() == 1).ok_or(LocalError::Control)?;
    let (_, stanza) = Stanzas::new(control).next().ok_or(LocalError::Control)?;
    let name = path.file_name().map(|name| name.to_string_lossy().replace(char::is_control, "_")).unwrap_or_default();
    // What the file says of its own place and hash isn't believed.
    let kept = stanza.fields().filter(|(field, _)| !["filename", "size", "sha256"].contains(&field.to_ascii_lowercase().as_str()));
    let kept: String = kept.map(|(field, value)| format!("{field}: {value}\n")).collect();
    universe.add_local(path, format!("{kept}Filename: {name}\nSize: {size}\nSHA256: {sha256}\n"))?;
    let architecture = universe.architecture().to_owned();
    universe.local(path).map(|_| ()).ok_or(LocalError::Architecture { architecture })
}
