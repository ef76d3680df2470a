//! Alpine Linux: its repositories, keys, releases and package sets, in `distro.toml`.

use std::sync::LazyLock;

use rootfs_plugin::{Distro, FileDistro};

/// Alpine's public keys, by their numbers.
pub static KEYS: [(&str, &str); 17] = [
    ("4a6a0840", include_str!("../keys/4a6a0840.pub")),
    ("5243ef4b", include_str!("../keys/5243ef4b.pub")),
    ("524d27bb", include_str!("../keys/524d27bb.pub")),
    ("5261cecb", include_str!("../keys/5261cecb.pub")),
    ("58199dcc", include_str!("../keys/58199dcc.pub")),
    ("58cbb476", include_str!("../keys/58cbb476.pub")),
    ("58e4f17d", include_str!("../keys/58e4f17d.pub")),
    ("5e69ca50", include_str!("../keys/5e69ca50.pub")),
    ("60ac2099", include_str!("../keys/60ac2099.pub")),
    ("6165ee59", include_str!("../keys/6165ee59.pub")),
    ("61666e3f", include_str!("../keys/61666e3f.pub")),
    ("616a9724", include_str!("../keys/616a9724.pub")),
    ("616abc23", include_str!("../keys/616abc23.pub")),
    ("616ac3bc", include_str!("../keys/616ac3bc.pub")),
    ("616adfeb", include_str!("../keys/616adfeb.pub")),
    ("616ae350", include_str!("../keys/616ae350.pub")),
    ("616db30d", include_str!("../keys/616db30d.pub")),
];

/// The file.
pub const FILE: &str = include_str!("../distro.toml");

/// Alpine Linux.
///
/// # Panics
/// When the `distro.toml` that was compiled in is wrong, which a test rules out.
#[must_use]
pub fn alpine() -> &'static dyn Distro {
    static DISTRO: LazyLock<FileDistro> = LazyLock::new(|| FileDistro::parse(FILE, &KEYS).expect("distro.toml is tested"));
    &*DISTRO
}

#[cfg(test)]
mod tests;
