use std::path::PathBuf;

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
    /// What a disk image's filesystem is for: default, read-only or compat
    #[arg(long, value_name = "PROFILE", help_heading = "Output")]
    pub ext4_profile: Option<String>,
    /// The size of its blocks: 1K, 2K or 4K; 4K if not said
    #[arg(long, value_name = "SIZE", help_heading = "Output")]
    pub block_size: Option<String>,
}

/// What `image` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct ImageVerbArgs {
    /// The root filesystem: a directory or a tar
    #[arg(value_name = "DIR|TAR")]
    pub root: PathBuf,
    /// Write it into this file; the suffix says how (.img, .tar)
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: PathBuf,
    /// How a disk image is made
    #[command(flatten)]
    pub image: ImageArgs,
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
