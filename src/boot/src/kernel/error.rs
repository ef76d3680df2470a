use std::io;
use std::path::PathBuf;

use rootfs_plugin::Architecture;
use rootfs_tree::TreeError;

/// Why a kernel can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// A package without one.
    #[error("no kernel image in the package: there is no /boot/vmlinuz-*")]
    NoImage,
    /// Which of them?
    #[error("{} kernels in one tree: {}", releases.len(), releases.join(", "))]
    Several {
        /// Their releases.
        releases: Vec<String>,
    },
    /// The layer or the tree can't be read.
    #[error("can't read the kernel's package")]
    Tree {
        /// Why not.
        #[source]
        source: TreeError,
    },
    /// The file can't be read.
    #[error("can't read the kernel")]
    Read {
        /// With its path.
        #[source]
        source: io::Error,
    },
    /// A file that is none, as far as can be told.
    #[error("`{path}` is no kernel image: {reason}")]
    NotAnImage {
        /// Of the file.
        path: PathBuf,
        /// What was expected.
        reason: &'static str,
    },
    /// Some part of it can't be unpacked.
    #[error("can't unpack `{name}`")]
    Unpack {
        /// The kernel or the module.
        name: String,
        /// How it is compressed, or what is wrong.
        #[source]
        source: io::Error,
    },
    /// The kernel can't do what is asked.
    #[error("the kernel {release} has no driver `{driver}`, neither built in nor as a module")]
    NoDriver {
        /// The kernel.
        release: String,
        /// As its module would be called.
        driver: String,
    },
    /// A module that isn't one.
    #[error("the kernel module `{name}` is damaged: {reason}")]
    Module {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// There is no first program for the guest's processor.
    #[error("no program of this tool runs on {architecture}, so there is no initramfs for it")]
    NoProgram {
        /// The guest's.
        architecture: Architecture,
    },
}

impl KernelError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoImage => {
                Some("name the package that holds the image (Debian's `linux-image-VERSION-cloud-amd64`), not one that only depends on it")
            }
            Self::NoDriver { .. } => Some("take another kernel, or give an initramfs that brings the driver with --initrd"),
            Self::NoProgram { .. } => Some("take a kernel with the drivers built in, or give an initramfs with --initrd"),
            _ => None,
        }
    }
}
