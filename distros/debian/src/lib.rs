//! Debian: its archives, keys, releases and package sets, in `distro.toml`. A relative of Debian's is a file too, in `relatives`, that says only what it
//! has other than Debian.

use std::sync::LazyLock;

use rootfs_plugin::{Distro, FileDistro};

/// The archives' public keys, by the names that the files use.
pub static KEYS: [(&str, &str); 10] = [
    ("bullseye-automatic", include_str!("../keys/bullseye-automatic.asc")),
    ("bullseye-security-automatic", include_str!("../keys/bullseye-security-automatic.asc")),
    ("bullseye-stable", include_str!("../keys/bullseye-stable.asc")),
    ("bookworm-automatic", include_str!("../keys/bookworm-automatic.asc")),
    ("bookworm-security-automatic", include_str!("../keys/bookworm-security-automatic.asc")),
    ("bookworm-stable", include_str!("../keys/bookworm-stable.asc")),
    ("trixie-automatic", include_str!("../keys/trixie-automatic.asc")),
    ("trixie-security-automatic", include_str!("../keys/trixie-security-automatic.asc")),
    ("trixie-stable", include_str!("../keys/trixie-stable.asc")),
    ("ubuntu-2018", include_str!("../keys/ubuntu-2018.asc")),
];

/// The file.
pub const FILE: &str = include_str!("../distro.toml");
const UBUNTU: &str = include_str!("../relatives/ubuntu.toml");

/// Debian.
///
/// # Panics
/// When the `distro.toml` that was compiled in is wrong, which a test rules out.
#[must_use]
pub fn debian() -> &'static dyn Distro {
    static DISTRO: LazyLock<FileDistro> = LazyLock::new(|| FileDistro::parse(FILE, &KEYS).expect("distro.toml is tested"));
    &*DISTRO
}

/// Ubuntu.
///
/// # Panics
/// As [`debian`].
#[must_use]
pub fn ubuntu() -> &'static dyn Distro {
    static DISTRO: LazyLock<FileDistro> = LazyLock::new(|| FileDistro::parse_relative(UBUNTU, FILE, &KEYS).expect("ubuntu.toml is tested"));
    &*DISTRO
}

#[cfg(test)]
mod tests;
