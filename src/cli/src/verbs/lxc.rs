use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rootfs_plugin::Architecture;
use rootfs_sandbox::id_maps;
use serde_json::json;

use super::print_json;
use crate::args::LxcArgs;
use crate::container_name;
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::image_record::ImageRecord;
use crate::lxc::{Commands, Container, Init, LxcError, Network, Root, container_name, default_place, write_config};
use crate::record::read_expected;
use crate::target::record_path;

/// Writes the configuration with which LXC runs a root filesystem, and says how. Nothing is run.
pub(super) fn run(args: &LxcArgs, environment: &Environment, interrupted: Arc<AtomicBool>) -> Result<Exit, Failure> {
    container_name::refuse(&args.root, ".squashfs")?;
    let caller = rustix::process::geteuid().as_raw();
    let container = match describe(args, caller, Arc::clone(&interrupted)) {
        Err(_) if interrupted.load(Ordering::Relaxed) => return Err(Failure::new("interrupted").exit(Exit::Interrupted)),
        described => described?,
    };
    let usual = default_place(caller, environment);
    let place = match &args.dir {
        Some(place) => std::path::absolute(place).map_err(|error| Failure::of(&error))?,
        None => usual.clone().ok_or(LxcError::NoPlace)?,
    };
    let is_usual = usual.is_some_and(|usual| usual == place);
    let config = write_config(&place, &container.name, &container.config()?, args.force)?;
    let commands = Commands::of(&container, (!is_usual).then_some(&place));
    if args.json {
        print_json(&json!({
            "config": config.to_string_lossy(),
            "name": container.name,
            "root": container.root.to_string_lossy(),
            "init": container.init.name(),
            "start": commands.start,
            "enter": commands.enter,
            "stop": commands.stop,
        }))?;
    }
    // Nobody is left to tell when standard error is gone.
    let _ = std::io::stderr().write_all(told(&config, &container, &commands).as_bytes());
    Ok(Exit::Done)
}

fn describe(args: &LxcArgs, caller: u32, interrupted: Arc<AtomicBool>) -> Result<Container, Failure> {
    let name = container_name(&args.name)?;
    let network: Network = args.net.parse()?;
    let root = Root::open(&args.root, interrupted)?;
    root.check_owner(caller)?;
    if caller != 0 && network == Network::Host {
        return Err(LxcError::SharedNetwork.into());
    }
    let writable = args.rw.as_deref().map(|path| writable(path, &root)).transpose()?;
    let ids = if caller == 0 { None } else { Some(id_maps().map_err(LxcError::Ids)?) };
    Ok(Container {
        name,
        is_image: matches!(root, Root::Squashfs(..)),
        init: Init::of(&root)?,
        architecture: architecture(&root)?,
        network,
        writable,
        ids,
        root: root.path().to_owned(),
    })
}

/// The host's directory, by its real path.
fn writable(path: &Path, root: &Root) -> Result<std::path::PathBuf, LxcError> {
    if !path.is_dir() {
        return Err(LxcError::Writable { path: path.to_owned() });
    }
    // In a directory LXC makes one.
    if matches!(root, Root::Squashfs(..)) && !root.has_directory("/rw")? {
        return Err(LxcError::NoMountpoint { path: root.path().to_owned() });
    }
    Ok(fs_err::canonicalize(path)?)
}

/// What lies beside the root filesystem knows it; one of unknown origin has none.
fn architecture(root: &Root) -> Result<Option<Architecture>, Failure> {
    let name = match root {
        Root::Directory(path) => read_expected(&record_path(path))?.and_then(|expected| expected.architecture().map(str::to_owned)),
        Root::Squashfs(path, _) => ImageRecord::read(path)?.and_then(|record| record.architecture),
    };
    Ok(name.and_then(|name| name.parse().ok()))
}

fn told(config: &Path, container: &Container, commands: &Commands) -> String {
    let kind = if container.is_image { "squashfs, read-only" } else { "directory" };
    let mut text = format!("{}: {kind}, init {}", config.display(), container.init.name());
    let mut row = |name: &str, value: &str| text.push_str(&format!("\n  {name:<7} {value}"));
    row("start", &commands.start);
    if let (Some(enter), Some(stop)) = (&commands.enter, &commands.stop) {
        row("enter", enter);
        row("stop", stop);
    }
    for note in notes(container) {
        row("note", &note);
    }
    text + "\n"
}

/// What the user should know.
fn notes(container: &Container) -> Vec<String> {
    let mut notes = Vec::new();
    if container.init == Init::None {
        notes.push("there is no /sbin/init: lxc-start has nothing to start".to_owned());
    }
    if container.init == Init::Other {
        notes.push("what this init takes for a shutdown is not known; `lxc-stop --kill` ends any".to_owned());
    }
    if let (Some(theirs), native) = (container.architecture, Architecture::native())
        && native != Some(theirs)
    {
        notes.push(format!("its programs are for {theirs}, this machine is not"));
    }
    notes
}
