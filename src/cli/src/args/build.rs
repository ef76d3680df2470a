use std::path::PathBuf;

use clap::builder::ValueParser;

use super::ImageArgs;

/// What every distribution's verb takes. Nothing has a default here: what isn't said is looked up in the environment and the configuration
/// file first.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct BuildArgs {
    /// Write the root filesystem into this directory
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub rootfs: Option<PathBuf>,
    /// Write it into this file; the suffix says how (.img, .squashfs, .cpio.gz, .tar.xz …)
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Replace what an earlier build of this tool left there
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "yes", value_name = "yes|no", value_parser = yes_no(), help_heading = "Output")]
    pub force: Option<bool>,

    /// How a disk image is made
    #[command(flatten)]
    pub image: ImageArgs,

    /// The release: a name, a number or a word such as `stable`
    #[arg(long, value_name = "NAME", help_heading = "What to build")]
    pub release: Option<String>,
    /// The architecture of the guest; this machine's if not said
    #[arg(long, value_name = "ARCH", help_heading = "What to build")]
    pub arch: Option<String>,
    /// A named set of packages
    #[arg(long, visible_alias = "profile", value_name = "NAME", help_heading = "What to build")]
    pub variant: Option<String>,
    /// Add packages, by name or as ./FILE.deb (repeatable; commas and spaces separate)
    #[arg(long, value_name = "PKG", help_heading = "What to build")]
    pub extra_pkg: Vec<String>,
    /// Install these packages instead of the variant's own (repeatable, as --extra-pkg)
    #[arg(long, value_name = "PKG", help_heading = "What to build")]
    pub package: Vec<String>,
    /// Install what packages recommend, too
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "yes", value_name = "yes|no", value_parser = yes_no(), help_heading = "What to build")]
    pub recommends: Option<bool>,
    /// Leave out of every package: docs, locales, man (commas separate)
    #[arg(long, value_name = "WHAT", help_heading = "What to build")]
    pub without: Vec<String>,

    /// Where to fetch packages from, in the order to try; ARCHIVE=URL for an archive besides the main one
    #[arg(long, value_name = "URL", help_heading = "Where from")]
    pub mirror: Vec<String>,
    /// Use these suites instead of the release's own (repeatable)
    #[arg(long, value_name = "SUITE", help_heading = "Where from")]
    pub suite: Vec<String>,
    /// Add a repository, as "deb [signed-by=KEY] URL SUITE COMPONENT…" (repeatable)
    #[arg(long, value_name = "LINE", help_heading = "Where from")]
    pub repo: Vec<String>,
    /// The key of every --repo that names none
    #[arg(long, value_name = "KEY", help_heading = "Where from")]
    pub repo_key: Option<PathBuf>,
    /// Keys that may sign the distribution's archives, instead of those it carries
    #[arg(long, value_name = "KEY", help_heading = "Where from")]
    pub keyring: Option<PathBuf>,
    /// Write which packages were installed, with their hashes
    #[arg(long, value_name = "FILE", conflicts_with = "locked", help_heading = "Where from")]
    pub lock: Option<PathBuf>,
    /// Install exactly what this lock says
    #[arg(long, value_name = "FILE", help_heading = "Where from")]
    pub locked: Option<PathBuf>,
    /// Use nothing but the store
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "yes", value_name = "yes|no", value_parser = yes_no(), help_heading = "Where from")]
    pub offline: Option<bool>,
    /// Accept an index whose time has run out
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "yes", value_name = "yes|no", value_parser = yes_no(), help_heading = "Where from")]
    pub ignore_valid_until: Option<bool>,
    /// Where fetched packages are kept; ~/.cache/rootfs-gen if not said
    #[arg(long, value_name = "DIR", help_heading = "Where from")]
    pub store: Option<PathBuf>,

    /// Root's password: itself, hashed:CRYPT, @FILE, or - for standard input; without one root is locked
    #[arg(long, value_name = "PASSWORD", help_heading = "Customise")]
    pub root_password: Option<String>,
    /// Let anybody log in as root without a password
    #[arg(long, conflicts_with = "root_password", help_heading = "Customise")]
    pub insecure_empty_root: bool,
    /// A file of public keys that may log in as root and as every --user (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "Customise")]
    pub ssh_key: Vec<PathBuf>,
    /// Add a user; the password as for --root-password (repeatable)
    #[arg(long, value_name = "NAME[:PASSWORD]", help_heading = "Customise")]
    pub user: Vec<String>,
    /// The guest's host name
    #[arg(long, value_name = "NAME", help_heading = "Customise")]
    pub hostname: Option<String>,
    /// Lay a directory or tar over the tree (repeatable)
    #[arg(long, value_name = "DIR|TAR", help_heading = "Customise")]
    pub overlay: Vec<PathBuf>,
    /// Run a script inside the tree, last of all (repeatable)
    #[arg(long, value_name = "SCRIPT", help_heading = "Customise")]
    pub hook: Vec<PathBuf>,
    /// Install this program as the guest's agent; `own` for rootfs-gen's, or `none`
    #[arg(long, value_name = "FILE|own|none", help_heading = "Customise")]
    pub agent: Option<String>,
    /// The agent's name below /usr/bin; the file's own if not said
    #[arg(long, value_name = "NAME", help_heading = "Customise")]
    pub agent_name: Option<String>,
    /// The agent is /sbin/init
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "yes", value_name = "yes|no", value_parser = yes_no(), help_heading = "Customise")]
    pub agent_init: Option<bool>,

    /// Look for plugins here too: one, or a directory of some (repeatable)
    #[arg(long, value_name = "DIR", help_heading = "Running")]
    pub plugin_dir: Vec<PathBuf>,
    /// How many seconds a plugin's own code may take without a word [default: 60]
    #[arg(long, value_name = "SECONDS", help_heading = "Running")]
    pub timeout: Option<u64>,
    /// Read settings from this file (TOML, a key for each flag)
    #[arg(long, value_name = "FILE", help_heading = "Running")]
    pub config: Option<PathBuf>,
    /// Print what was asked for and what would be done
    #[arg(long, help_heading = "Running")]
    pub dry_run: bool,
    /// Don't check the result
    #[arg(long, help_heading = "Running")]
    pub no_check: bool,
    /// Resolve and install anew, though the store has what an earlier build made
    #[arg(long, help_heading = "Running")]
    pub no_cache: bool,
    /// Say of each stage whether it was done or reused, and why
    #[arg(long, conflicts_with = "quiet", help_heading = "Running")]
    pub explain: bool,
    /// The summary (or the plan) as JSON on standard output
    #[arg(long, help_heading = "Running")]
    pub json: bool,
    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Running")]
    pub quiet: bool,
    /// Show what scripts print
    #[arg(short, long, help_heading = "Running")]
    pub verbose: bool,
    /// Options of the distribution, by name: they are no fields of ours
    #[arg(skip)]
    pub options: std::collections::BTreeMap<&'static str, String>,
    /// Run scripts in a container engine, Docker's or Podman's
    #[arg(long, help_heading = "Running")]
    pub docker: bool,
    /// The engine, in place of what DOCKER_HOST, DOCKER_CONTEXT or the usual sockets lead to
    #[arg(long, value_name = "URL", help_heading = "Running")]
    pub docker_host: Option<String>,
    /// The image in which a shell directory's scripts run, in place of its Dockerfile.in, or Gentoo's packages are compiled
    #[arg(long, value_name = "IMAGE", help_heading = "Running")]
    pub docker_image: Option<String>,
}

/// `yes` or `no` and nothing else, as in the environment.
fn yes_no() -> ValueParser {
    ValueParser::new(|text: &str| match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("expected yes or no"),
    })
}
