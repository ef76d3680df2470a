//! Programs of a distribution's that make something for an image: from packages that are in no guest, unpacked beside it and run in the sandbox.

mod task;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_plugin::{Architecture, BuildError, Plan};
use rootfs_sandbox::{SandboxOptions, Seats, attend};
use rootfs_tree::{Kind, Metadata, Node, Time, Tree, TreeError};

use crate::apt::acquire::{fetch_packages, of, open_layers};
use crate::deb::DebLayer;
use crate::engine::build_error;
use crate::fetch::{FetchOptions, Fetcher};
use crate::inputs::Inputs;
use crate::lock::LockedPackage;
use crate::observer::{Event, Observer, Step};
use crate::reuse::Reuse;
use crate::root::Root;
use crate::scripts::Scripts;
use crate::store::Store;
use task::{pack, unpack};
use tempfile::TempDir;

pub use task::ToolTask;

/// All that a program finds in its environment.
const ENVIRONMENT: [(&str, &str); 4] =
    [("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/root"), ("LC_ALL", "C.UTF-8"), ("SOURCE_DATE_EPOCH", "0")];

/// What a program on a terminal is told besides: every terminal can do what this one can.
const TERMINAL: (&str, &str) = ("TERM", "linux");

const HOST_NAME: &str = "localhost";

/// Where programs are unpacked and run.
#[derive(Debug, Clone)]
pub struct ToolOptions {
    /// A directory of ours, in which each run has one of its own.
    pub stage: PathBuf,
    /// Whose programs they are.
    pub architecture: Architecture,
    /// What changes whenever this program does, so that no other program's results are reused; none when nothing is to be.
    pub reuse: Option<String>,
    /// Where they run, but for one on the user's terminal, which runs on this machine.
    pub seats: Arc<dyn Seats>,
    /// Set from outside to end what runs.
    pub cancelled: Arc<AtomicBool>,
}

/// Packages with programs, in the store.
#[derive(Debug)]
pub struct Tools {
    packages: Vec<LockedPackage>,
    /// Directories that are links into `/usr`, where the distribution has them merged.
    merged: Vec<&'static str>,
    store: Store,
    options: ToolOptions,
}

impl Tools {
    /// Brings the packages into the store.
    ///
    /// # Errors
    /// When one can't be had.
    pub fn fetch(
        packages: Vec<LockedPackage>,
        plan: &Plan,
        fetch: FetchOptions,
        options: ToolOptions,
        store: &Store,
        observer: &dyn Observer,
    ) -> Result<Self, BuildError> {
        let merged_usr = of(plan)?.merged_usr;
        let fetcher = Fetcher::new(store, fetch, observer).map_err(|error| build_error(&error))?;
        observer.event(Event::Began(Step::Fetch));
        fetch_packages(&packages, plan, &fetcher)?;
        let merged = ["bin", "sbin", "lib"].into_iter().chain(options.architecture.library_directories().iter().copied());
        Ok(Self { packages, merged: merged.filter(|_| merged_usr).collect(), store: store.clone(), options })
    }

    /// Runs a program, unless it has run with the same packages and the same files before. Gives the results' contents in their order.
    ///
    /// The packages' payloads are there and nothing else: no script of theirs has run, nothing of the host is seen, there is no network.
    ///
    /// # Errors
    /// When a package is damaged, the program can't be started or exits with something else than 0, or a result is missing.
    pub fn run(&self, task: &ToolTask, observer: &dyn Observer) -> Result<Vec<Vec<u8>>, BuildError> {
        let inputs = self.inputs(task);
        let reuse = Reuse { store: &self.store, observer, program: self.options.reuse.as_deref() };
        if let Some(results) = reuse.made(&inputs).and_then(|made| unpack(&made, task.results.len())) {
            return Ok(results);
        }
        let (stage, root) = self.unpack(task, observer)?;
        observer.event(Event::Began(task.step));
        self.execute(task, stage.path(), observer)?;
        let results = task.results(&root)?;
        reuse.keep_made(&inputs, &pack(&results));
        Ok(results)
    }

    /// Runs a program on the user's terminal, who decides what it makes: it is run every time, and its results are not kept.
    ///
    /// # Errors
    /// As of [`Tools::run`].
    pub fn attend(&self, task: &ToolTask, observer: &dyn Observer) -> Result<Vec<Vec<u8>>, BuildError> {
        let (_stage, root) = self.unpack(task, observer)?;
        observer.event(Event::Attended);
        let words = |text: &str| std::ffi::OsString::from(text);
        let command: Vec<_> = task.command.iter().map(|argument| words(argument)).collect();
        let environment: Vec<_> = ENVIRONMENT.iter().chain([&TERMINAL]).map(|(name, value)| (words(name), words(value))).collect();
        let exit = attend(root.path(), HOST_NAME, &command, &environment).map_err(|error| build_error(&error))?;
        if !exit.success() {
            return Err(BuildError::new(format!("{} {exit}", task.name)));
        }
        task.results(&root)
    }

    /// The packages and the task's files on disk; the first is the directory above them.
    fn unpack(&self, task: &ToolTask, observer: &dyn Observer) -> Result<(TempDir, Root), BuildError> {
        observer.event(Event::Began(Step::Unpack));
        let layers = open_layers(&self.packages, &self.store, observer)?;
        let stage = tempfile::tempdir_in(&self.options.stage).map_err(|error| build_error(&error))?;
        let path = stage.path().join("root");
        self.tree(&layers).and_then(|tree| tree.materialise(&path)).map_err(|error| build_error(&error))?;
        let root = Root::open(&path).map_err(|error| build_error(&error))?;
        for (name, content) in &task.files {
            root.write(name.as_bytes(), content, 0o644).map_err(|error| build_error(&error))?;
        }
        Ok((stage, root))
    }

    /// All that the results depend on.
    fn inputs(&self, task: &ToolTask) -> Inputs {
        let mut inputs = Inputs::default();
        inputs.set_lines(
            "packages",
            self.packages.iter().map(|package| format!("{} {} {} {}", package.name, package.version, package.architecture, package.sha256)),
        );
        inputs.set("merged /usr", self.merged.join(" "));
        task.describe(&mut inputs);
        inputs
    }

    /// The payloads, one over another.
    fn tree(&self, layers: &[DebLayer]) -> Result<Tree, TreeError> {
        let mut tree = Tree::default();
        for name in &self.merged {
            tree.make_directory(format!("/usr/{name}").as_bytes(), Time::default())?;
            let kind = Kind::Symlink(format!("usr/{name}").into_bytes().into());
            tree.place(format!("/{name}").as_bytes(), Node { metadata: Metadata::root(0o777, Time::default()), kind, package: None })?;
        }
        layers.iter().try_for_each(|layer| layer.lay_over(&mut tree))?;
        Ok(tree)
    }

    fn execute(&self, task: &ToolTask, stage: &Path, observer: &dyn Observer) -> Result<(), BuildError> {
        let options =
            SandboxOptions { hostname: HOST_NAME.to_owned(), cancelled: Arc::clone(&self.options.cancelled), ..SandboxOptions::default() };
        let mut sandbox = self.options.seats.sandbox(stage, &options).map_err(|error| build_error(&error))?;
        let environment = ENVIRONMENT.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let arguments: Vec<&str> = task.command.iter().map(String::as_str).collect();
        let origin = task.name.as_str();
        let mut scripts = Scripts::new(sandbox.as_mut(), observer, environment);
        let finished = scripts.run(origin, &arguments, &[], &mut |line| observer.event(Event::Item(line)));
        let finished = finished.map_err(|error| build_error(&error))?;
        sandbox.stop().map_err(|error| build_error(&error))?;
        finished.expect_success(origin).map_err(|error| build_error(&error))
    }
}
