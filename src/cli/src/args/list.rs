/// What `list` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct ListArgs {
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// Look for plugins here too: one, or a directory of some (repeatable)
    #[arg(long, value_name = "DIR")]
    pub plugin_dir: Vec<std::path::PathBuf>,
}
