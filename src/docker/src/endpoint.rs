//! Where an engine is: what was asked for, what the environment and Docker's own configuration say, or the sockets that engines use.

use std::path::PathBuf;

use crate::DockerError;
use crate::context::{configured_context, read_context};

/// What Docker's own client reads of the environment.
#[derive(Debug, Clone, Default)]
pub struct DockerEnvironment {
    /// `DOCKER_HOST`.
    pub host: Option<String>,
    /// `DOCKER_CONTEXT`.
    pub context: Option<String>,
    /// `DOCKER_TLS_VERIFY` is set to something.
    pub tls_verify: bool,
    /// `DOCKER_CERT_PATH`.
    pub certificates: Option<PathBuf>,
    /// `DOCKER_CONFIG`, or `.docker` in the user's home.
    pub config: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime: Option<PathBuf>,
}

/// A way to an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A socket of this machine.
    Unix(PathBuf),
    /// A machine and a port, without encryption.
    Tcp(String),
    /// The same with TLS: a directory with `ca.pem`, `cert.pem` and `key.pem`.
    Tls(String, PathBuf),
    /// A machine that is reached by the user's `ssh`.
    Ssh(String),
}

/// A way and who named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The way.
    pub endpoint: Endpoint,
    /// `--docker-host`, `DOCKER_HOST`, a context; none when it is where engines usually are.
    pub origin: Option<String>,
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(address) | Self::Tls(address, _) => write!(f, "tcp://{address}"),
            Self::Ssh(address) => write!(f, "ssh://{address}"),
        }
    }
}

impl Endpoint {
    /// Reads what `DOCKER_HOST` may be. `certificates` are for TLS, where it is wanted.
    ///
    /// # Errors
    /// When it is of no known kind.
    pub fn parse(text: &str, certificates: Option<PathBuf>) -> Result<Self, DockerError> {
        let unknown = || DockerError::Host { host: text.to_owned() };
        let (scheme, rest) = match text.split_once("://") {
            Some(parts) => parts,
            None if text.starts_with('/') => ("unix", text),
            None => ("tcp", text),
        };
        if rest.is_empty() {
            return Err(unknown());
        }
        let address = rest.trim_end_matches('/');
        match scheme {
            "unix" => Ok(Self::Unix(rest.into())),
            "tcp" | "http" | "https" => {
                let has_port = address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
                let port = if certificates.is_some() || scheme == "https" { 2376 } else { 2375 };
                let address = if has_port { address.to_owned() } else { format!("{address}:{port}") };
                Ok(match certificates {
                    Some(directory) => Self::Tls(address, directory),
                    None => Self::Tcp(address),
                })
            }
            "ssh" => Ok(Self::Ssh(address.to_owned())),
            _ => Err(unknown()),
        }
    }
}

/// The ways to try, in their order: one when anything names it, else the sockets that engines use.
///
/// # Errors
/// When what names it can't be understood, or a context is missing.
pub(crate) fn locate(asked: Option<&str>, environment: &DockerEnvironment) -> Result<Vec<Located>, DockerError> {
    let certificates = || {
        let directory = environment.certificates.clone().or_else(|| environment.config.clone());
        directory.filter(|_| environment.tls_verify)
    };
    let one = |endpoint, origin: &str| Ok(vec![Located { endpoint, origin: Some(origin.to_owned()) }]);
    if let Some(host) = asked {
        return one(Endpoint::parse(host, certificates())?, "--docker-host");
    }
    if let Some(host) = &environment.host {
        return one(Endpoint::parse(host, certificates())?, "DOCKER_HOST");
    }
    let by_name = environment.context.clone().map(|name| (name, "DOCKER_CONTEXT"));
    let current = environment.config.as_deref().and_then(configured_context).map(|name| (name, "Docker's configuration"));
    if let Some((name, origin)) = by_name.or(current).filter(|(name, _)| name != "default") {
        let directory = environment.config.clone().unwrap_or_default();
        return one(read_context(&directory, &name)?, &format!("the context `{name}` of {origin}"));
    }
    Ok(usual(environment).into_iter().map(|path| Located { endpoint: Endpoint::Unix(path), origin: None }).collect())
}

/// Docker's own socket, then Podman's and Docker's of the user, then Podman's of the machine.
fn usual(environment: &DockerEnvironment) -> Vec<PathBuf> {
    let of_user = environment.runtime.iter().flat_map(|runtime| [runtime.join("docker.sock"), runtime.join("podman/podman.sock")]);
    let first = std::iter::once(PathBuf::from("/var/run/docker.sock"));
    first.chain(of_user).chain([PathBuf::from("/run/podman/podman.sock")]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_as_docker_reads_them() {
        let parse = |text: &str| Endpoint::parse(text, None).unwrap().to_string();
        assert_eq!(parse("unix:///run/x.sock"), "unix:///run/x.sock");
        assert_eq!(parse("/run/x.sock"), "unix:///run/x.sock");
        assert_eq!(parse("tcp://build:99/"), "tcp://build:99");
        assert_eq!(parse("build"), "tcp://build:2375");
        assert_eq!(parse("ssh://me@build"), "ssh://me@build");
        assert_eq!(Endpoint::parse("tcp://build", Some("/certs".into())).unwrap(), Endpoint::Tls("build:2376".into(), "/certs".into()));
        assert!(Endpoint::parse("npipe:////./pipe/x", None).is_err());
        assert!(Endpoint::parse("unix://", None).is_err());
    }

    #[test]
    fn what_is_said_outweighs_what_is_usual() {
        let environment = DockerEnvironment {
            host: Some("tcp://a:1".into()),
            context: Some("c".into()),
            runtime: Some("/run/user/7".into()),
            ..DockerEnvironment::default()
        };
        let origin = |asked, environment: &DockerEnvironment| locate(asked, environment).unwrap()[0].origin.clone();
        assert_eq!(origin(Some("tcp://b:1"), &environment).as_deref(), Some("--docker-host"));
        assert_eq!(origin(None, &environment).as_deref(), Some("DOCKER_HOST"));
        let environment = DockerEnvironment { host: None, context: None, ..environment };
        let shown: Vec<String> = locate(None, &environment).unwrap().iter().map(|located| located.endpoint.to_string()).collect();
        let sockets = ["/var/run/docker.sock", "/run/user/7/docker.sock", "/run/user/7/podman/podman.sock", "/run/podman/podman.sock"];
        assert_eq!(shown, sockets.map(|path| format!("unix://{path}")));
    }
}
