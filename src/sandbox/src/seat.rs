use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::{Command, Outcome, Runner, SandboxError, SandboxOptions, Stream};

/// Where commands can be run in trees: this machine, or a container engine.
pub trait Seats: std::fmt::Debug + Send + Sync {
    /// Makes sure that there can be a seat at all, before anything dear is done for it.
    ///
    /// # Errors
    /// When there can't.
    fn require(&self, _cancelled: &AtomicBool) -> Result<(), SandboxError> {
        Ok(())
    }

    /// A seat for the tree `stage/root`, as [`Sandbox::start`](crate::Sandbox::start) makes one.
    ///
    /// # Errors
    /// When it can't be made.
    fn sandbox(&self, stage: &Path, options: &SandboxOptions) -> Result<Box<dyn Seat>, SandboxError>;

    /// The same, in which [`Seat::run_outside`] runs the stage's own programs. `shared` is an absolute directory of the tree that they open by paths which they
    /// follow link by link themselves, as SQLite does.
    ///
    /// # Errors
    /// When it can't be made.
    fn beside(&self, stage: &Path, shared: &str, options: &SandboxOptions) -> Result<Box<dyn Seat>, SandboxError>;

    /// A workshop for the tree `stage/root`, as [`Workshop::start`](crate::Workshop::start) makes one: with programs of the host's, or of the image that is asked for.
    ///
    /// # Errors
    /// When it can't be made.
    fn workshop(&self, stage: &Path, wanted: &WantedWorkshop<'_>, options: &SandboxOptions) -> Result<Box<dyn Seat>, SandboxError>;

    /// The image that the user has named for building in; none without a container engine, or when none is named. One that is not there is brought, and `log` is
    /// told of it line by line.
    ///
    /// # Errors
    /// When there is no such image.
    fn image(&self, _log: &dyn Fn(&str), _cancelled: &AtomicBool) -> Result<Option<SeatImage>, SandboxError> {
        Ok(None)
    }

    /// Writes the root of such an image into a new file, as a tar; with it what the engine puts into every root.
    ///
    /// # Errors
    /// When it is gone, or can't be written.
    fn export(&self, _image: &SeatImage, _file: &Path, _cancelled: &AtomicBool) -> Result<(), SandboxError> {
        Err(SandboxError::NoImage)
    }
}

/// An image that an engine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatImage {
    /// As the user has named it.
    pub name: String,
    /// The SHA-256 of its configuration, which has those of all layers: 64 hexadecimal digits.
    pub id: String,
}

/// What a workshop is for.
pub struct WantedWorkshop<'a> {
    /// The folder with the scripts, absolute and without links in its path. A copy of it is at the same path in the workshop.
    pub folder: &'a Path,
    /// A file of instructions in the folder that makes an image with all the scripts need, and what stands in it for each placeholder.
    pub recipe: Option<Recipe<'a>>,
    /// Told what is done, line by line, before the first command.
    pub log: &'a dyn Fn(&str),
}

impl std::fmt::Debug for WantedWorkshop<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WantedWorkshop").field("folder", &self.folder).field("recipe", &self.recipe).finish_non_exhaustive()
    }
}

/// Instructions for an image.
#[derive(Debug, Clone)]
pub struct Recipe<'a> {
    /// The instructions, every placeholder filled in.
    pub dockerfile: String,
    /// Arguments of the build.
    pub arguments: Vec<(String, String)>,
    /// The distribution, which names the image.
    pub distribution: &'a str,
}

/// A place where commands run in one tree, until it is stopped. Dropping it kills everything.
pub trait Seat: Runner + std::fmt::Debug {
    /// Runs a program beside the tree. Otherwise as [`Runner::run`].
    ///
    /// # Errors
    /// As [`Runner::run`].
    fn run_outside(&mut self, command: &Command, output: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome, SandboxError>;

    /// Kills what still runs, brings the tree back, and returns when nothing else is left.
    ///
    /// # Errors
    /// When the tree can't be brought back, or something stays behind.
    fn stop(self: Box<Self>) -> Result<(), SandboxError>;
}

/// This machine.
#[derive(Debug, Clone, Copy)]
pub struct Local;

impl Seats for Local {
    fn sandbox(&self, stage: &Path, options: &SandboxOptions) -> Result<Box<dyn Seat>, SandboxError> {
        Ok(Box::new(crate::Sandbox::start(stage, options)?))
    }

    fn beside(&self, stage: &Path, _shared: &str, options: &SandboxOptions) -> Result<Box<dyn Seat>, SandboxError> {
        self.sandbox(stage, options)
    }

    fn workshop(&self, stage: &Path, wanted: &WantedWorkshop<'_>, options: &SandboxOptions) -> Result<Box<dyn Seat>, SandboxError> {
        Ok(Box::new(crate::Workshop::start(stage, wanted.folder, options)?))
    }
}
