//! Fedora as a shared object.

rootfs_plugin::export_distro!(rootfs_fedora::fedora);
