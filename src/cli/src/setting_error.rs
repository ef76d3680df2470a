//! What can be wrong with a setting.

use std::fmt;
use std::path::PathBuf;

use crate::sourced::Sourced;

/// Why what the user asked for can't be understood.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// A value that is none.
    #[error("{setting}: {reason}")]
    Invalid {
        /// The setting as it was written, with its source.
        setting: String,
        /// What is wrong with it.
        reason: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A file that a setting names can't be read.
    #[error("{setting}: the file can't be read")]
    Read {
        /// The setting as it was written.
        setting: String,
        /// Why not; names the path.
        #[source]
        source: std::io::Error,
    },
    /// The configuration file is not what one is.
    #[error("the configuration file {} can't be used", path.display())]
    Config {
        /// As it was named.
        path: PathBuf,
        /// Where and what.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// Neither a directory nor a file to write to.
    #[error("nothing says where the result goes")]
    NoTarget,
    /// No place for the store.
    #[error("there is no place for fetched packages: neither HOME nor XDG_CACHE_HOME is set")]
    NoStore,
    /// The machine is none that can be built for.
    #[error("{architecture} is not an architecture that can be built")]
    Machine {
        /// What the machine is.
        architecture: &'static str,
    },
    /// Settings that exclude each other.
    #[error("{reason}")]
    Mix {
        /// Which, and why.
        reason: String,
        /// What to do.
        hint: Option<String>,
    },
}

impl SettingError {
    /// A value with what is wrong with it.
    pub fn invalid<T: fmt::Display>(value: &Sourced<T>, reason: impl Into<String>) -> Self {
        Self::Invalid { setting: value.to_string(), reason: reason.into(), hint: None }
    }

    /// A value with what is wrong with it and what to write instead.
    pub fn invalid_with_hint<T: fmt::Display>(value: &Sourced<T>, reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Invalid { setting: value.to_string(), reason: reason.into(), hint: Some(hint.into()) }
    }

    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Invalid { hint, .. } | Self::Mix { hint, .. } => hint.clone(),
            Self::NoTarget => Some("name a directory with -r DIR, or a file with -o rootfs.tar".to_owned()),
            Self::NoStore => Some("name one with --store DIR".to_owned()),
            Self::Machine { .. } => Some("name the guest's with --arch".to_owned()),
            Self::Read { .. } | Self::Config { .. } => None,
        }
    }
}
