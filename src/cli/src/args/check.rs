use std::path::PathBuf;

/// What `check` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct CheckArgs {
    /// The root filesystem: a directory, an archive, an image of any kind, oci:DIR[:TAG] or docker-archive:FILE[:NAME[:TAG]]
    #[arg(value_name = "DIR|FILE")]
    pub root: PathBuf,
    /// The partition of a disk image that it is in, by its number, where several have a filesystem
    #[arg(long, value_name = "NUMBER")]
    pub partition: Option<u32>,
    /// Of images of containers for several machines, the one for this; the host's if not said
    #[arg(long, value_name = "ARCH")]
    pub arch: Option<String>,
    /// The findings as JSON on standard output
    #[arg(long)]
    pub json: bool,
}
