use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rootfs_plugin::abi::{DONE, PANICKED};
use rootfs_plugin::{BuildContext, BuildError, Distro, FileDistro, Info, Plan, PlanError, Request};
use serde::de::DeserializeOwned;

use crate::WorkerError;
use crate::worker::{Call, FromWorker, ToWorker, Worker, unexpected};

/// What the process is doing, in errors.
const PLANNING: &str = "while it made a plan";
const BUILDING: &str = "while it built the root";

/// How a plugin's process is started.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// This program.
    pub program: PathBuf,
    /// What makes it call [`crate::worker::serve`] with the library's path, which comes after these.
    pub arguments: Vec<OsString>,
    /// How long a library's own code may take between two messages.
    pub timeout: Duration,
}

/// A distribution whose code is in a shared object.
pub struct LibraryDistro {
    info: Info,
    library: PathBuf,
    /// What `distro.toml` says of packages; it makes the plan where the library makes none.
    file: Option<FileDistro>,
    options: WorkerOptions,
    worker: Mutex<Option<Worker>>,
}

impl std::fmt::Debug for LibraryDistro {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LibraryDistro").field("info", &self.info).field("library", &self.library).finish_non_exhaustive()
    }
}

impl LibraryDistro {
    /// A distribution by what its file says and its library. Nothing of the library is run before it is asked for a plan.
    #[must_use]
    pub fn new(info: Info, library: PathBuf, file: Option<FileDistro>, options: WorkerOptions) -> Self {
        Self { info, library, file, options, worker: Mutex::new(None) }
    }

    /// The process, started when there is none.
    fn worker(&self) -> Result<Running<'_>, WorkerError> {
        // A process that something went wrong with is gone, so a poisoned lock has nothing behind it.
        let mut guard = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        let worker = guard.take();
        let worker = worker.map_or_else(|| Worker::start(&self.library, &self.options), Ok)?;
        Ok(Running { guard, worker })
    }

    fn draft(&self, request: &Request) -> Result<Option<Vec<u8>>, WorkerError> {
        let mut running = self.worker()?;
        let worker = &mut running.worker;
        if !worker.plans {
            running.keep();
            return Ok(None);
        }
        worker.ask(&ToWorker::Plan, request, PLANNING)?;
        let (FromWorker::Returned(status), given) = worker.receive(PLANNING, &|| false)? else { return Err(unexpected()) };
        match status {
            DONE => {
                running.keep();
                Ok(Some(given))
            }
            PANICKED => Err(WorkerError::Panicked { message: lossy(&given), when: PLANNING }),
            _ => Err(WorkerError::Refused(given)),
        }
    }

    fn failed(&self, error: &WorkerError) -> (String, Option<String>) {
        (format!("the plugin {}: {error}", self.info.name), error.hint())
    }

    /// What the library's plan has to agree with.
    fn require_own(&self, plan: Plan, request: &Request) -> Result<Plan, WorkerError> {
        let wrong = |what: &str, is: &str| Err(WorkerError::Answer { reason: format!("its plan is for the {what} `{is}`") });
        if plan.distribution != self.info.name {
            return wrong("distribution", &plan.distribution);
        }
        if plan.architecture != request.architecture && !self.info.architectures.contains(&plan.architecture) {
            return wrong("architecture", plan.architecture.name());
        }
        Ok(plan)
    }

    fn build(&self, plan: &Plan, context: &mut dyn BuildContext) -> Result<(), Outcome> {
        let mut running = self.worker()?;
        let worker = &mut running.worker;
        if !worker.builds {
            return context.install(plan).map_err(Outcome::Build);
        }
        worker.ask(&ToWorker::Build, plan, BUILDING)?;
        loop {
            let (message, body) = worker.receive(BUILDING, &|| context.cancelled())?;
            match message {
                FromWorker::Call(call) => {
                    let (answer, content) = answer(call, &body, plan, context);
                    worker.send(&answer, &content, BUILDING)?;
                }
                FromWorker::Returned(DONE) => {
                    running.keep();
                    return Ok(());
                }
                FromWorker::Returned(PANICKED) => return Err(WorkerError::Panicked { message: lossy(&body), when: BUILDING }.into()),
                FromWorker::Returned(_) => return Err(Outcome::Build(or_text(&body, BuildError::new))),
                FromWorker::Ready { .. } | FromWorker::Refused(_) => return Err(unexpected().into()),
            }
        }
    }
}

/// A process in use. Unless it is kept, it ends: it may be in the middle of something.
struct Running<'a> {
    guard: MutexGuard<'a, Option<Worker>>,
    worker: Worker,
}

impl Running<'_> {
    fn keep(self) {
        let Self { mut guard, worker } = self;
        *guard = Some(worker);
    }
}

/// Why a library's build failed.
enum Outcome {
    /// Its process.
    Worker(WorkerError),
    /// The engine, or what the library says.
    Build(BuildError),
}

impl From<WorkerError> for Outcome {
    fn from(error: WorkerError) -> Self {
        Self::Worker(error)
    }
}

/// Does what the library asks the engine for.
fn answer(call: Call, body: &[u8], plan: &Plan, context: &mut dyn BuildContext) -> (ToWorker, Vec<u8>) {
    let done = |()| (ToWorker::Done, Vec::new());
    let answered = match call {
        Call::Install if body.is_empty() => context.install(plan).map(done),
        Call::Install => match serde_json::from_slice(body) {
            Ok(plan) => context.install(&plan).map(done),
            Err(error) => Err(BuildError::new(format!("the plan is not understood: {error}"))),
        },
        Call::Run(command) => context.run(&command).map(|output| (ToWorker::Ran(output), Vec::new())),
        Call::Read(path) => context.read(&path).map(|content| (ToWorker::Done, content)),
        Call::List(path) => context.list(&path).map(|names| (ToWorker::Names(names), Vec::new())),
        Call::Write { path, mode } => context.write(&path, body, mode).map(done),
        Call::Remove(path) => context.remove(&path).map(done),
        Call::Symlink { target, path } => context.symlink(&target, &path).map(done),
        Call::Progress { step, done, total } => {
            context.progress(&step, done, total);
            Ok((ToWorker::Done, Vec::new()))
        }
        Call::Log(line) => {
            context.log(&line);
            Ok((ToWorker::Done, Vec::new()))
        }
        Call::Cancelled => Ok((ToWorker::Cancelled(context.cancelled()), Vec::new())),
    };
    answered.unwrap_or_else(|error| (ToWorker::Failed(error), Vec::new()))
}

impl Distro for LibraryDistro {
    fn info(&self) -> &Info {
        &self.info
    }

    fn plan(&self, request: &Request) -> Result<Plan, PlanError> {
        let trouble = |error: WorkerError| {
            let (message, hint) = self.failed(&error);
            PlanError::Other { message, hint }
        };
        match (self.draft(request), &self.file) {
            (Ok(Some(json)), _) => {
                let plan = serde_json::from_slice(&json).map_err(|error| trouble(WorkerError::Answer { reason: error.to_string() }))?;
                self.require_own(plan, request).map_err(trouble)
            }
            (Ok(None), Some(file)) => file.plan(request),
            (Ok(None), None) => {
                let reason = "it makes no plan, and its distro.toml says nothing of packages".to_owned();
                Err(trouble(WorkerError::Library { reason }))
            }
            (Err(WorkerError::Refused(given)), _) => Err(or_text(&given, |message| PlanError::Other { message, hint: None })),
            (Err(error), _) => Err(trouble(error)),
        }
    }

    fn build_rootfs(&self, plan: &Plan, context: &mut dyn BuildContext) -> Result<(), BuildError> {
        self.build(plan, context).map_err(|outcome| match outcome {
            Outcome::Build(error) => error,
            Outcome::Worker(error) => {
                let (message, hint) = self.failed(&error);
                BuildError { message, hint, cause: None }
            }
        })
    }
}

/// An error as JSON, or as the line of text that a plugin in C gives.
fn or_text<E: DeserializeOwned>(given: &[u8], of_text: impl FnOnce(String) -> E) -> E {
    serde_json::from_slice(given).unwrap_or_else(|_| of_text(lossy(given)))
}

fn lossy(given: &[u8]) -> String {
    String::from_utf8_lossy(given).trim().to_owned()
}
