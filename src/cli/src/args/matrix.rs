use std::path::PathBuf;

/// What `matrix` takes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct MatrixArgs {
    /// The table of builds (TOML)
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// How many builds run at once; as many as this machine has processors if not said
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Where it runs")]
    pub jobs: Option<u16>,
    /// Build in this container engine, too (repeatable)
    #[arg(long, value_name = "URL", help_heading = "Where it runs")]
    pub docker_host: Vec<String>,
    /// Build in the engine that DOCKER_HOST, DOCKER_CONTEXT or the usual sockets lead to, too
    #[arg(long, help_heading = "Where it runs")]
    pub docker: bool,
    /// Build in engines alone, not on this machine
    #[arg(long, help_heading = "Where it runs")]
    pub no_sandbox: bool,
    /// Where results go that have a relative path; beside FILE if not said
    #[arg(short, long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// Replace what earlier builds of this tool left there
    #[arg(long)]
    pub force: bool,
    /// Where to fetch packages from, for builds that say nothing else
    #[arg(long, value_name = "URL")]
    pub mirror: Vec<String>,
    /// Where fetched packages are kept; ~/.cache/rootfs-gen if not said
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// Use nothing but the store
    #[arg(long)]
    pub offline: bool,
    /// Resolve and install anew, though the store has what an earlier build made
    #[arg(long)]
    pub no_cache: bool,
    /// Look for plugins here too: one, or a directory of some (repeatable)
    #[arg(long, value_name = "DIR")]
    pub plugin_dir: Vec<PathBuf>,
    /// How many seconds a plugin's own code may take without a word [default: 60]
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
    /// Print which builds there are, and build nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The results as JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// Say nothing but errors and the results
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show what scripts print
    #[arg(short, long)]
    pub verbose: bool,
}
