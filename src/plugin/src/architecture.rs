use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A processor architecture, by the name `uname -m` gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// 64-bit x86; Debian's `amd64`.
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit Arm; Debian's `arm64`.
    Aarch64,
}

/// No architecture has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown architecture `{name}`")]
pub struct UnknownArchitecture {
    /// What was asked for.
    pub name: String,
}

impl Architecture {
    /// Every architecture, in the order help texts list them.
    pub const ALL: [Self; 2] = [Self::X86_64, Self::Aarch64];

    /// The name `uname -m` prints.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }

    /// The name dpkg uses.
    #[must_use]
    pub fn debian(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Aarch64 => "arm64",
        }
    }

    /// Directories of libraries below `/` besides `/lib`, for loaders whose path is part of every program.
    #[must_use]
    pub fn library_directories(self) -> &'static [&'static str] {
        match self {
            Self::X86_64 => &["lib64"],
            Self::Aarch64 => &[],
        }
    }

    /// The architecture this program was compiled for, if it is one that can be built.
    #[must_use]
    pub fn native() -> Option<Self> {
        std::env::consts::ARCH.parse().ok()
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Architecture {
    type Err = UnknownArchitecture;

    /// Accepts the kernel's name and dpkg's.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|architecture| architecture.name() == text || architecture.debian() == text)
            .ok_or_else(|| UnknownArchitecture { name: text.to_owned() })
    }
}
