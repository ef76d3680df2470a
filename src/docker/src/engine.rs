use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use bollard::errors::Error as ApiError;
use bollard::{API_DEFAULT_VERSION, Docker};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::endpoint::locate;
use crate::error::{chain, io_kind};
use crate::image::OwnImage;
use crate::owner::Owner;
use crate::ssh::Tunnel;
use crate::{DockerEnvironment, DockerError, Endpoint, Located};

/// How long an engine may take to answer, in seconds. A build of an image answers line by line.
const PATIENCE: u64 = 600;

/// How long it may take to answer at all.
const GREETING: Duration = Duration::from_secs(20);

/// How often a cancelled build is noticed.
const GLANCE: Duration = Duration::from_millis(100);

/// What removing may take: nobody waits longer for an engine that is gone.
pub(crate) const FAREWELL: Duration = Duration::from_secs(20);

/// The oldest API that has all that is needed: Docker 19.03.
const OLDEST: (usize, usize) = (1, 40);

/// What is asked of an engine.
#[derive(Debug, Clone, Default)]
pub struct EngineWishes {
    /// `--docker-host`.
    pub host: Option<String>,
    /// The image for shell directories, in place of their own.
    pub image: Option<String>,
    /// What Docker's own client would know.
    pub environment: DockerEnvironment,
}

/// A container engine that answers.
pub struct Engine {
    pub(crate) docker: Docker,
    /// Kept for as long as the way is needed.
    _tunnel: Option<Tunnel>,
    pub(crate) place: String,
    pub(crate) owner: Owner,
    pub(crate) wishes: EngineWishes,
    /// Whether it was the engine that failed, and not a build.
    pub(crate) failed: Arc<AtomicBool>,
    /// The image with the runner alone, once it is needed.
    pub(crate) runner_image: Mutex<Option<OwnImage>>,
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("place", &self.place).field("wishes", &self.wishes).finish_non_exhaustive()
    }
}

impl Engine {
    /// Finds an engine and removes from it what dead builds of this machine have left.
    ///
    /// # Errors
    /// When none answers, or it is of no use.
    pub fn connect(wishes: EngineWishes, cancelled: &AtomicBool) -> Result<Arc<Self>, DockerError> {
        Self::connect_blaming(wishes, Arc::default(), cancelled)
    }

    /// The same, with somebody who is to know when it is the engine's fault.
    pub(crate) fn connect_blaming(wishes: EngineWishes, failed: Arc<AtomicBool>, cancelled: &AtomicBool) -> Result<Arc<Self>, DockerError> {
        let owner = Owner::this()?;
        let (runtime, stop, thread) = start_runtime()?;
        let located = locate(wishes.host.as_deref(), &wishes.environment)?;
        let (Connected { docker, tunnel }, place) = first_that_answers(&runtime, &located, cancelled)?;
        let stop = Some(stop);
        let engine = Self {
            docker,
            _tunnel: tunnel,
            place,
            owner,
            wishes,
            failed,
            runner_image: Mutex::default(),
            runtime,
            stop,
            thread: Some(thread),
        };
        crate::clean::dead(&engine, cancelled)?;
        Ok(Arc::new(engine))
    }

    /// Where it is, for people.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// How many processors its machine has, as far as it says.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn processors(&self, cancelled: &AtomicBool) -> Result<usize, DockerError> {
        let info = self.wait("tell about its machine", cancelled, self.docker.info())?;
        Ok(info.ncpu.and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0).unwrap_or(1))
    }

    /// Remembers whose fault it is.
    pub(crate) fn blame(&self, error: &DockerError) {
        self.failed.fetch_or(error.is_of_engine(), Ordering::Relaxed);
    }

    /// Waits for an answer, which is to `can't STEP` in an error.
    pub(crate) fn wait<T>(
        &self,
        step: &str,
        cancelled: &AtomicBool,
        answer: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, DockerError> {
        self.runtime.block_on(async {
            tokio::select! {
                answer = answer => answer.map_err(|error| DockerError::of_api(&self.place, step, error)),
                () = until(cancelled) => Err(DockerError::Cancelled),
            }
        })
    }

    /// Waits for an answer that is wanted even when the build is cancelled, but not for ever.
    pub(crate) fn wait_at_last<T>(&self, step: &str, answer: impl Future<Output = Result<T, ApiError>>) -> Result<T, DockerError> {
        self.runtime.block_on(async {
            match tokio::time::timeout(FAREWELL, answer).await {
                Ok(answer) => answer.map_err(|error| DockerError::of_api(&self.place, step, error)),
                Err(_) => Err(DockerError::Lost { place: self.place.clone() }),
            }
        })
    }

    /// Has something go on beside all calls.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.runtime.spawn(task));
    }

    /// Runs what needs to be in the runtime to be made.
    pub(crate) fn within<T>(&self, make: impl FnOnce() -> T) -> T {
        let _inside = self.runtime.enter();
        make()
    }

    /// Docker's own configuration.
    pub(crate) fn config(&self) -> Option<&PathBuf> {
        self.wishes.environment.config.as_ref()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let image = self.runner_image.get_mut().map(Option::take).unwrap_or_default();
        if let Some(image) = image {
            image.remove(self);
        }
        if let Some(stop) = self.stop.take() {
            // It fails when the thread has ended.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn until(cancelled: &AtomicBool) {
    while !cancelled.load(Ordering::Relaxed) {
        tokio::time::sleep(GLANCE).await;
    }
}

/// One thread drives all connections as long as the engine is used.
fn start_runtime() -> Result<(Handle, oneshot::Sender<()>, JoinHandle<()>), DockerError> {
    let failed = |source| DockerError::Local { step: "start a thread", source };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let handle = runtime.handle().clone();
    let (stop, stopped) = oneshot::channel();
    let run = move || {
        // An error says that the other end is gone, which is the same.
        let _ = runtime.block_on(stopped);
    };
    let thread = std::thread::Builder::new().name("engine".to_owned()).spawn(run).map_err(failed)?;
    Ok((handle, stop, thread))
}

fn first_that_answers(runtime: &Handle, located: &[Located], cancelled: &AtomicBool) -> Result<(Connected, String), DockerError> {
    let mut tried = Vec::new();
    for Located { endpoint, origin } in located {
        let place = endpoint.to_string();
        let answer = runtime.block_on(async {
            tokio::select! {
                answer = greet(endpoint) => answer,
                () = until(cancelled) => Err(Greeting::Error(DockerError::Cancelled)),
            }
        });
        match answer {
            Ok(connected) => return Ok((connected, place)),
            Err(Greeting::Error(error)) => return Err(error),
            Err(Greeting::Silent(reason)) => {
                let origin = origin.as_ref().map(|origin| format!(" (from {origin})")).unwrap_or_default();
                tried.push((format!("{place}{origin}"), reason));
            }
        }
    }
    Err(DockerError::NoEngine { tried })
}

/// An engine that has answered, and what leads to it.
struct Connected {
    docker: Docker,
    tunnel: Option<Tunnel>,
}

/// Why an engine is not used.
enum Greeting {
    /// There may be another.
    Silent(String),
    /// It is this one, and can't be used.
    Error(DockerError),
}

async fn greet(endpoint: &Endpoint) -> Result<Connected, Greeting> {
    let place = endpoint.to_string();
    let silent = |error: &ApiError| match io_kind(error) {
        Some(std::io::ErrorKind::PermissionDenied) => Greeting::Error(DockerError::Permission { place: place.clone() }),
        Some(std::io::ErrorKind::NotFound) => Greeting::Silent("there is no such socket".to_owned()),
        Some(std::io::ErrorKind::ConnectionRefused) => Greeting::Silent("nobody listens there".to_owned()),
        _ => Greeting::Silent(chain(error)),
    };
    if let Endpoint::Unix(path) = endpoint {
        match tokio::net::UnixStream::connect(path).await {
            Ok(_) => {}
            Err(error) => return Err(silent(&ApiError::IOError { err: error })),
        }
    }
    let (opened, tunnel) = open(endpoint).await?;
    let docker = opened.map_err(|error| match (endpoint, &error) {
        (Endpoint::Tls(_, directory), _) => {
            Greeting::Error(DockerError::Certificates { place: place.clone(), directory: directory.clone(), reason: chain(&error) })
        }
        _ => silent(&error),
    })?;
    let version = match tokio::time::timeout(GREETING, docker.version()).await {
        Ok(version) => version.map_err(|error| silent(&error))?,
        Err(_) => return Err(Greeting::Silent(format!("no answer in {} seconds", GREETING.as_secs()))),
    };
    let api = version.api_version.unwrap_or_default();
    if parse_version(&api).is_none_or(|api| api < OLDEST) {
        let version = version.version.unwrap_or_default();
        return Err(Greeting::Error(DockerError::TooOld { place, version, api }));
    }
    let docker = docker.negotiate_version().await.map_err(|error| silent(&error))?;
    Ok(Connected { docker, tunnel })
}

fn parse_version(text: &str) -> Option<(usize, usize)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// What speaks with the engine, and for as long as what else is there.
async fn open(endpoint: &Endpoint) -> Result<(Result<Docker, ApiError>, Option<Tunnel>), Greeting> {
    let unix = |path: &Path| Docker::connect_with_unix(&path.to_string_lossy(), PATIENCE, API_DEFAULT_VERSION);
    Ok(match endpoint {
        Endpoint::Unix(path) => (unix(path), None),
        Endpoint::Tcp(address) => (Docker::connect_with_http(&format!("tcp://{address}"), PATIENCE, API_DEFAULT_VERSION), None),
        Endpoint::Tls(address, directory) => {
            let file = |name: &str| directory.join(name);
            let address = format!("tcp://{address}");
            let (key, certificate, authority) = (file("key.pem"), file("cert.pem"), file("ca.pem"));
            (Docker::connect_with_ssl(&address, &key, &certificate, &authority, PATIENCE, API_DEFAULT_VERSION), None)
        }
        Endpoint::Ssh(address) => {
            let tunnel = Tunnel::open(address).await.map_err(Greeting::Silent)?;
            (unix(&tunnel.socket()), Some(tunnel))
        }
    })
}
