use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig};
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptions, InspectContainerOptions, RemoveContainerOptionsBuilder, StartContainerOptions,
    UploadToContainerOptionsBuilder,
};
use bytes::Bytes;
use rootfs_guest::names::CONTAINER_RUNNER;
use rootfs_sandbox::{FarSide, FarStreams, SandboxError, Trouble};

use crate::image::{OwnImage, status};
use crate::streams::{self, Report};
use crate::{DockerError, Engine};

/// What a container is to be.
#[derive(Debug, Default)]
pub(crate) struct ContainerWishes<'a> {
    pub(crate) image: &'a str,
    /// Given to the runner.
    pub(crate) arguments: Vec<String>,
    pub(crate) hostname: &'a str,
    /// Whether it reaches the network.
    pub(crate) network: bool,
    /// Another container, whose processes it sees.
    pub(crate) processes_of: Option<&'a str>,
    /// A directory in which nothing waits for a disk.
    pub(crate) in_memory: Option<&'a str>,
    /// Directories that lie on the engine's own disk and not in its layers, and go with the container.
    pub(crate) volumes: &'a [&'a str],
    /// Another container, whose volumes it has, too.
    pub(crate) volumes_of: Option<&'a str>,
    /// More than the engine gives to every container.
    pub(crate) capabilities: &'a [&'a str],
    /// For the engine's own guards.
    pub(crate) security: &'a [&'a str],
    /// Archives that are unpacked in its root before it starts.
    pub(crate) archives: Vec<Vec<u8>>,
}

/// A container of ours. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct Container {
    engine: Arc<Engine>,
    id: String,
    report: Report,
    /// An image that was made for it alone.
    image: Option<OwnImage>,
    removed: bool,
}

impl Container {
    /// Makes a container and starts the runner in it. Whatever fails, nothing is left.
    pub(crate) fn start(
        engine: &Arc<Engine>,
        wishes: ContainerWishes<'_>,
        image: Option<OwnImage>,
        cancelled: &AtomicBool,
    ) -> Result<(Self, FarStreams), DockerError> {
        let mut container = Self { engine: Arc::clone(engine), id: String::new(), report: Report::default(), image, removed: true };
        let created = engine.docker.create_container(None::<CreateContainerOptions>, body(engine, &wishes));
        // Not given up half-way: who has asked must know what to remove.
        container.id = engine.wait_at_last("make a container", created)?.id;
        container.removed = false;
        for archive in wishes.archives {
            let options = UploadToContainerOptionsBuilder::new().path("/").build();
            let body = bollard::body_full(Bytes::from(archive));
            let sent = engine.docker.upload_to_container(&container.id, Some(options), body);
            engine.wait("send files to a container", cancelled, sent)?;
        }
        let options = AttachContainerOptionsBuilder::new().stream(true).stdin(true).stdout(true).stderr(true).build();
        let attached = engine.wait("attach to a container", cancelled, engine.docker.attach_container(&container.id, Some(options)))?;
        let (streams, report) = streams::connect(engine, attached)?;
        container.report = report;
        engine.wait("start a container", cancelled, engine.docker.start_container(&container.id, None::<StartContainerOptions>))?;
        Ok((container, streams))
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    fn remove(&mut self) -> Result<(), DockerError> {
        if !std::mem::replace(&mut self.removed, true) {
            remove(&self.engine, &self.id)?;
        }
        if let Some(image) = self.image.take() {
            image.remove(&self.engine);
        }
        Ok(())
    }

    /// Why it is gone.
    fn explain(&self) -> DockerError {
        let place = self.engine.place().to_owned();
        let inspected = self.engine.docker.inspect_container(&self.id, None::<InspectContainerOptions>);
        let state = match self.engine.wait_at_last("look at a container", inspected) {
            Ok(container) => container.state.unwrap_or_default(),
            Err(DockerError::Api { source, .. }) if status(&source) == Some(404) => return DockerError::Removed,
            Err(_) => return DockerError::Lost { place },
        };
        if state.oom_killed == Some(true) {
            return DockerError::OutOfMemory;
        }
        if state.running == Some(true) {
            return DockerError::Lost { place };
        }
        let report = self.report.lock().map(|report| String::from_utf8_lossy(&report).trim().to_owned()).unwrap_or_default();
        if report.contains("No space left on device") {
            return DockerError::DiskFull { place };
        }
        DockerError::Ended { status: state.exit_code.unwrap_or_default(), report }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // Nobody is left to tell; the next build removes what is left.
        let _ = self.remove();
    }
}

impl FarSide for Container {
    fn cause(&mut self) -> SandboxError {
        let cause = self.explain();
        self.engine.blame(&cause);
        let _ = self.remove();
        into_sandbox(cause)
    }

    fn translate(&mut self, error: SandboxError) -> SandboxError {
        match error {
            SandboxError::Copy { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                let full = DockerError::DiskFull { place: self.engine.place().to_owned() };
                self.engine.blame(&full);
                into_sandbox(full)
            }
            error => error,
        }
    }

    fn end(&mut self) -> Result<(), SandboxError> {
        self.remove().map_err(|error| {
            self.engine.blame(&error);
            into_sandbox(error)
        })
    }
}

pub(crate) fn into_sandbox(error: DockerError) -> SandboxError {
    match error {
        DockerError::Cancelled => SandboxError::Cancelled,
        error => SandboxError::Elsewhere(Trouble { hint: error.hint(), error: Box::new(error) }),
    }
}

/// Removes a container, whatever it does; one that is gone is no error.
pub(crate) fn remove(engine: &Engine, id: &str) -> Result<(), DockerError> {
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    match engine.wait_at_last("remove a container", engine.docker.remove_container(id, Some(options))) {
        Err(DockerError::Api { source, .. }) if matches!(status(&source), Some(404 | 409)) => Ok(()),
        removed => removed,
    }
}

fn body(engine: &Engine, wishes: &ContainerWishes<'_>) -> ContainerCreateBody {
    let list = |words: &[&str]| (!words.is_empty()).then(|| words.iter().map(|word| (*word).to_owned()).collect());
    let host = HostConfig {
        // Everything that a tree is made of passes over standard output.
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        network_mode: (!wishes.network).then(|| "none".to_owned()),
        pid_mode: wishes.processes_of.map(|id| format!("container:{id}")),
        volumes_from: wishes.volumes_of.map(|id| vec![id.to_owned()]),
        // Scripts are in it.
        tmpfs: wishes.in_memory.map(|path| HashMap::from([(path.to_owned(), "exec,mode=755".to_owned())])),
        cap_add: list(wishes.capabilities),
        security_opt: list(wishes.security),
        ..HostConfig::default()
    };
    let mut entrypoint = vec![format!("/{CONTAINER_RUNNER}"), "container".to_owned()];
    entrypoint.extend(wishes.arguments.iter().cloned());
    ContainerCreateBody {
        image: Some(wishes.image.to_owned()),
        hostname: Some(wishes.hostname.to_owned()),
        user: Some("0:0".to_owned()),
        working_dir: Some("/".to_owned()),
        entrypoint: Some(entrypoint),
        cmd: Some(Vec::new()),
        labels: Some(engine.owner.labels()),
        volumes: list(wishes.volumes),
        // So the engine has no reason to mount its own /etc/hosts and /etc/resolv.conf over the tree's.
        network_disabled: Some(!wishes.network),
        open_stdin: Some(true),
        // When this side closes its end, or dies, the runner reads its end and goes.
        stdin_once: Some(true),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        host_config: Some(host),
        ..ContainerCreateBody::default()
    }
}
