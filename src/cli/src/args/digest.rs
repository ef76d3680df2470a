use std::path::PathBuf;

/// What `digest` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct DigestArgs {
    /// A root filesystem: a directory, an archive, an image of any kind, oci:DIR[:TAG] or docker-archive:FILE[:NAME[:TAG]]
    #[arg(value_name = "DIR|FILE")]
    pub root: PathBuf,
    /// Of images of containers for several machines, the one for this; the host's if not said
    #[arg(long, value_name = "ARCH")]
    pub arch: Option<String>,
}
