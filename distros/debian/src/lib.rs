//! Debian: its archives, keys, releases and package sets, in `distro.toml`; and [`AptDistro`], which makes a distribution of any such file.

mod apt_distro;
mod distro_file;
mod extra_repository;
mod repositories;

use std::sync::LazyLock;

use rootfs_plugin::Distro;

pub use apt_distro::AptDistro;
pub use distro_file::DistroFileError;

/// The archive's public keys, by the names `distro.toml` uses.
static KEYS: [(&str, &str); 9] = [
    ("bullseye-automatic", include_str!("../keys/bullseye-automatic.asc")),
    ("bullseye-security-automatic", include_str!("../keys/bullseye-security-automatic.asc")),
    ("bullseye-stable", include_str!("../keys/bullseye-stable.asc")),
    ("bookworm-automatic", include_str!("../keys/bookworm-automatic.asc")),
    ("bookworm-security-automatic", include_str!("../keys/bookworm-security-automatic.asc")),
    ("bookworm-stable", include_str!("../keys/bookworm-stable.asc")),
    ("trixie-automatic", include_str!("../keys/trixie-automatic.asc")),
    ("trixie-security-automatic", include_str!("../keys/trixie-security-automatic.asc")),
    ("trixie-stable", include_str!("../keys/trixie-stable.asc")),
];

/// The distribution.
///
/// # Panics
/// When the `distro.toml` that was compiled in is wrong, which a test rules out.
#[must_use]
pub fn debian() -> &'static dyn Distro {
    static DISTRO: LazyLock<AptDistro> =
        LazyLock::new(|| AptDistro::parse(include_str!("../distro.toml"), &KEYS).expect("distro.toml is tested"));
    &*DISTRO
}

#[cfg(test)]
mod tests;
