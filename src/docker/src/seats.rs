use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rootfs_guest::mirror::{MOUNTED, View};
use rootfs_sandbox::{Beside, Elsewhere, SandboxError, SandboxOptions, Seat, SeatImage, Seats, WantedWorkshop, Workshop};

use crate::container::{Container, ContainerWishes, into_sandbox};
use crate::export;
use crate::image::{self, OwnImage, runner_archive};
use crate::{DockerError, Engine, EngineWishes};

/// What scripts of a shell directory may do besides what every container may: mount, as debootstrap does it.
const OF_WORKSHOP: [&str; 2] = ["SYS_ADMIN", "MKNOD"];

/// Docker's profile for AppArmor forbids every mount.
const UNCONFINED: [&str; 1] = ["apparmor=unconfined"];

/// The stage's directory that is the tree.
const TREE: &str = "root";

/// The directory with most of a tree's files. A volume is many times as fast as an engine's layers are, most of all where these are a filesystem in user space.
const MOST: &str = "/usr";

/// A container engine, which is looked for when a seat is needed and not before.
#[derive(Debug)]
pub struct EngineSeats {
    wishes: EngineWishes,
    engine: Mutex<Option<Arc<Engine>>>,
    failed: Arc<AtomicBool>,
}

impl EngineSeats {
    /// Nothing is asked of an engine yet.
    #[must_use]
    pub fn new(wishes: EngineWishes) -> Self {
        Self { wishes, engine: Mutex::default(), failed: Arc::default() }
    }

    /// Whether something has failed for a reason that another engine may not have.
    #[must_use]
    pub fn have_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Whether the engine was asked for anything.
    #[must_use]
    pub fn were_used(&self) -> bool {
        self.have_failed() || self.engine.lock().is_ok_and(|engine| engine.is_some())
    }

    fn blame(&self, error: DockerError) -> SandboxError {
        self.failed.fetch_or(error.is_of_engine(), Ordering::Relaxed);
        into_sandbox(error)
    }

    /// The engine; the same every time.
    ///
    /// # Errors
    /// As of [`Engine::connect`].
    pub fn engine(&self, cancelled: &AtomicBool) -> Result<Arc<Engine>, DockerError> {
        let mut kept = self.engine.lock().ok().ok_or_else(poisoned)?;
        if let Some(engine) = &*kept {
            return Ok(Arc::clone(engine));
        }
        let engine = Engine::connect_blaming(self.wishes.clone(), Arc::clone(&self.failed), cancelled)?;
        *kept = Some(Arc::clone(&engine));
        Ok(engine)
    }

    /// A container with the runner alone, and a tree of its own.
    fn of_tree(&self, arguments: &[&str], more: ContainerWishes<'_>, options: &SandboxOptions) -> Result<Opened, SandboxError> {
        let start = || {
            let engine = self.engine(&options.cancelled)?;
            let image = runner_image(&engine, &options.cancelled)?;
            let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
            let wishes = ContainerWishes { image: &image, arguments, hostname: &options.hostname, ..more };
            Container::start(&engine, wishes, None, &options.cancelled)
        };
        start().map_err(|error| self.blame(error))
    }
}

type Opened = (Container, rootfs_sandbox::FarStreams);

/// Another thread has panicked with the lock.
fn poisoned() -> DockerError {
    DockerError::Local { step: "use the engine", source: std::io::ErrorKind::Other.into() }
}

/// The image with the runner alone.
fn runner_image(engine: &Engine, cancelled: &AtomicBool) -> Result<String, DockerError> {
    let mut kept = engine.runner_image.lock().ok().ok_or_else(poisoned)?;
    if let Some(image) = &*kept {
        return Ok(image.name.clone());
    }
    let image = OwnImage::of_runner(engine, cancelled)?;
    let name = image.name.clone();
    *kept = Some(image);
    Ok(name)
}

/// What this side and a container's root both have of their own.
fn mounted(more: &[&str]) -> View {
    let outside: BTreeSet<Vec<u8>> = MOUNTED.iter().chain(more).map(|name| name.as_bytes().to_vec()).collect();
    View { outside, ..View::default() }
}

impl Seats for EngineSeats {
    fn require(&self, cancelled: &AtomicBool) -> Result<(), SandboxError> {
        self.engine(cancelled).map(drop).map_err(|error| self.blame(error))
    }

    fn sandbox(&self, stage: &Path, options: &SandboxOptions) -> Result<Box<dyn Seat>, SandboxError> {
        let has_most = fs_err::symlink_metadata(stage.join(TREE).join(MOST.trim_start_matches('/'))).is_ok_and(|found| found.is_dir());
        let volumes: &[&str] = if has_most { &[MOST] } else { &[] };
        let arguments = [&["/", "keep"], options.database.as_slice(), volumes].concat();
        let wishes = ContainerWishes { in_memory: options.database, volumes, ..ContainerWishes::default() };
        let (container, streams) = self.of_tree(&arguments, wishes, options)?;
        Ok(Box::new(Elsewhere::open(streams, Box::new(container), &stage.join(TREE), mounted(&[]), &options.cancelled)?))
    }

    /// Two containers, so that both have a `/proc`: the stage's sees the processes of the tree's, and by that its root. What is at the shared directory's path in the
    /// tree's is there in the stage's too, for whoever reads the way to the root as a text comes out in the stage's own.
    fn beside(&self, stage: &Path, shared: &str, options: &SandboxOptions) -> Result<Box<dyn Seat>, SandboxError> {
        let of_tree = ContainerWishes { volumes: &[shared], ..ContainerWishes::default() };
        let (container, streams) = self.of_tree(&["/", "keep", shared], of_tree, options)?;
        let id = container.id().to_owned();
        let of_stage = ContainerWishes { volumes_of: Some(&id), processes_of: Some(&id), ..ContainerWishes::default() };
        let (beside, beside_streams) = self.of_tree(&["/", "link", &format!("/{TREE}")], of_stage, options)?;
        let tree = Elsewhere::open(streams, Box::new(container), &stage.join(TREE), mounted(&[]), &options.cancelled)?;
        let not_sent = [TREE, shared.trim_start_matches('/')];
        let stage = Elsewhere::open(beside_streams, Box::new(beside), stage, mounted(&not_sent), &options.cancelled)?;
        Ok(Box::new(Beside { stage, tree }))
    }

    fn workshop(&self, stage: &Path, wanted: &WantedWorkshop<'_>, options: &SandboxOptions) -> Result<Box<dyn Seat>, SandboxError> {
        let (container, streams) = self.open_workshop(wanted, options).map_err(|error| self.blame(error))?;
        let view = View { stand_ins: true, ..View::default() };
        Ok(Box::new(Elsewhere::open(streams, Box::new(container), &stage.join(TREE), view, &options.cancelled)?))
    }

    fn image(&self, log: &dyn Fn(&str), cancelled: &AtomicBool) -> Result<Option<SeatImage>, SandboxError> {
        let Some(name) = &self.wishes.image else { return Ok(None) };
        let find = || {
            let engine = self.engine(cancelled)?;
            image::require(&engine, name, log, cancelled)?;
            image::id(&engine, name, cancelled)
        };
        let id = find().map_err(|error| self.blame(error))?;
        Ok(Some(SeatImage { name: name.clone(), id }))
    }

    fn export(&self, image: &SeatImage, file: &Path, cancelled: &AtomicBool) -> Result<(), SandboxError> {
        let export = || export::export(&*self.engine(cancelled)?, &image.id, file, cancelled);
        export().map_err(|error| self.blame(error))
    }
}

impl EngineSeats {
    fn open_workshop(&self, wanted: &WantedWorkshop<'_>, options: &SandboxOptions) -> Result<Opened, DockerError> {
        let cancelled = &options.cancelled;
        let engine = self.engine(cancelled)?;
        let (name, own) = match (&self.wishes.image, &wanted.recipe) {
            (Some(name), _) => {
                image::require(&engine, name, wanted.log, cancelled)?;
                (name.clone(), None)
            }
            (None, Some(recipe)) => {
                let own = image::build(&engine, wanted.folder, recipe, wanted.log, cancelled)?;
                (own.name.clone(), Some(own))
            }
            (None, None) => return Err(DockerError::NoRecipe { folder: wanted.folder.to_owned() }),
        };
        (wanted.log)(&format!("its container may besides: {}", OF_WORKSHOP.join(", ")));
        let failed = |source| DockerError::Local { step: "read the folder of the scripts", source };
        let wishes = ContainerWishes {
            image: &name,
            arguments: vec![Workshop::TREE.to_owned()],
            hostname: &options.hostname,
            network: true,
            capabilities: &OF_WORKSHOP,
            security: &UNCONFINED,
            archives: vec![runner_archive().map_err(failed)?, folder_archive(wanted.folder).map_err(failed)?],
            ..ContainerWishes::default()
        };
        Container::start(&engine, wishes, own, cancelled)
    }
}

/// The folder at its own path.
fn folder_archive(folder: &Path) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    archive.follow_symlinks(false);
    archive.append_dir_all(folder.strip_prefix("/").unwrap_or(folder), folder)?;
    archive.into_inner()
}
