use std::path::PathBuf;

use rootfs_tree::TreeError;

use crate::openpgp::OpenPgpError;
use crate::portage::binary::BinaryFault;

/// Why emerge can't compile packages.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// Nobody has signed what is to be trusted.
    #[error("the {what} `{place}` is not signed")]
    Unsigned {
        /// `stage3`, `ebuild repository`
        what: &'static str,
        /// As it was named.
        place: String,
    },
    /// Nobody is trusted.
    #[error("no key is known that signs the {what} `{place}`")]
    NoKey {
        /// `stage3`, `ebuild repository`
        what: &'static str,
        /// As it was named.
        place: String,
        /// One of which the key must have; empty when any may be named.
        fingerprints: Vec<String>,
    },
    /// It is signed by somebody else, or has been changed since.
    #[error("the signature of the {what} `{place}` doesn't hold")]
    Signature {
        /// `stage3`, `ebuild repository`
        what: &'static str,
        /// As it was named.
        place: String,
        /// Why not.
        #[source]
        source: OpenPgpError,
    },
    /// A signed list of hashes has another one.
    #[error("the {what} `{place}` has not the SHA-512 that is in `{list}`")]
    Changed {
        /// `stage3`, `ebuild repository`
        what: &'static str,
        /// As it was named.
        place: String,
        /// The file of hashes.
        list: String,
    },
    /// A list that has no archive in it.
    #[error("`{place}` names no stage3")]
    List {
        /// Its URL.
        place: String,
    },
    /// It is no tree.
    #[error("can't read the {what} `{place}`")]
    Tree {
        /// `stage3`, `ebuild repository`, `configuration`
        what: &'static str,
        /// As it was named.
        place: String,
        /// Why not.
        #[source]
        source: TreeError,
    },
    /// Its file can't be read.
    #[error("can't read the {what} `{place}`")]
    Read {
        /// `stage3`, `ebuild repository`
        what: &'static str,
        /// As it was named.
        place: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A stage3 without portage.
    #[error("the stage3 `{place}` has no emerge")]
    NoEmerge {
        /// As it was named.
        place: String,
    },
    /// Nothing says how packages are made.
    #[error("the stage3 has no ebuild repository")]
    NoRepository,
    /// Something else than an ebuild repository.
    #[error("`{place}` is no ebuild repository: its `profiles/repo_name` has no name")]
    NotRepository {
        /// As it was named.
        place: String,
    },
    /// A profile that is in no repository.
    #[error("there is no profile `{profile}` in the ebuild repositories ({repositories})")]
    NoProfile {
        /// Below `profiles`.
        profile: String,
        /// Their names.
        repositories: String,
    },
    /// The configuration is elsewhere.
    #[error("`{place}` has no `etc/portage`")]
    NoConfiguration {
        /// As it was named.
        place: PathBuf,
    },
    /// A package's ebuild failed.
    #[error("{package} can't be compiled{}", quoted(output))]
    Package {
        /// `CATEGORY/NAME-VERSION`
        package: String,
        /// The last lines of its build.
        output: Vec<String>,
        /// Where all of them are.
        log: PathBuf,
    },
    /// emerge itself failed.
    #[error("emerge {how}{}", quoted(output))]
    Emerge {
        /// `exited with 1`
        how: String,
        /// Its last lines.
        output: Vec<String>,
        /// Where all of them are.
        log: PathBuf,
    },
    /// A package of emerge's can't be read.
    #[error("emerge has made `{path}`, which can't be used")]
    Made {
        /// Below its directory of packages.
        path: String,
        /// Why not.
        #[source]
        source: BinaryFault,
    },
    /// emerge is content, and nothing is there.
    #[error("emerge has made no package")]
    Nothing,
}

impl CompileError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unsigned { place, .. } => {
                format!("put its signature beside it (`{place}.asc`), or take what nobody signed with --allow-unsigned")
            }
            Self::NoKey { fingerprints, .. } if fingerprints.is_empty() => {
                "name a file of public keys with --key FILE, or take what nobody signed with --allow-unsigned".to_owned()
            }
            Self::NoKey { fingerprints, .. } => format!(
                "name a file of Gentoo's public keys with --key FILE (Gentoo systems have /usr/share/openpgp-keys/gentoo-release.asc; the key must be \
                 one of {}), or a stage3 of your own with --stage3",
                fingerprints.join(", ")
            ),
            Self::Signature { .. } | Self::Changed { .. } => "fetch it again, or name the key that signs it with --key FILE".to_owned(),
            Self::List { .. } => "name a stage3 with --stage3 FILE".to_owned(),
            Self::Tree { .. } | Self::Read { .. } | Self::Made { .. } | Self::Nothing => return None,
            Self::NoEmerge { .. } => "name a stage3 of Gentoo's, or a root that has sys-apps/portage, with --stage3".to_owned(),
            Self::NoRepository => "name one with --ebuilds DIR, or Gentoo's snapshot of today".to_owned(),
            Self::NotRepository { .. } => "name the directory that has `profiles` and `metadata` in it".to_owned(),
            Self::NoProfile { .. } => "name one of `profiles/profiles.desc` with --profile".to_owned(),
            Self::NoConfiguration { .. } => "name the directory that has `etc/portage` in it: what PORTAGE_CONFIGROOT would say".to_owned(),
            Self::Package { log, .. } | Self::Emerge { log, .. } => format!("all that emerge has said is in {}", log.display()),
        })
    }
}

fn quoted(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n    | {line}")).collect()
}
