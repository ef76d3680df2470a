use std::path::PathBuf;

/// What `lxc` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct LxcArgs {
    /// The root filesystem: a directory or a squashfs image
    #[arg(value_name = "DIR|SQUASHFS")]
    pub root: PathBuf,
    /// What the container is called
    #[arg(short, long, value_name = "NAME")]
    pub name: String,
    /// Where LXC keeps containers; if not said, /var/lib/lxc for root and ~/.local/share/lxc for others
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Its network: empty (loopback alone), veth:BRIDGE (a cable to a bridge of the host) or none (the host's own network)
    #[arg(long, value_name = "NETWORK", default_value = "empty")]
    pub net: String,
    /// Mount this directory of the host at /rw, where a guest of BusyBox keeps what is written to /etc, /var, /home and /root
    #[arg(long, value_name = "DIR")]
    pub rw: Option<PathBuf>,
    /// Replace the configuration
    #[arg(long)]
    pub force: bool,
    /// What was written as JSON on standard output
    #[arg(long)]
    pub json: bool,
}
