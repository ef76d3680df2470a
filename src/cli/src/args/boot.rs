use std::path::PathBuf;

/// What `boot` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct BootArgs {
    /// The disk image
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,
    /// Run this in the guest and exit with its status; a shell if not said
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<std::ffi::OsString>,
    /// The serial console instead of a shell
    #[arg(long, conflicts_with = "command")]
    pub console: bool,
    /// Lead a port of this machine into the guest, as 2222:22 or 53:53/udp (repeatable)
    #[arg(long, value_name = "HOST:GUEST")]
    pub forward: Vec<String>,
    /// The guest's memory
    #[arg(long, value_name = "SIZE", default_value = "1G")]
    pub memory: String,
    /// The guest's processors
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub cpus: u32,
    /// End the guest after so long, as 60s or 5m; the exit code is then 124
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<String>,
    /// Keep what the guest writes to the image
    #[arg(long)]
    pub write: bool,
    /// Boot this kernel instead of the one that the image was made for
    #[arg(long, value_name = "FILE")]
    pub kernel: Option<PathBuf>,
    /// Boot with this initramfs
    #[arg(long, value_name = "FILE")]
    pub initrd: Option<PathBuf>,
    /// Add to the kernel's command line
    #[arg(long, value_name = "TEXT")]
    pub append: Option<String>,
    /// Print the command that would be run, and run nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How it went, as JSON on standard error
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// Where kernels come from
    pub source: SourceArgs,
}

/// What `kernel` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct KernelArgs {
    /// The distribution
    #[arg(value_name = "DISTRO")]
    pub distribution: String,
    /// Write vmlinuz, vmlinux, initrd and cmdline into this directory
    #[arg(short, long, value_name = "DIR")]
    pub directory: PathBuf,
    /// The release
    #[arg(long, value_name = "NAME")]
    pub release: Option<String>,
    /// The architecture of the guest
    #[arg(long, value_name = "ARCH")]
    pub arch: Option<String>,
    /// Replace the files
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    /// Where kernels come from
    pub source: SourceArgs,
}

/// Where packages come from that are fetched outside a build.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct SourceArgs {
    /// Where to fetch packages from
    #[arg(long, value_name = "URL")]
    pub mirror: Vec<String>,
    /// Keys that may sign the distribution's archives, instead of those it carries
    #[arg(long, value_name = "KEY")]
    pub keyring: Option<PathBuf>,
    /// Use nothing but the store
    #[arg(long)]
    pub offline: bool,
    /// The store's directory
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
}
