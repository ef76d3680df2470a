use std::path::PathBuf;

/// What `inspect` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct InspectArgs {
    /// A disk image, filesystem or archive, a block device, or oci:DIR[:TAG] or docker-archive:FILE[:NAME[:TAG]]
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What was found as JSON on standard output
    #[arg(long)]
    pub json: bool,
}

/// What `verify` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct VerifyArgs {
    /// A disk image, filesystem or archive, a block device, or oci:DIR[:TAG] or docker-archive:FILE[:NAME[:TAG]]
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The root hash of dm-verity: 64 digits, or a file with them or with Kata's line; if not said, what lies beside the image
    #[arg(long, value_name = "HASH|FILE")]
    pub root_hash: Option<String>,
    /// What was verified and found as JSON on standard output
    #[arg(long)]
    pub json: bool,
}
