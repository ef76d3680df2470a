/// What `clean` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct CleanArgs {
    /// Remove every container and image that builds have left in an engine, also of builds that still run
    #[arg(long, required = true)]
    pub docker: bool,
    /// The engine, in place of what DOCKER_HOST, DOCKER_CONTEXT or the usual sockets lead to
    #[arg(long, value_name = "URL")]
    pub docker_host: Option<String>,
}
