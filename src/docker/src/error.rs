use std::error::Error as _;
use std::path::PathBuf;

use bollard::errors::Error as ApiError;

/// Why an engine can't be used, or has not done what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum DockerError {
    /// What names an engine is of no known kind.
    #[error("`{host}` is no address of a container engine")]
    Host {
        /// As it was given.
        host: String,
    },
    /// A context that doesn't exist, or says nothing.
    #[error("there is no context `{name}` in `{directory}`", directory = directory.display())]
    Context {
        /// Its name.
        name: String,
        /// Where contexts are kept.
        directory: PathBuf,
    },
    /// No engine answers anywhere.
    #[error("no container engine answers{}", tried.iter().map(|(place, reason)| format!("\n    | {place}: {reason}")).collect::<String>())]
    NoEngine {
        /// Where it was looked for, and why there is none.
        tried: Vec<(String, String)>,
    },
    /// The user may not speak with it.
    #[error("not permitted to use the container engine at {place}")]
    Permission {
        /// The endpoint.
        place: String,
    },
    /// It speaks an API that is too old.
    #[error("the container engine at {place} is too old: it is {version}, and its API {api}")]
    TooOld {
        /// The endpoint.
        place: String,
        /// Its own version.
        version: String,
        /// Of its API.
        api: String,
    },
    /// A certificate for TLS can't be used.
    #[error("can't use the certificates in `{directory}` for {place}: {reason}", directory = directory.display())]
    Certificates {
        /// The endpoint.
        place: String,
        /// Where they are.
        directory: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// An image that nobody has.
    #[error("there is no image `{image}`: {reason}")]
    NoImage {
        /// Its name.
        image: String,
        /// The engine's words.
        reason: String,
    },
    /// Instructions for an image failed.
    #[error("the image of `{distribution}` can't be built: {reason}")]
    ImageBuild {
        /// Whose.
        distribution: String,
        /// The engine's words.
        reason: String,
    },
    /// A build environment is asked for, and nothing says which.
    #[error("`{folder}` has no Dockerfile.in, so there is no image for its scripts", folder = folder.display())]
    NoRecipe {
        /// The shell directory.
        folder: PathBuf,
    },
    /// The engine's disk is full.
    #[error("the container engine at {place} is out of disk space")]
    DiskFull {
        /// The endpoint.
        place: String,
    },
    /// The container was killed because it had no memory left.
    #[error("the container was killed for using too much memory")]
    OutOfMemory,
    /// The container ended by itself.
    #[error("the container ended in the middle of the build (exit status {status}){}", words(report))]
    Ended {
        /// 137 is a kill.
        status: i64,
        /// Its last words.
        report: String,
    },
    /// The container is not there any more.
    #[error("somebody has removed the container in the middle of the build")]
    Removed,
    /// The engine can't be reached any more.
    #[error("the connection to the container engine at {place} was lost in the middle of the build")]
    Lost {
        /// The endpoint.
        place: String,
    },
    /// The engine refuses.
    #[error("the container engine at {place} can't {step}")]
    Api {
        /// The endpoint.
        place: String,
        /// What was asked of it.
        step: String,
        /// Its words.
        #[source]
        source: Box<ApiError>,
    },
    /// Something on this side.
    #[error("can't {step}")]
    Local {
        /// What was being done.
        step: &'static str,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The build is to end.
    #[error("cancelled")]
    Cancelled,
}

fn words(report: &str) -> String {
    if report.is_empty() { String::new() } else { format!(": {report}") }
}

impl DockerError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Host { .. } => "such as unix:///var/run/docker.sock, tcp://HOST:2375 or ssh://USER@HOST",
            Self::Context { .. } => "`docker context ls` shows which there are",
            Self::NoEngine { .. } => {
                "start one (`systemctl start docker`, or `systemctl --user start podman.socket`), or name it with --docker-host; without --docker no engine is needed"
            }
            Self::Permission { .. } => "become a member of the group `docker`, run it as root, or use a rootless engine",
            Self::TooOld { .. } => "Docker 19.03 or later is needed, or Podman 4 or later",
            Self::Certificates { .. } => "DOCKER_CERT_PATH is a directory with ca.pem, cert.pem and key.pem",
            Self::NoImage { .. } => "check its name, log in with `docker login`, or import it into the engine",
            Self::NoRecipe { .. } => "name an image with --docker-image",
            Self::DiskFull { .. } => "`rootfs-gen clean --docker` removes what builds have left, `docker system prune` what others have",
            Self::OutOfMemory => "give the engine's machine more memory, or raise its limit for containers",
            Self::Ended { status: 137, .. } => "somebody has killed it, or the machine had no memory left",
            Self::Lost { .. } => "nothing was left half-done here; the next build removes what is left there",
            Self::ImageBuild { .. } => "run again with -v to see the whole log",
            Self::Ended { .. } | Self::Removed | Self::Api { .. } | Self::Local { .. } | Self::Cancelled => return None,
        };
        Some(hint.to_owned())
    }

    /// Whether the same build may do well in another engine.
    #[must_use]
    pub fn is_of_engine(&self) -> bool {
        match self {
            Self::NoEngine { .. } | Self::Permission { .. } | Self::TooOld { .. } | Self::Certificates { .. } => true,
            Self::NoImage { .. } | Self::DiskFull { .. } | Self::OutOfMemory | Self::Removed | Self::Lost { .. } | Self::Api { .. } => true,
            // Somebody's kill; by itself the runner ends with other words.
            Self::Ended { status, .. } => *status == 137,
            Self::Host { .. } | Self::Context { .. } | Self::ImageBuild { .. } | Self::NoRecipe { .. } | Self::Local { .. } => false,
            Self::Cancelled => false,
        }
    }

    /// The engine's answer, by what it means.
    pub(crate) fn of_api(place: &str, step: &str, error: ApiError) -> Self {
        let place = place.to_owned();
        let text = chain(&error);
        match &error {
            _ if text.contains("no space left on device") => Self::DiskFull { place },
            ApiError::DockerResponseServerError { .. } | ApiError::DockerStreamError { .. } => {
                Self::Api { place, step: step.to_owned(), source: Box::new(error) }
            }
            _ if io_kind(&error) == Some(std::io::ErrorKind::PermissionDenied) => Self::Permission { place },
            ApiError::RequestTimeoutError | ApiError::IOError { .. } | ApiError::HyperResponseError { .. } => Self::Lost { place },
            ApiError::HyperLegacyError { .. } => Self::Lost { place },
            _ => Self::Api { place, step: step.to_owned(), source: Box::new(error) },
        }
    }
}

/// An error with all its causes, in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut parts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(error) = next {
        let text = error.to_string();
        if parts.last().is_none_or(|last| !last.ends_with(&text)) {
            parts.push(text);
        }
        next = error.source();
    }
    parts.join(": ")
}

/// What the kernel said, somewhere below.
pub(crate) fn io_kind(error: &ApiError) -> Option<std::io::ErrorKind> {
    match error {
        // It stands for its cause, and so has none.
        ApiError::IOError { err } => Some(err.kind()),
        error => error.source().and_then(below),
    }
}

fn below(error: &(dyn std::error::Error + 'static)) -> Option<std::io::ErrorKind> {
    match error.downcast_ref::<std::io::Error>() {
        Some(error) => Some(error.kind()),
        None => error.source().and_then(below),
    }
}
