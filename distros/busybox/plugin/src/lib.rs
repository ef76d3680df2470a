//! BusyBox and glibc as a shared object.

rootfs_plugin::export_distro!(rootfs_busybox::busybox);
