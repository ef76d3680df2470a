//! The distributions: those that are built in, and those that are found.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use rootfs_loader::{Base, Found, Kind, LoadError, WorkerOptions, load, search};
use rootfs_plugin::Distro;

use crate::environment::Environment;
use crate::failure::{Exit, Failure};

/// Gives a distribution that is built in.
pub type BuiltIn = fn() -> &'static dyn Distro;

/// Each one that is built in, in the order lists show them.
pub const DISTRIBUTIONS: [BuiltIn; 10] = [
    rootfs_alpine::alpine,
    rootfs_busybox::busybox,
    rootfs_debian::debian,
    rootfs_debian::ubuntu,
    rootfs_fedora::fedora,
    rootfs_fedora::centos_stream,
    rootfs_fedora::rocky,
    rootfs_fedora::almalinux,
    rootfs_fedora::opensuse,
    rootfs_gentoo::gentoo,
];

/// Those of them that a plugin's file may name as its base.
const BASES: [(&str, Base); 4] = [
    ("alpine", Base { text: rootfs_alpine::FILE, keys: &rootfs_alpine::KEYS }),
    ("debian", Base { text: rootfs_debian::FILE, keys: &rootfs_debian::KEYS }),
    ("fedora", Base { text: rootfs_fedora::FILE, keys: &rootfs_fedora::KEYS }),
    ("gentoo", Base { text: rootfs_gentoo::FILE, keys: &[] }),
];

/// Words on the command line that no distribution may be called.
pub const RESERVED: [&str; 18] = [
    "clean", "check", "digest", "list", "matrix", "image", "inspect", "verify", "boot", "kernel", "lxc", "shell", "rm", "new", "plugin",
    "why", "diff", "help",
];

/// Where a system's own plugins are.
const OF_SYSTEM: &str = "/usr/lib/rootfs-gen/distros";

/// The word that makes this program a plugin's process.
pub const WORKER: &str = "--serve-plugin";

/// How long a plugin's own code may take, in seconds, when nobody says.
pub const TIMEOUT: u64 = 60;

/// A plugin that was found and can't be used.
#[derive(Debug)]
pub struct Broken {
    /// What it calls itself.
    pub name: String,
    /// Its directory.
    pub path: PathBuf,
    /// Why.
    pub error: LoadError,
}

/// A distribution that was found.
#[derive(Debug)]
pub struct Plugin {
    /// The distribution.
    pub distro: &'static dyn Distro,
    /// Its directory.
    pub path: PathBuf,
    /// In which form it came.
    pub kind: Kind,
}

/// All distributions that this call of the program knows.
#[derive(Debug)]
pub struct Registry {
    /// Built-in ones, in the order lists show them.
    pub built_in: Vec<&'static dyn Distro>,
    /// Found ones, in the order in which they were.
    pub plugins: Vec<Plugin>,
    /// Found ones that can't be used.
    pub broken: Vec<Broken>,
}

/// Where plugins are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPath {
    /// What `--plugin-dir` said: an error when nothing is there.
    pub said: Vec<PathBuf>,
    /// Where some may be.
    pub usual: Vec<PathBuf>,
    /// How long their own code may take.
    pub timeout: Duration,
}

impl SearchPath {
    /// The places by the command line's `--plugin-dir`, the environment and the system. The current directory is none by itself.
    ///
    /// # Errors
    /// When `--timeout` is not a number.
    pub fn of(arguments: &[OsString], environment: &Environment) -> Result<Self, Failure> {
        let said = said(arguments, "--plugin-dir").into_iter().map(PathBuf::from).collect();
        let mut usual: Vec<PathBuf> =
            environment.path("ROOTFS_GEN_PLUGIN_PATH").iter().flat_map(|paths| std::env::split_paths(paths).collect::<Vec<_>>()).collect();
        let data = environment.path("XDG_DATA_HOME").filter(|path| path.is_absolute());
        let data = data.or_else(|| environment.path("HOME").map(|home| home.join(".local/share")));
        usual.extend(data.map(|data| data.join("rootfs-gen/distros")));
        usual.push(OF_SYSTEM.into());
        // A guest has a time limit of its own by that name.
        let is_boot = arguments.get(1).is_some_and(|verb| verb == "boot");
        let seconds = match said_last(arguments, "--timeout").filter(|_| !is_boot) {
            None => TIMEOUT,
            Some(text) => text
                .to_str()
                .and_then(|text| text.parse().ok())
                .filter(|seconds| *seconds > 0)
                .ok_or_else(|| Failure::new(format!("--timeout {}: expected a number of seconds", text.display())).exit(Exit::Usage))?,
        };
        Ok(Self { said, usual, timeout: Duration::from_secs(seconds) })
    }
}

impl Registry {
    /// Built-in ones alone.
    #[must_use]
    pub fn of(built_in: &[BuiltIn]) -> Self {
        Self { built_in: built_in.iter().map(|distro| distro()).collect(), plugins: Vec::new(), broken: Vec::new() }
    }

    /// With all that are found. None of a plugin's code is run.
    ///
    /// # Errors
    /// When a place that was named has no plugin.
    pub fn search(self, path: &SearchPath) -> Result<Self, Failure> {
        let mut registry = self;
        let said = search(&path.said);
        if let Some((place, reason)) = said.empty.into_iter().next() {
            let message = format!("--plugin-dir {}: there is no plugin", place.display());
            let hint = Some("name a plugin's directory, or one that has such directories".to_owned());
            let mut failure = Failure::new(message).hint(hint).exit(Exit::Usage);
            failure.causes.push(reason);
            return Err(failure);
        }
        let options = WorkerOptions { program: "/proc/self/exe".into(), arguments: vec![WORKER.into()], timeout: path.timeout };
        for plugin in said.plugins.into_iter().chain(search(&path.usual).plugins) {
            registry.add(load(&plugin, &base, &options));
        }
        Ok(registry)
    }

    fn add(&mut self, found: Found) {
        let Found { path, name, distro } = found;
        let taken = if RESERVED.contains(&name.as_str()) {
            Some(LoadError::Reserved { name: name.clone() })
        } else {
            let owner = self.has_built_in(&name).then(|| "it is built in".to_owned());
            let owner = owner.or_else(|| {
                self.plugins.iter().find(|known| known.distro.info().name == name).map(|known| known.path.display().to_string())
            });
            owner.map(|owner| LoadError::Taken { name: name.clone(), owner })
        };
        match taken.map_or(distro, Err) {
            Ok((kind, distro)) => self.plugins.push(Plugin { distro: Box::leak(distro), path, kind }),
            Err(error) => self.broken.push(Broken { name, path, error }),
        }
    }

    /// Every distribution, the built-in ones first.
    pub fn distros(&self) -> impl Iterator<Item = &'static dyn Distro> + '_ {
        self.built_in.iter().copied().chain(self.plugins.iter().map(|plugin| plugin.distro))
    }

    /// Whether nothing else has a name on the command line.
    #[must_use]
    pub fn is_free(&self, name: &str) -> bool {
        !RESERVED.contains(&name) && self.find(name).is_none()
    }

    /// The distribution of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static dyn Distro> {
        self.distros().find(|distro| distro.info().name == name)
    }

    /// The distribution of this name, which has to be there.
    ///
    /// # Errors
    /// When it is not, or can't be used.
    pub fn require(&self, name: &str) -> Result<&'static dyn Distro, Failure> {
        if let Some(distro) = self.find(name) {
            return Ok(distro);
        }
        if let Some(broken) = self.broken.iter().find(|broken| broken.name == name) {
            return Err(Failure::of(&broken.error).hint(broken.error.hint()));
        }
        let known: Vec<&str> = self.distros().map(|distro| distro.info().name.as_str()).collect();
        let hint = format!("there are {}", known.join(", "));
        Err(Failure::new(format!("there is no distribution `{name}`")).hint(Some(hint)).exit(Exit::Usage))
    }

    fn has_built_in(&self, name: &str) -> bool {
        self.built_in.iter().any(|distro| distro.info().name == name)
    }

    /// Whether what is asked for can depend on plugins: a verb that is no other, or one that is about them or names a distribution.
    #[must_use]
    pub fn needs_plugins(&self, arguments: &[OsString]) -> bool {
        let verb = arguments.get(1).and_then(|verb| verb.to_str()).unwrap_or("--help");
        matches!(verb, "list" | "matrix" | "plugin" | "image" | "boot" | "kernel" | "--help" | "-h")
            || !(RESERVED.contains(&verb) || self.has_built_in(verb))
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::of(&DISTRIBUTIONS)
    }
}

fn base(name: &str) -> Result<Base, Vec<String>> {
    let base = BASES.into_iter().find(|(known, _)| *known == name).map(|(_, base)| base);
    base.ok_or_else(|| BASES.map(|(name, _)| name.to_owned()).to_vec())
}

/// Every value of a flag, before `--`. The command line can't be parsed yet: its verbs are the distributions.
fn said(arguments: &[OsString], flag: &str) -> Vec<OsString> {
    let mut values = Vec::new();
    let mut rest = arguments.iter().take_while(|argument| *argument != "--");
    while let Some(argument) = rest.next() {
        if argument == flag {
            values.extend(rest.next().cloned());
        } else if let Some(value) = argument.as_encoded_bytes().strip_prefix(format!("{flag}=").as_bytes()) {
            values.push(os_string(value));
        }
    }
    values
}

fn said_last(arguments: &[OsString], flag: &str) -> Option<OsString> {
    said(arguments, flag).pop()
}

fn os_string(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStrExt as _;
    OsStr::from_bytes(bytes).to_owned()
}

#[cfg(test)]
mod tests;
