use std::sync::Arc;

use rootfs_docker::{DockerEnvironment, EngineSeats, EngineWishes};
use rootfs_sandbox::{Local, Seats};

use crate::environment::Environment;
use crate::setting_error::SettingError;
use crate::wishes::Wishes;

/// Where scripts run: in an engine when anything about one was asked for, else on this machine.
///
/// # Errors
/// When a variable that Docker's own client would read is not UTF-8.
pub(super) fn settle(wishes: &Wishes, environment: &Environment) -> Result<Arc<dyn Seats>, SettingError> {
    let Wishes { docker, docker_host, docker_image, .. } = wishes;
    if docker.is_none() && docker_host.is_none() && docker_image.is_none() {
        return Ok(Arc::new(Local));
    }
    let host = docker_host.as_ref().map(|host| host.value.clone());
    let image = docker_image.as_ref().map(|image| image.value.clone());
    Ok(Arc::new(EngineSeats::new(EngineWishes { host, image, environment: docker_environment(environment)? })))
}

/// What Docker's own client would read.
///
/// # Errors
/// When a variable is not UTF-8.
pub(crate) fn docker_environment(environment: &Environment) -> Result<DockerEnvironment, SettingError> {
    Ok(DockerEnvironment {
        host: environment.text("DOCKER_HOST")?,
        context: environment.text("DOCKER_CONTEXT")?,
        tls_verify: environment.path("DOCKER_TLS_VERIFY").is_some(),
        certificates: environment.path("DOCKER_CERT_PATH"),
        config: environment.path("DOCKER_CONFIG").or_else(|| environment.path("HOME").map(|home| home.join(".docker"))),
        runtime: environment.path("XDG_RUNTIME_DIR"),
    })
}
