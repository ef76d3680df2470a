//! BusyBox and glibc: a guest of a few megabytes made of files out of Debian's packages, which are in `distro.toml`, and of the few scripts in `files`
//! that bring it up and down. Nothing of the packages runs while it is made.

mod applets;
mod certificates;
mod distro;
mod distro_file;
mod skeleton;
mod source;

use std::sync::LazyLock;

use rootfs_plugin::Distro;

use distro::BusyBox;

/// BusyBox and glibc.
///
/// # Panics
/// When the `distro.toml` that was compiled in is wrong, which a test rules out.
#[must_use]
pub fn busybox() -> &'static dyn Distro {
    static DISTRO: LazyLock<BusyBox> = LazyLock::new(|| BusyBox::new(rootfs_debian::debian()).expect("distro.toml is tested"));
    &*DISTRO
}

#[cfg(test)]
mod tests;
