//! What apt keeps in a root besides dpkg's database: its sources, keys, and which packages came by themselves. Formats: sources.list(5), apt-mark(8).

use std::fmt::Write as _;

use rootfs_plugin::{AptRepository, Architecture, Key};

use crate::lock::Lock;
use crate::root::{Root, RootError};

/// Why apt's files can't be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    /// The disk.
    #[error(transparent)]
    Root(#[from] RootError),
    /// A repository's key file has gone.
    #[error("can't read the key of repository `{repository}`")]
    Key {
        /// Its name.
        repository: String,
        /// With the path.
        #[source]
        source: std::io::Error,
    },
}

/// Writes apt's files. The sources name each archive's public URL, never the mirror this build used.
pub(crate) fn write(root: &Root, repositories: &[AptRepository], architecture: Architecture, lock: &Lock) -> Result<(), StateError> {
    root.write(b"etc/apt/sources.list", sources(repositories).as_bytes(), 0o644)?;
    for repository in repositories {
        write_key(root, repository)?;
    }
    let states = extended_states(lock, architecture.debian());
    if !states.is_empty() {
        root.write(b"var/lib/apt/extended_states", states.as_bytes(), 0o644)?;
    }
    Ok(())
}

fn sources(repositories: &[AptRepository]) -> String {
    let mut text = String::new();
    for repository in repositories {
        let options = repository.signed_by.as_ref().map(|file| format!("[signed-by={file}] ")).unwrap_or_default();
        for suite in &repository.suites {
            let components = repository.components.join(" ");
            let line = format!("deb {options}{} {suite} {components}", repository.public);
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    text
}

/// Puts a repository's keys where its sources line says, unless a package has brought them already.
fn write_key(root: &Root, repository: &AptRepository) -> Result<(), StateError> {
    let Some(path) = &repository.signed_by else { return Ok(()) };
    if root.stat(path.as_bytes())?.is_some() {
        return Ok(());
    }
    let mut whole = Vec::new();
    for key in &repository.keys {
        match key {
            Key::Armoured(text) => whole.extend_from_slice(text.as_bytes()),
            Key::File(file) => {
                whole.extend(fs_err::read(file).map_err(|source| StateError::Key { repository: repository.name.clone(), source })?)
            }
        }
    }
    Ok(root.write(path.as_bytes(), &whole, 0o644)?)
}

/// apt calls a package automatic when only dependencies asked for it; `all` is filed under the native architecture.
fn extended_states(lock: &Lock, architecture: &str) -> String {
    let automatic = lock.packages.iter().filter(|package| package.automatic);
    automatic.map(|package| format!("Package: {}\nArchitecture: {architecture}\nAuto-Installed: 1\n\n", package.name)).collect()
}
