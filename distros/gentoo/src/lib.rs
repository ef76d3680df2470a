//! Gentoo Linux: its binary hosts, the fingerprints of its keys, and its sets of packages, in `distro.toml`.

use std::sync::LazyLock;

use rootfs_plugin::{Distro, FileDistro};

/// The file.
pub const FILE: &str = include_str!("../distro.toml");

/// Gentoo Linux.
///
/// # Panics
/// When the `distro.toml` that was compiled in is wrong, which a test rules out.
#[must_use]
pub fn gentoo() -> &'static dyn Distro {
    static DISTRO: LazyLock<FileDistro> = LazyLock::new(|| FileDistro::parse(FILE, &[]).expect("distro.toml is tested"));
    &*DISTRO
}

#[cfg(test)]
mod tests;
