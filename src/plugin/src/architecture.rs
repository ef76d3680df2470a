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
    /// 32-bit Arm with a floating-point unit; Debian's `armhf`.
    Armv7l,
    /// 32-bit x86; Debian's `i386`.
    I686,
    /// 64-bit Power, little-endian; Debian's `ppc64el`.
    Ppc64le,
    /// 64-bit RISC-V.
    Riscv64,
    /// IBM Z.
    S390x,
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
    pub const ALL: [Self; 7] = [Self::X86_64, Self::Aarch64, Self::Armv7l, Self::I686, Self::Ppc64le, Self::Riscv64, Self::S390x];

    /// The name `uname -m` prints.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
            Self::Armv7l => "armv7l",
            Self::I686 => "i686",
            Self::Ppc64le => "ppc64le",
            Self::Riscv64 => "riscv64",
            Self::S390x => "s390x",
        }
    }

    /// The name dpkg uses.
    #[must_use]
    pub fn debian(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Aarch64 => "arm64",
            Self::Armv7l => "armhf",
            Self::I686 => "i386",
            Self::Ppc64le => "ppc64el",
            Self::Riscv64 => "riscv64",
            Self::S390x => "s390x",
        }
    }

    /// The name apk uses.
    #[must_use]
    pub fn apk(self) -> &'static str {
        match self {
            Self::Armv7l => "armv7",
            Self::I686 => "x86",
            other => other.name(),
        }
    }

    /// Directories of libraries below `/` besides `/lib`, for loaders whose path is part of every program.
    #[must_use]
    pub fn library_directories(self) -> &'static [&'static str] {
        match self {
            Self::X86_64 | Self::Ppc64le => &["lib64"],
            Self::Aarch64 | Self::Armv7l | Self::I686 | Self::Riscv64 | Self::S390x => &[],
        }
    }

    /// The architecture this program was compiled for, if it is one that can be built.
    #[must_use]
    pub fn native() -> Option<Self> {
        match std::env::consts::ARCH {
            "arm" => Some(Self::Armv7l),
            "x86" => Some(Self::I686),
            "powerpc64" if cfg!(target_endian = "little") => Some(Self::Ppc64le),
            name => name.parse().ok(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_understood_and_written_alike() {
        for architecture in Architecture::ALL {
            assert_eq!(architecture.name().parse(), Ok(architecture));
            assert_eq!(architecture.debian().parse(), Ok(architecture));
        }
        assert!("vax".parse::<Architecture>().is_err());
        assert!(Architecture::native().is_some());
    }
}
