use std::path::PathBuf;

/// What `digest` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct DigestArgs {
    /// A root filesystem: a directory, a tar or a cpio archive, a disk image, an ext4 or a squashfs; files in any compression
    #[arg(value_name = "DIR|FILE")]
    pub root: PathBuf,
    /// The partition of a disk image that it is in, by its number, where several have a filesystem
    #[arg(long, value_name = "NUMBER")]
    pub partition: Option<u32>,
}
