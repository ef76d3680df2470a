//! The root of an image as an archive on this side.

use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use bollard::models::ContainerCreateBody;
use bollard::query_parameters::CreateContainerOptions;
use futures_util::StreamExt as _;

use crate::container::remove;
use crate::{DockerError, Engine};

/// Writes it by way of a container that is never started.
pub(crate) fn export(engine: &Engine, image: &str, file: &Path, cancelled: &AtomicBool) -> Result<(), DockerError> {
    let body = ContainerCreateBody {
        image: Some(image.to_owned()),
        // An image of a root has none, and every container must.
        entrypoint: Some(vec!["/none".to_owned()]),
        labels: Some(engine.owner.labels()),
        network_disabled: Some(true),
        ..ContainerCreateBody::default()
    };
    let created = engine.docker.create_container(None::<CreateContainerOptions>, body);
    let id = engine.wait_at_last("make a container", created)?.id;
    let written = write(engine, &id, file, cancelled);
    let removed = remove(engine, &id);
    written.and(removed)
}

fn write(engine: &Engine, id: &str, file: &Path, cancelled: &AtomicBool) -> Result<(), DockerError> {
    let local = |source| DockerError::Local { step: "write the root of an image", source };
    let mut file = fs_err::File::create_new(file).map_err(local)?;
    let mut stream = Box::pin(engine.docker.export_container(id));
    while let Some(bytes) = engine.wait("send the root of an image", cancelled, async { stream.next().await.transpose() })? {
        file.write_all(&bytes).map_err(local)?;
    }
    Ok(())
}
