use std::path::PathBuf;

use clap::ValueEnum;

use super::boot::SourceArgs;

/// What `new` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct NewArgs {
    /// The distribution's name: lower-case letters, digits and `-`
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What it is made of
    #[arg(long, value_enum, default_value_t = NewKind::Rust)]
    pub kind: NewKind,
    /// Where it goes; ./NAME if not said
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// What a plugin is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NewKind {
    /// A crate that implements the trait
    Rust,
    /// Kata's config.sh and rootfs_lib.sh
    Shell,
    /// A shared object in C
    C,
    /// A distro.toml alone, which says what is other than in a distribution that is built in
    File,
}

/// What `plugin` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct PluginArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub verb: PluginVerb,
}

/// What can be done with a plugin.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum PluginVerb {
    /// Try whether a distribution does all that one has to do
    Test(PluginTestArgs),
}

/// What `plugin test` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct PluginTestArgs {
    /// The distribution
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The release; the default one if not said
    #[arg(long, value_name = "NAME")]
    pub release: Option<String>,
    /// The variant; the default one if not said
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Install these packages instead of the variant's own (repeatable)
    #[arg(long, value_name = "PKG")]
    pub package: Vec<String>,
    /// A package that is not among them
    #[arg(long, value_name = "PKG")]
    pub extra_pkg: Option<String>,
    /// Say an option of the distribution's own (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Boot a disk of it, too
    #[arg(long)]
    pub boot: bool,
    /// Boot with this kernel instead of its own
    #[arg(long, requires = "boot", value_name = "FILE")]
    pub kernel: Option<PathBuf>,
    /// Boot with this initramfs
    #[arg(long, requires = "boot", value_name = "FILE")]
    pub initrd: Option<PathBuf>,
    #[command(flatten)]
    /// Where packages come from
    pub source: SourceArgs,
    /// The table as JSON
    #[arg(long)]
    pub json: bool,
    /// Look for plugins here too: one, or a directory of some (repeatable)
    #[arg(long, value_name = "DIR")]
    pub plugin_dir: Vec<PathBuf>,
    /// How many seconds the plugin's own code may take without a word [default: 60]
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
}
