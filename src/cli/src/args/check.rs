use std::path::PathBuf;

/// What `check` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct CheckArgs {
    /// The root filesystem: a directory, an archive or an image
    #[arg(value_name = "DIR|FILE")]
    pub root: PathBuf,
    /// The partition of a disk image that it is in, by its number, where several have a filesystem
    #[arg(long, value_name = "NUMBER")]
    pub partition: Option<u32>,
    /// The findings as JSON on standard output
    #[arg(long)]
    pub json: bool,
}
