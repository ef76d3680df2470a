//! The command line as clap reads it.

mod boot;
mod build;
mod check;
mod clean;
mod digest;
mod image;
mod inspect;
mod list;
mod lxc;
mod matrix;
mod plugin;
mod trees;
mod wishes;

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, ArgMatches, Args as _, Command, FromArgMatches as _};
use rootfs_plugin::{Distro, DistroOption, Info, OptionKind};

pub use boot::{BootArgs, KernelArgs, SourceArgs};
pub use build::BuildArgs;
pub use check::CheckArgs;
pub use clean::CleanArgs;
pub use digest::DigestArgs;
pub use image::{ImageArgs, ImageVerbArgs};
pub use inspect::{InspectArgs, VerifyArgs};
pub use list::ListArgs;
pub use lxc::LxcArgs;
pub use matrix::MatrixArgs;
pub use plugin::{NewArgs, NewKind, PluginArgs, PluginTestArgs, PluginVerb};
pub use trees::{RmArgs, ShellArgs};

use crate::registry::{Broken, Registry};

/// What the user wants done.
#[derive(Debug)]
pub enum Verb {
    /// Build a root filesystem of this distribution.
    Build(&'static dyn Distro, Box<BuildArgs>),
    /// Build what a table has.
    Matrix(MatrixArgs),
    /// Make an image of one.
    Image(ImageVerbArgs),
    /// Tell what is in an image.
    Inspect(InspectArgs),
    /// Verify an image.
    Verify(VerifyArgs),
    /// Boot one.
    Boot(BootArgs),
    /// Fetch a kernel for one.
    Kernel(KernelArgs),
    /// Write what LXC needs to run one.
    Lxc(LxcArgs),
    /// Check one.
    Check(CheckArgs),
    /// Print the digest of one.
    Digest(DigestArgs),
    /// Run something inside one.
    Shell(ShellArgs),
    /// Remove one.
    Rm(RmArgs),
    /// Remove what builds have left elsewhere.
    Clean(CleanArgs),
    /// Say what can be built.
    List(ListArgs),
    /// Begin a plugin.
    New(NewArgs),
    /// Something about a plugin.
    Plugin(PluginArgs),
    /// Say why a plugin that was found can't be used.
    Broken(&'static Broken),
}

/// The whole command line: one subcommand for each distribution, then the other verbs.
#[must_use]
pub fn command(registry: &Registry) -> Command {
    let command = Command::new("rootfs-gen")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Turns a distribution's packages into a root filesystem")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .after_help(ENVIRONMENT);
    let verbs = [
        // `about` comes last: the doc comment of the arguments is for readers of the source.
        MatrixArgs::augment_args(Command::new("matrix")).about("Build a table of distributions, releases and images").after_help(TABLE),
        ImageVerbArgs::augment_args(Command::new("image")).about("Write a root filesystem as a disk image or a tar"),
        InspectArgs::augment_args(Command::new("inspect")).about("Tell what is in an image or archive, whoever made it"),
        VerifyArgs::augment_args(Command::new("verify")).about("Verify an image or archive: tables, filesystems, checksums, hashes"),
        BootArgs::augment_args(Command::new("boot")).about("Boot a disk image in QEMU, and do something in it"),
        KernelArgs::augment_args(Command::new("kernel")).about("Fetch a distribution's kernel for virtual machines"),
        LxcArgs::augment_args(Command::new("lxc")).about("Write the configuration with which LXC runs a root filesystem"),
        CheckArgs::augment_args(Command::new("check")).about("Check a root filesystem by the rules"),
        DigestArgs::augment_args(Command::new("digest")).about("Print the digest of a root filesystem"),
        ShellArgs::augment_args(Command::new("shell")).about("Run a shell or a command inside a root filesystem, without network"),
        RmArgs::augment_args(Command::new("rm")).about("Remove a root filesystem that rootfs-gen has made"),
        CleanArgs::augment_args(Command::new("clean")).about("Remove what builds have left in a container engine"),
        ListArgs::augment_args(Command::new("list")).about("List the distributions, their releases and variants"),
        NewArgs::augment_args(Command::new("new")).about("Begin a distribution of your own: a plugin that builds and can be tested"),
        PluginArgs::augment_args(Command::new("plugin")).about("Test a distribution, built in or found"),
    ];
    let command = command.subcommands(registry.distros().map(|distro| build_command(distro.info()))).subcommands(verbs);
    let broken: BTreeMap<&str, &Broken> = registry.broken.iter().rev().map(|broken| (broken.name.as_str(), broken)).collect();
    command.subcommands(broken.into_values().filter(|broken| registry.is_free(&broken.name)).map(broken_command))
}

/// Takes any flag: what is said about it is why it can't be used.
fn broken_command(broken: &Broken) -> Command {
    let rest = Arg::new("rest").num_args(0..).trailing_var_arg(true).allow_hyphen_values(true).hide(true);
    Command::new(broken.name.clone()).about(format!("(can't be used: {})", broken.error)).arg(rest).disable_help_flag(true).hide(true)
}

fn build_command(info: &'static Info) -> Command {
    let command = BuildArgs::augment_args(Command::new(info.name.as_str()));
    // Where a profile is something of the distribution's own, it is no other word for a variant.
    let has_profile = info.options.iter().any(|option| option.name == "profile");
    let command = if has_profile { command.mut_arg("variant", |arg| arg.visible_alias(None)) } else { command };
    let command = command.args(info.options.iter().map(option));
    command.about(format!("Build {}", info.summary)).after_help(offer(info))
}

/// A flag that only this distribution has.
fn option(option: &'static DistroOption) -> Arg {
    let arg = Arg::new(option.name.as_str()).long(option.name.as_str()).help(option.help.as_str()).help_heading("What to build");
    match &option.kind {
        OptionKind::Switch => arg.action(ArgAction::SetTrue),
        OptionKind::Text { value } | OptionKind::Number { value } => arg.value_name(value.as_str()),
        // A word of a list may begin with a dash that means its absence.
        OptionKind::List { value } => arg.value_name(value.as_str()).allow_hyphen_values(true),
        OptionKind::Choice { choices } => arg.value_name(choices.join("|")),
    }
}

/// What was said of the flags that only this distribution has; a switch is `true`.
fn options(info: &'static Info, matches: &ArgMatches) -> BTreeMap<&'static str, String> {
    let said = |option: &'static DistroOption| {
        let name = option.name.as_str();
        let value = match option.kind {
            OptionKind::Switch => matches.get_flag(name).then(|| "true".to_owned()),
            _ => matches.get_one::<String>(name).cloned(),
        };
        Some((name, value?))
    };
    info.options.iter().filter_map(said).collect()
}

/// What the distribution has to choose from, below its flags.
fn offer(info: &Info) -> String {
    let mut text = String::from("Releases:\n");
    for (position, release) in info.releases.iter().enumerate() {
        let words: Vec<&str> = release.version.iter().chain(&release.aliases).map(String::as_str).collect();
        let until = release.end_of_life.as_ref().map(|day| format!("supported until {day}")).unwrap_or_default();
        let default = if position == 0 { " [default]" } else { "" };
        let line = format!("  {:<10} {:<16} {until}{default}", release.name, words.join(", "));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str("\nVariants:\n");
    for variant in &info.variants {
        let default = if variant.name == info.default_variant { " [default]" } else { "" };
        text.push_str(&format!("  {:<10} {}{default}\n", variant.name, variant.summary));
    }
    let architectures: Vec<&str> = info.architectures.iter().map(|architecture| architecture.name()).collect();
    text.push_str(&format!("\nArchitectures: {}", architectures.join(", ")));
    text
}

/// Reads the command line.
///
/// # Errors
/// What clap says, which may be the help or the version that was asked for.
pub fn parse(registry: &'static Registry, arguments: &[std::ffi::OsString]) -> Result<Verb, clap::Error> {
    let matches = command(registry).try_get_matches_from(arguments)?;
    match matches.subcommand() {
        Some(("check", matches)) => CheckArgs::from_arg_matches(matches).map(Verb::Check),
        Some(("digest", matches)) => DigestArgs::from_arg_matches(matches).map(Verb::Digest),
        Some(("matrix", matches)) => MatrixArgs::from_arg_matches(matches).map(Verb::Matrix),
        Some(("image", matches)) => ImageVerbArgs::from_arg_matches(matches).map(Verb::Image),
        Some(("inspect", matches)) => InspectArgs::from_arg_matches(matches).map(Verb::Inspect),
        Some(("verify", matches)) => VerifyArgs::from_arg_matches(matches).map(Verb::Verify),
        Some(("boot", matches)) => BootArgs::from_arg_matches(matches).map(Verb::Boot),
        Some(("kernel", matches)) => KernelArgs::from_arg_matches(matches).map(Verb::Kernel),
        Some(("lxc", matches)) => LxcArgs::from_arg_matches(matches).map(Verb::Lxc),
        Some(("shell", matches)) => ShellArgs::from_arg_matches(matches).map(Verb::Shell),
        Some(("rm", matches)) => RmArgs::from_arg_matches(matches).map(Verb::Rm),
        Some(("clean", matches)) => CleanArgs::from_arg_matches(matches).map(Verb::Clean),
        Some(("list", matches)) => ListArgs::from_arg_matches(matches).map(Verb::List),
        Some(("new", matches)) => NewArgs::from_arg_matches(matches).map(Verb::New),
        Some(("plugin", matches)) => PluginArgs::from_arg_matches(matches).map(Verb::Plugin),
        Some((name, matches)) => build(registry, name, matches),
        None => Err(command(registry).error(clap::error::ErrorKind::MissingSubcommand, "a verb is missing")),
    }
}

fn build(registry: &'static Registry, name: &str, matches: &ArgMatches) -> Result<Verb, clap::Error> {
    let Some(distro) = registry.find(name) else {
        let unknown = || command(registry).error(clap::error::ErrorKind::InvalidSubcommand, format!("there is no distribution `{name}`"));
        return registry.broken.iter().find(|broken| broken.name == name).map(Verb::Broken).ok_or_else(unknown);
    };
    let args = BuildArgs { options: options(distro.info(), matches), ..BuildArgs::from_arg_matches(matches)? };
    Ok(Verb::Build(distro, Box::new(args)))
}

const TABLE: &str = "\
FILE, whose lists are multiplied (jobs, docker-host and sandbox are keys, too):
  output-dir = \"images\"
  [settings]                             # keys of a configuration file, for all
  agent = \"own\"
  [[build]]
  distribution = [\"debian\", \"ubuntu\"]  # and release, variant, arch
  output = [\"{distribution}-{release}.img\", \"{distribution}-{release}/\"]
  extra-pkg = \"vim\"                    # keys of a configuration file";

const ENVIRONMENT: &str = "\
Environment, below every flag and above a configuration file:
  ROOTFS_DIR             -r
  OS_VERSION             --release
  ARCH                   --arch
  EXTRA_PKG, EXTRA_PKGS  --extra-pkg
  AGENT_SOURCE_BIN       --agent
  AGENT_BIN              --agent-name
  AGENT_INIT             --agent-init, yes or no
  ROOTFS_GEN_MIRROR      --mirror
  ROOTFS_GEN_STORE       --store
  ROOTFS_GEN_PLUGIN_PATH directories of plugins, with `:` between them
  ROOTFS_GEN_CACHE=no    --no-cache
  USE_DOCKER, USE_PODMAN --docker, unless no, false or 0
  DOCKER_HOST and what else Docker's own client reads
  SOURCE_DATE_EPOCH      the newest time that a file may have
  http_proxy, https_proxy, no_proxy, NO_COLOR

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 `check` or `verify` found errors,
  130 interrupted";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command(&Registry::default()).debug_assert();
    }

    #[test]
    fn every_distribution_is_a_verb() {
        let registry: &'static Registry = Box::leak(Box::default());
        for distro in registry.distros() {
            let name = distro.info().name.clone();
            let verb = parse(registry, &["rootfs-gen", &name, "-r", "out"].map(Into::into)).unwrap();
            assert!(matches!(verb, Verb::Build(distro, _) if distro.info().name == name));
        }
    }
}
