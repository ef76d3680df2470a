//! The distributions that are built in.

use rootfs_plugin::Distro;

/// Each one, in the order lists show them.
pub const DISTRIBUTIONS: [fn() -> &'static dyn Distro; 8] = [
    rootfs_alpine::alpine,
    rootfs_busybox::busybox,
    rootfs_debian::debian,
    rootfs_debian::ubuntu,
    rootfs_fedora::fedora,
    rootfs_fedora::centos_stream,
    rootfs_fedora::rocky,
    rootfs_fedora::almalinux,
];

/// Words on the command line that no distribution may be called.
pub const RESERVED: [&str; 15] =
    ["check", "digest", "list", "image", "inspect", "verify", "boot", "kernel", "lxc", "shell", "rm", "new", "why", "diff", "help"];

/// The distribution of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Distro> {
    DISTRIBUTIONS.into_iter().map(|distro| distro()).find(|distro| distro.info().name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_words_and_not_reserved() {
        let mut seen = BTreeSet::new();
        for distro in DISTRIBUTIONS {
            let name = &distro().info().name;
            assert!(seen.insert(name.clone()), "{name} is there twice");
            assert!(!RESERVED.contains(&name.as_str()), "{name} is reserved");
            assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
        }
    }

    #[test]
    fn every_verb_is_reserved() {
        for command in crate::args::command().get_subcommands() {
            let name = command.get_name();
            assert!(find(name).is_some() || RESERVED.contains(&name), "{name} is not reserved");
        }
    }

    #[test]
    fn every_distribution_has_its_defaults_among_its_offers() {
        for distro in DISTRIBUTIONS {
            let info = distro().info();
            assert!(info.release(None).is_some());
            assert!(info.variants.iter().any(|variant| variant.name == info.default_variant));
            assert!(!info.architectures.is_empty());
        }
    }
}
