//! The kernel's command line that fits an image.

use rootfs_image::{Disk, DiskOptions, Role, RootFilesystem};

/// The disk as a guest has it, by the interface it comes through.
const PMEM: &str = "/dev/pmem0p";
const VIRTIO: &str = "/dev/vda";
/// Where its messages go.
const CONSOLE: &str = "console=ttyS0";

/// What a kernel has to be told to start from the disk, with its messages on the first serial port. Filesystems are found by their partition's id where
/// the kernel can do that; what maps the image or has hashes needs names, which are those that Kata's guests have.
#[must_use]
pub(crate) fn of(options: &DiskOptions, disk: &Disk) -> String {
    let device = if options.dax { PMEM } else { VIRTIO };
    let numbered = |role| disk.partition(role).map(|partition| format!("{device}{}", partition.number));
    let root = match (&disk.verity, numbered(Role::Root), numbered(Role::RootVerity)) {
        (Some(hash), Some(data), Some(hashes)) => {
            format!("root=/dev/dm-0 {} {}", hash.kernel_parameter(&data, &hashes), read_only(&options.root))
        }
        (_, Some(partition), _) if options.dax => format!("root={partition} rootflags=dax {}", read_only(&options.root)),
        _ => {
            let root = disk.root_device().unwrap_or_else(|| VIRTIO.to_owned());
            return with_root(&options.root, &root);
        }
    };
    format!("{root} {CONSOLE}")
}

/// The same for a root filesystem that the kernel finds by this name alone.
#[must_use]
pub(crate) fn with_root(filesystem: &RootFilesystem, device: &str) -> String {
    let mode = if let RootFilesystem::Ext4(_) = filesystem { "rw" } else { read_only(filesystem) };
    format!("root={device} {mode} {CONSOLE}")
}

/// What is never written to. An ext4 is tried by every kernel without being told.
fn read_only(filesystem: &RootFilesystem) -> &'static str {
    match filesystem {
        RootFilesystem::Ext4(_) => "ro",
        RootFilesystem::Squashfs(_) => "rootfstype=squashfs ro",
        RootFilesystem::Erofs(_) => "rootfstype=erofs ro",
    }
}
