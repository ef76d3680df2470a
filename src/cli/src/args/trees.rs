use std::ffi::OsString;
use std::path::PathBuf;

/// What `shell` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct ShellArgs {
    /// The root filesystem
    #[arg(value_name = "DIR")]
    pub root: PathBuf,
    /// Run this and exit with its status; a shell if not said
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// What `rm` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct RmArgs {
    /// Root filesystems that rootfs-gen has made
    #[arg(value_name = "DIR", required = true)]
    pub roots: Vec<PathBuf>,
}
