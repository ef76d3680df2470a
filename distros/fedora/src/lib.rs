//! Fedora Linux: its mirrors, keys, releases and package sets, in `distro.toml`. A relative of Fedora's is a file too, in `relatives`, that says only what
//! it has other than Fedora.

use std::sync::LazyLock;

use rootfs_plugin::{Distro, FileDistro};

/// The archives' public keys, by the names that the files use; those of Debian's package distribution-gpg-keys.
pub static KEYS: [(&str, &str); 11] = [
    ("fedora-42", include_str!("../keys/fedora-42.asc")),
    ("fedora-43", include_str!("../keys/fedora-43.asc")),
    ("fedora-44", include_str!("../keys/fedora-44.asc")),
    ("centos-official", include_str!("../keys/centos-official.asc")),
    ("rocky-9", include_str!("../keys/rocky-9.asc")),
    ("rocky-10", include_str!("../keys/rocky-10.asc")),
    ("almalinux-9", include_str!("../keys/almalinux-9.asc")),
    ("almalinux-10", include_str!("../keys/almalinux-10.asc")),
    ("opensuse-2022", include_str!("../keys/opensuse-2022.asc")),
    ("opensuse-16-backports", include_str!("../keys/opensuse-16-backports.asc")),
    ("suse-alp", include_str!("../keys/suse-alp.asc")),
];

/// The file.
pub const FILE: &str = include_str!("../distro.toml");

/// Fedora.
///
/// # Panics
/// When the `distro.toml` that was compiled in is wrong, which a test rules out.
#[must_use]
pub fn fedora() -> &'static dyn Distro {
    static DISTRO: LazyLock<FileDistro> = LazyLock::new(|| FileDistro::parse(FILE, &KEYS).expect("distro.toml is tested"));
    &*DISTRO
}

/// CentOS Stream.
///
/// # Panics
/// As [`fedora`].
#[must_use]
pub fn centos_stream() -> &'static dyn Distro {
    static DISTRO: LazyLock<FileDistro> = LazyLock::new(|| relative(include_str!("../relatives/centos-stream.toml")));
    &*DISTRO
}

/// Rocky Linux.
///
/// # Panics
/// As [`fedora`].
#[must_use]
pub fn rocky() -> &'static dyn Distro {
    static DISTRO: LazyLock<FileDistro> = LazyLock::new(|| relative(include_str!("../relatives/rocky.toml")));
    &*DISTRO
}

/// AlmaLinux.
///
/// # Panics
/// As [`fedora`].
#[must_use]
pub fn almalinux() -> &'static dyn Distro {
    static DISTRO: LazyLock<FileDistro> = LazyLock::new(|| relative(include_str!("../relatives/almalinux.toml")));
    &*DISTRO
}

/// openSUSE.
///
/// # Panics
/// As [`fedora`].
#[must_use]
pub fn opensuse() -> &'static dyn Distro {
    static DISTRO: LazyLock<FileDistro> = LazyLock::new(|| relative(include_str!("../relatives/opensuse.toml")));
    &*DISTRO
}

fn relative(text: &str) -> FileDistro {
    FileDistro::parse_relative(text, FILE, &KEYS).expect("a relative's file is tested")
}

#[cfg(test)]
mod tests;
