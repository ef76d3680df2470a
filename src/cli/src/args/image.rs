use std::path::PathBuf;

use super::boot::SourceArgs;

/// How a disk image is made.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct ImageArgs {
    /// The size of a disk image, as 512M or 2G; the smallest that fits if not said
    #[arg(long, value_name = "SIZE", conflicts_with = "free", help_heading = "Output")]
    pub size: Option<String>,
    /// Free space in a disk image; 64M if not said, and none in one that is `read-only`
    #[arg(long, value_name = "SIZE", help_heading = "Output")]
    pub free: Option<String>,
    /// The label of a disk image's filesystem
    #[arg(long, value_name = "LABEL", help_heading = "Output")]
    pub label: Option<String>,
    /// What is written, where the file's name doesn't say it: disk, qcow2, tar or cpio
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<String>,
    /// How it is packed, with a level if not the usual one: gz, xz, zstd:19, lz4, lz4hc (both squashfs and erofs alone) or none
    #[arg(long, value_name = "NAME[:LEVEL]", help_heading = "Output")]
    pub compress: Option<String>,
    /// A disk image's filesystem: ext4 (if not said), squashfs or erofs
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub fs: Option<String>,
    /// A disk image's partition table: mbr (if not said), gpt or none
    #[arg(long, value_name = "TABLE", help_heading = "Output")]
    pub table: Option<String>,
    /// What starts a disk image: direct (a kernel from outside, if not said), uefi or bios
    #[arg(long, value_name = "HOW", help_heading = "Output")]
    pub boot: Option<String>,
    /// Make a disk image a multiple of this size
    #[arg(long, value_name = "SIZE", help_heading = "Output")]
    pub align: Option<String>,
    /// Put what lets a guest map the image as NVDIMM in front of it, as Kata does
    #[arg(long, help_heading = "Output")]
    pub dax: bool,
    /// Add a partition with dm-verity's hashes of the root filesystem
    #[arg(long, help_heading = "Output")]
    pub verity: bool,
    /// What a disk image's filesystem is for: default, read-only or compat
    #[arg(long, value_name = "PROFILE", help_heading = "Output")]
    pub ext4_profile: Option<String>,
    /// The size of its blocks: 1K to 4K in ext4, 4K if not said; 4K to 1M in a squashfs, 128K if not said;
    /// of compressed clusters in an erofs: 4K to 1M, 4K if not said; with --compress none of chunks, equal ones stored once
    #[arg(long, value_name = "SIZE", help_heading = "Output")]
    pub block_size: Option<String>,
}

/// What `image` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct ImageVerbArgs {
    /// The root filesystem: a directory, an archive, an image of any kind, oci:DIR[:TAG] or docker-archive:FILE[:NAME[:TAG]];
    /// and layers that are laid over it
    #[arg(value_name = "DIR|FILE", required = true)]
    pub layers: Vec<PathBuf>,
    /// The partition of the disk image that is given first, by its number, where several have a filesystem
    #[arg(long, value_name = "NUMBER")]
    pub partition: Option<u32>,
    /// Of images of containers for several machines, the one for this; the host's if not said
    #[arg(long, value_name = "ARCH")]
    pub arch: Option<String>,
    /// Write it into this file; the suffix says how (.img, .qcow2, .squashfs, .cpio.gz, .tar.xz …), or what stands in front of a colon
    #[arg(short, long, value_name = "FILE|oci:DIR|docker-archive:FILE", required_unless_present = "write", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Write a disk image over this disk, which nothing may be using, and read it back
    #[arg(long, value_name = "DISK", conflicts_with_all = ["output", "force"], help_heading = "Output")]
    pub write: Option<PathBuf>,
    /// Don't ask before a disk is written over
    #[arg(long, requires = "write", help_heading = "Output")]
    pub yes: bool,
    /// How a disk image is made
    #[command(flatten)]
    pub image: ImageArgs,
    #[command(flatten)]
    /// Where kernels come from
    pub source: SourceArgs,
    /// Make it an extension of Kata's guests, known by this name: an erofs with hashes, unchecked
    #[arg(long, value_name = "NAME", conflicts_with_all = ["dax", "boot", "fs", "verity"], help_heading = "Output")]
    pub extension: Option<String>,
    /// Replace the file
    #[arg(long, help_heading = "Output")]
    pub force: bool,
    /// Don't check the root filesystem first
    #[arg(long)]
    pub no_check: bool,
    /// The summary as JSON on standard output
    #[arg(long)]
    pub json: bool,
}
