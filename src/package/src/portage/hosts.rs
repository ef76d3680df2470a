//! The indexes of a plan's binary hosts, and who may sign their packages.

use std::collections::BTreeMap;

use rootfs_plugin::{Architecture, BuildError, Key, PortageHost, PortageInstaller};
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::PackageIndex;
use super::binary::Trust;
use crate::engine::{build_error, caused};
use crate::fetch::Fetcher;
use crate::openpgp::Keyring;

/// What an index may have as it is fetched.
const INDEX_LIMIT: u64 = 256 << 20;

/// A binary host's index. Nobody has signed it: what it says is believed of a package once the package itself says the same.
pub(super) struct Indexed<'p> {
    pub(super) host: &'p PortageHost,
    /// Of the file: the same index gives the same lock.
    pub(super) sha256: Digest,
    pub(super) index: PackageIndex,
}

/// Fetches the index of each host.
pub(super) fn fetch_indexes<'p>(
    portage: &'p PortageInstaller,
    architecture: Architecture,
    fetcher: &Fetcher<'_>,
) -> Result<Vec<Indexed<'p>>, BuildError> {
    let read = |host: &'p PortageHost| {
        let urls: Vec<String> = host.bases().iter().flat_map(|base| [format!("{base}/Packages.gz"), format!("{base}/Packages")]).collect();
        let failed = |error| caused(format!("can't get the index of the binary host `{}`", host.name), &error);
        let (bytes, url) = fetcher.document(&urls, INDEX_LIMIT).map_err(failed)?;
        let index = PackageIndex::read(&bytes).map_err(|error| caused(format!("{url} can't be used"), &error))?;
        if let Some(chost) = index.header("CHOST") {
            require_machine(chost, architecture, &format!("the binary host `{}`", host.name))?;
        }
        Ok(Indexed { host, sha256: Digest(Sha256::digest(&bytes).into()), index })
    };
    portage.hosts.iter().map(read).collect()
}

/// Fails when something was built for another machine than the guest's. Nothing is known where nobody says for which.
pub(super) fn require_machine(chost: &str, architecture: Architecture, what: &str) -> Result<(), BuildError> {
    let machine = chost.split('-').next().unwrap_or_default();
    let found = match machine {
        "" => return Ok(()),
        "i486" | "i586" | "i686" => Some(Architecture::I686),
        arm if arm.starts_with("armv7") => Some(Architecture::Armv7l),
        "powerpc64le" => Some(Architecture::Ppc64le),
        other => other.parse().ok(),
    };
    if found == Some(architecture) {
        return Ok(());
    }
    Err(BuildError {
        hint: Some("name a host of the guest's architecture with --binhost, or the architecture with --arch".to_owned()),
        ..BuildError::new(format!("{what} has packages for {chost}, and the guest is for {architecture}"))
    })
}

/// Who may sign a host's packages, by its name.
pub(super) struct Keys {
    by_host: BTreeMap<String, Keyring>,
    allow_unsigned: bool,
    now: i64,
}

impl Keys {
    /// Reads the plan's keys. Where keys are pinned, others in the same file count for nothing.
    pub(super) fn read(portage: &PortageInstaller, now: i64) -> Result<Self, BuildError> {
        let mut by_host = BTreeMap::new();
        for host in &portage.hosts {
            let mut keyring = Keyring::new();
            for key in &host.keys {
                match key {
                    Key::Armoured(text) => keyring.add("the distribution", text.as_bytes()).map_err(|error| build_error(&error))?,
                    Key::File(path) => {
                        let bytes = fs_err::read(path).map_err(|error| build_error(&error))?;
                        keyring.add(&path.display().to_string(), &bytes).map_err(|error| build_error(&error))?;
                    }
                }
            }
            keyring.retain(|fingerprint| host.fingerprints.is_empty() || host.fingerprints.iter().any(|pinned| pinned == fingerprint));
            if keyring.is_empty() && !portage.allow_unsigned {
                return Err(no_key(host));
            }
            by_host.insert(host.name.clone(), keyring);
        }
        Ok(Self { by_host, allow_unsigned: portage.allow_unsigned, now })
    }

    /// Why a package of a host may be believed.
    pub(super) fn trust(&self, host: &str) -> Trust<'_> {
        match self.by_host.get(host) {
            Some(keys) if !self.allow_unsigned => Trust::Signature { keys, now: self.now },
            _ => Trust::Pinned,
        }
    }

    /// As a text that is another one when others are trusted.
    pub(super) fn told(&self, host: &str) -> String {
        match self.by_host.get(host) {
            Some(keys) if !self.allow_unsigned => keys.fingerprints().join(" "),
            _ => "anybody".to_owned(),
        }
    }
}

fn no_key(host: &PortageHost) -> BuildError {
    let (message, hint) = if host.keys.is_empty() {
        (
            format!("no key is known that signs the packages of the binary host `{}`", host.name),
            "name a file of its public keys with --key FILE",
        )
    } else {
        (
            format!("none of the keys in the file is one that signs the packages of the binary host `{}`", host.name),
            "name a file that has one of the pinned keys",
        )
    };
    let pinned = if host.fingerprints.is_empty() {
        String::new()
    } else {
        format!(
            " (Gentoo systems have /usr/share/openpgp-keys/gentoo-release.asc; the key must be one of {})",
            host.fingerprints.join(", ")
        )
    };
    BuildError { hint: Some(format!("{hint}{pinned}, or take what nobody signed with --allow-unsigned")), ..BuildError::new(message) }
}
