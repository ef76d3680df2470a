use std::path::PathBuf;

/// What `check` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct CheckArgs {
    /// The root filesystem: a directory, an archive or an image
    #[arg(value_name = "DIR|FILE")]
    pub root: PathBuf,
    /// The findings as JSON on standard output
    #[arg(long)]
    pub json: bool,
}
