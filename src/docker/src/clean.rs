//! Removing what builds have left in an engine.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use bollard::query_parameters::{ListContainersOptionsBuilder, ListImagesOptionsBuilder};

use crate::image::OwnImage;
use crate::owner::{LABEL, is_dead};
use crate::{DockerError, Engine, container};

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// How many containers.
    pub containers: usize,
    /// How many images.
    pub images: usize,
}

/// Removes everything in an engine that rootfs-gen has made, also what running builds use.
///
/// # Errors
/// When the engine refuses.
pub fn clean(engine: &Engine, cancelled: &AtomicBool) -> Result<Cleaned, DockerError> {
    remove_where(engine, cancelled, |_| true)
}

/// Removes what builds of this machine have left that are no more.
pub(crate) fn dead(engine: &Engine, cancelled: &AtomicBool) -> Result<(), DockerError> {
    remove_where(engine, cancelled, |label| is_dead(label, &engine.owner)).map(drop)
}

fn remove_where(engine: &Engine, cancelled: &AtomicBool, is_wanted: impl Fn(&str) -> bool) -> Result<Cleaned, DockerError> {
    let ours = HashMap::from([("label".to_owned(), vec![LABEL.to_owned()])]);
    let wanted = |labels: &HashMap<String, String>| labels.get(LABEL).is_some_and(|label| is_wanted(label));
    let options = ListContainersOptionsBuilder::new().all(true).filters(&ours).build();
    let containers = engine.wait("list containers", cancelled, engine.docker.list_containers(Some(options)))?;
    let mut cleaned = Cleaned::default();
    for found in containers.into_iter().filter(|found| found.labels.as_ref().is_some_and(wanted)) {
        container::remove(engine, &found.id.unwrap_or_default())?;
        cleaned.containers += 1;
    }
    let options = ListImagesOptionsBuilder::new().all(false).filters(&ours).build();
    let images = engine.wait("list images", cancelled, engine.docker.list_images(Some(options)))?;
    for found in images.into_iter().filter(|found| wanted(&found.labels)) {
        OwnImage { name: found.id }.remove(engine);
        cleaned.images += 1;
    }
    Ok(cleaned)
}
