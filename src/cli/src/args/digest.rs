use std::path::PathBuf;

/// What `digest` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct DigestArgs {
    /// A root filesystem: a directory, or a tar in any compression
    #[arg(value_name = "DIR|TAR")]
    pub root: PathBuf,
}
