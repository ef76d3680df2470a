/// What `list` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct ListArgs {
    /// As JSON
    #[arg(long)]
    pub json: bool,
}
