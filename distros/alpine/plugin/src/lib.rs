//! Alpine as a shared object.

rootfs_plugin::export_distro!(rootfs_alpine::alpine);
