//! Gentoo as a shared object.

rootfs_plugin::export_distro!(rootfs_gentoo::gentoo);
