//! The engine behind a [`BuildContext`]: it owns the root on disk, the lock, and the sandbox where scripts run.

mod apk;
mod apt;
mod error;
mod portage;
mod rpm;
mod shell;
mod source;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_plugin::{Architecture, BuildContext, BuildError, Command, Installer, Output, Plan};
use rootfs_sandbox::{SandboxOptions, Seat, Seats};
use rootfs_tree::{ScanOptions, Time, Tree, TreeError};

pub use error::build_error;
pub(crate) use error::{caused, caused_by};

use crate::apt::install::Written;
use crate::fetch::{FetchOptions, Fetcher};
use crate::inputs::Inputs;
use crate::lock::{Lock, LockedAgent};
use crate::observer::{Event, Observer};
use crate::place::Place;
use crate::reuse::Reuse;
use crate::root::Root;
use crate::shell::with_nodes;
use crate::store::Store;

/// What a build needs besides its plan.
#[derive(Debug)]
pub struct EngineOptions {
    /// An empty directory of ours; the root is built in `root` below it.
    pub stage: PathBuf,
    /// How to fetch.
    pub fetch: FetchOptions,
    /// Seconds since 1970, for signatures and Valid-Until.
    pub now: i64,
    /// Install exactly this instead of resolving.
    pub locked: Option<Lock>,
    /// The agent that is put in later, which the lock pins.
    pub agent: Option<LockedAgent>,
    /// Whether the lock pins a kernel too.
    pub kernel: bool,
    /// Whether it pins the EFI stub with that kernel.
    pub uefi_stub: bool,
    /// Whether it pins the programs that make a boot loader for a BIOS.
    pub bios_loader: bool,
    /// What scripts see as SOURCE_DATE_EPOCH; none means the newest package's time.
    pub source_date_epoch: Option<i64>,
    /// The guest's host name while scripts run.
    pub hostname: String,
    /// What changes whenever this program does, so that no other program's results are reused; none when nothing is to be.
    pub reuse: Option<String>,
    /// Where scripts run.
    pub seats: Arc<dyn Seats>,
    /// Set from outside to end the build.
    pub cancelled: Arc<AtomicBool>,
}

/// Something that must run in the tree needs somebody who is root of it, and a processor that runs the tree's programs. `what` is for people.
fn require_runnable(what: &str, architecture: Architecture) -> Result<(), BuildError> {
    let refused = |reason: String, hint: &str| BuildError {
        hint: Some(hint.to_owned()),
        ..BuildError::new(format!("{what} has to be run: {reason}"))
    };
    if Architecture::native() != Some(architecture) {
        return Err(refused(format!("it is for {architecture}"), "build it on a machine of that architecture, or without the package"));
    }
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let hint = "get subordinate ids (`usermod --add-subuids`), or run it as root";
    Err(refused("a plain user can't do that here".to_owned(), hint))
}

/// Carries a plan out.
pub struct Engine<'a> {
    options: EngineOptions,
    store: &'a Store,
    observer: &'a dyn Observer,
    root: Root,
    /// What was installed, or kept by an earlier build, as long as nothing needs it on disk.
    memory: Option<Tree>,
    /// What the root depends on, as long as nothing but installing has touched it.
    inputs: Option<Inputs>,
    lock: Option<Lock>,
    newest: i64,
    written: Written,
    /// Whether files stand for device nodes in the root.
    stand_ins: bool,
    sandbox: Option<Box<dyn Seat>>,
}

impl std::fmt::Debug for Engine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("options", &self.options).finish_non_exhaustive()
    }
}

/// A root that has been built.
#[derive(Debug)]
pub struct Built {
    /// Where it is: `root` below the stage.
    pub root: PathBuf,
    /// What is in it; none when the distribution installed nothing through the engine.
    pub lock: Option<Lock>,
}

impl<'a> Engine<'a> {
    /// Makes the empty root.
    ///
    /// # Errors
    /// When the stage can't be written.
    pub fn new(options: EngineOptions, store: &'a Store, observer: &'a dyn Observer) -> Result<Self, BuildError> {
        let path = options.stage.join("root");
        fs_err::create_dir(&path).map_err(|error| build_error(&error))?;
        fs_err::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).map_err(|error| build_error(&error))?;
        let root = Root::open(&path).map_err(|error| build_error(&error))?;
        let written = Written::default();
        Ok(Self {
            options,
            store,
            observer,
            root,
            memory: None,
            inputs: None,
            lock: None,
            newest: 0,
            written,
            stand_ins: false,
            sandbox: None,
        })
    }

    /// What building has made, and what of it is on disk, both with hashes. An installed tree is kept for the next build.
    ///
    /// # Errors
    /// When the root can't be read.
    pub fn installed(&mut self) -> Result<(Tree, Tree), TreeError> {
        let on_disk = self.scan()?;
        if self.stand_ins {
            return Ok((with_nodes(&on_disk), on_disk));
        }
        let inputs = self.inputs.take();
        if let Some(tree) = self.memory.take() {
            return Ok((tree, on_disk));
        }
        let Some(inputs) = inputs else { return Ok((on_disk.clone(), on_disk)) };
        let in_packages = self.written.digests();
        self.reuse().keep_tree(&inputs, &on_disk, self.newest, &|sha256| in_packages.contains(sha256));
        Ok((on_disk.clone(), on_disk))
    }

    /// The root as a tree, with hashes; what no script has touched is not read again.
    ///
    /// # Errors
    /// When the root can't be read.
    pub fn scan(&self) -> Result<Tree, TreeError> {
        Tree::scan(self.root.path(), &ScanOptions { hash: true, known: Some(&self.written) })
    }

    /// The root on disk.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The newest time in any package, in seconds since 1970.
    #[must_use]
    pub fn newest(&self) -> i64 {
        self.newest
    }

    /// Ends the sandbox and hands the root over.
    ///
    /// # Errors
    /// When what ran in the sandbox doesn't end.
    pub fn finish(mut self) -> Result<Built, BuildError> {
        self.stop_sandbox()?;
        Ok(Built { root: self.root.path().to_owned(), lock: self.lock })
    }

    /// Whether nothing has changed the root since it was made.
    fn is_untouched(&self) -> Result<bool, BuildError> {
        Ok(self.inputs.is_none()
            && self.lock.is_none()
            && self.memory.is_none()
            && self.root.is_empty().map_err(|error| build_error(&error))?)
    }

    /// The lock that is to be followed, if there is one.
    fn given_lock(&self, plan: &Plan) -> Result<Option<Lock>, BuildError> {
        let Some(lock) = &self.options.locked else { return Ok(None) };
        lock.require_fit(plan, self.options.agent.as_ref()).map_err(|error| build_error(&error))?;
        self.observer.event(Event::Decided { stage: "resolve", reused: true, reason: "the lock names every package" });
        Ok(Some(lock.clone()))
    }

    fn fetcher(&self) -> Result<Fetcher<'_>, BuildError> {
        Fetcher::new(self.store, self.options.fetch.clone(), self.observer).map_err(|error| build_error(&error))
    }

    fn reuse(&self) -> Reuse<'_> {
        Reuse { store: self.store, observer: self.observer, program: self.options.reuse.as_deref() }
    }

    /// The root with all that is in it on disk, for what no tree can do.
    fn on_disk(&mut self) -> Result<&Root, BuildError> {
        if let Some(tree) = self.memory.take() {
            tree.update(self.root.path(), &Tree::scan(self.root.path(), &ScanOptions::default()).map_err(|error| build_error(&error))?)
                .map_err(|error| build_error(&error))?;
        }
        Ok(&self.root)
    }

    /// The root where it is, for changes that installing knows nothing of.
    fn place(&mut self) -> Place<'_> {
        self.inputs = None;
        match &mut self.memory {
            Some(tree) => Place::Memory(tree, Time::from_seconds(self.newest)),
            None => Place::Disk(&self.root),
        }
    }

    /// What every script sees; dpkg and the shell add their own.
    fn environment(&self) -> Vec<(String, String)> {
        let epoch = self.options.source_date_epoch.unwrap_or(self.newest);
        [
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            ("HOME", "/root"),
            ("LC_ALL", "C.UTF-8"),
            ("LANGUAGE", ""),
            ("TERM", "dumb"),
            ("DEBIAN_FRONTEND", "noninteractive"),
            ("DEBCONF_NONINTERACTIVE_SEEN", "true"),
            ("DEBCONF_NOWARNINGS", "yes"),
            ("PERL_HASH_SEED", "0"),
            ("PYTHONHASHSEED", "0"),
            ("SOURCE_DATE_EPOCH", &epoch.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// Fails when no script could run, before anything is fetched for it.
    fn require_seat(&self) -> Result<(), BuildError> {
        self.options.seats.require(&self.options.cancelled).map_err(|error| build_error(&error))
    }

    fn sandbox_options(&self) -> SandboxOptions {
        let EngineOptions { hostname, cancelled, .. } = &self.options;
        SandboxOptions { hostname: hostname.clone(), cancelled: Arc::clone(cancelled), ..SandboxOptions::default() }
    }

    /// Ends the sandbox, if there is one.
    fn stop_sandbox(&mut self) -> Result<(), BuildError> {
        match self.sandbox.take() {
            Some(sandbox) => sandbox.stop().map_err(|error| build_error(&error)),
            None => Ok(()),
        }
    }

    fn sandbox(&mut self) -> Result<&mut dyn Seat, BuildError> {
        if self.sandbox.is_none() {
            let options = self.sandbox_options();
            self.sandbox = Some(self.options.seats.sandbox(&self.options.stage, &options).map_err(|error| build_error(&error))?);
        }
        match &mut self.sandbox {
            Some(sandbox) => Ok(sandbox.as_mut()),
            None => Err(BuildError::new("the sandbox is gone")),
        }
    }
}

impl BuildContext for Engine<'_> {
    fn install(&mut self, plan: &Plan) -> Result<(), BuildError> {
        match (&plan.installer, &plan.selection) {
            (Installer::Apt(apt), Some(selection)) => self.compose(plan, apt, selection),
            (Installer::Apt(apt), None) => self.install_apt(plan, apt),
            (Installer::Apk(apk), _) => self.install_apk(plan, apk),
            (Installer::Rpm(rpm), _) => self.install_rpm(plan, rpm),
            (Installer::Portage(portage), _) => self.install_portage(plan, portage),
            (Installer::Shell(shell), _) => self.install_shell(plan, shell),
        }
    }

    fn run(&mut self, command: &Command) -> Result<Output, BuildError> {
        self.inputs = None;
        self.on_disk()?;
        let mut environment = self.environment();
        environment.extend(command.environment.iter().cloned());
        let command = rootfs_sandbox::Command {
            arguments: command.arguments.iter().map(|argument| argument.clone().into_bytes()).collect(),
            environment,
            directory: "/".to_owned(),
            input: command.input.clone(),
        };
        let mut text = Vec::new();
        let sandbox = self.sandbox()?;
        let outcome = sandbox.run(&command, &mut |_, bytes| text.extend_from_slice(bytes));
        let outcome = outcome.and_then(|outcome| sandbox.bring_back().map(|()| outcome)).map_err(|error| build_error(&error))?;
        Ok(Output { status: outcome.exit.status(), text })
    }

    fn read(&mut self, path: &str) -> Result<Vec<u8>, BuildError> {
        let content = self.place().read(path.as_bytes())?;
        content.ok_or_else(|| BuildError::new(format!("`{path}` does not exist in the root")))
    }

    fn list(&mut self, path: &str) -> Result<Vec<String>, BuildError> {
        self.place().list(path.as_bytes())
    }

    fn write(&mut self, path: &str, content: &[u8], mode: u32) -> Result<(), BuildError> {
        self.place().write(path.as_bytes(), content, mode)
    }

    fn remove(&mut self, path: &str) -> Result<(), BuildError> {
        self.place().remove(path.as_bytes())
    }

    fn symlink(&mut self, target: &str, path: &str) -> Result<(), BuildError> {
        self.place().symlink(target.as_bytes(), path.as_bytes())
    }

    fn progress(&mut self, step: &str, done: u64, total: u64) {
        self.observer.event(Event::Note(&format!("{step}: {done} of {total}")));
    }

    fn log(&mut self, line: &str) {
        self.observer.event(Event::Note(line));
    }

    fn cancelled(&self) -> bool {
        self.observer.cancelled()
    }
}
