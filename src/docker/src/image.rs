//! Images: the one with our runner alone, and build environments.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use bollard::models::BuildInfo;
use bollard::query_parameters::{BuildImageOptionsBuilder, CreateImageOptionsBuilder, RemoveImageOptionsBuilder};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use rootfs_guest::names::CONTAINER_RUNNER;
use rootfs_sandbox::{GUEST, Recipe};
use sha2::{Digest as _, Sha256};

use crate::credentials;
use crate::owner::LABEL;
use crate::{DockerError, Engine};

/// How our images' names begin. A name without a registry is one of Docker's own to Podman, but not always.
const REPOSITORY: &str = "localhost/rootfs-gen";

/// An image that is removed when it is not needed any more.
#[derive(Debug)]
pub(crate) struct OwnImage {
    pub(crate) name: String,
}

impl OwnImage {
    /// The image with nothing but the runner. Its name is this process's own, so that no other build takes it away.
    pub(crate) fn of_runner(engine: &Engine, cancelled: &AtomicBool) -> Result<Self, DockerError> {
        let step = "import the image of the runner";
        let archive = runner_archive().map_err(|source| DockerError::Local { step, source })?;
        let name = format!("{REPOSITORY}-runner:{}", unique(&engine.owner.value()));
        // With its tag: Podman doesn't look for that elsewhere.
        let options = CreateImageOptionsBuilder::new().from_src("-").repo(&name).build();
        let options = bollard::query_parameters::CreateImageOptions {
            changes: vec![format!("LABEL {LABEL}=\"{}\"", engine.owner.value())],
            ..options
        };
        let stream = engine.docker.create_image(Some(options), Some(bollard::body_full(archive.into())), None);
        engine.wait(step, cancelled, stream.try_collect::<Vec<_>>())?;
        Ok(Self { name })
    }

    /// Nobody is left to tell when it fails; a later build removes it then.
    pub(crate) fn remove(&self, engine: &Engine) {
        let options = RemoveImageOptionsBuilder::new().force(true).build();
        let _ = engine.wait_at_last("remove an image", engine.docker.remove_image(&self.name, Some(options), None));
    }
}

/// The runner as an archive for a container's root.
pub(crate) fn runner_archive() -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    append(&mut archive, CONTAINER_RUNNER, GUEST, 0o755)?;
    archive.into_inner()
}

fn append(archive: &mut tar::Builder<Vec<u8>>, path: &str, content: &[u8], mode: u32) -> std::io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(u64::try_from(content.len()).unwrap_or(u64::MAX));
    header.set_mode(mode);
    header.set_mtime(0);
    archive.append_data(&mut header, path, content)
}

fn unique(text: &str) -> String {
    hex(&Sha256::digest(text)[..8])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Builds the image of a shell directory; its name says what it was made of, so that builds at one time don't meet. The engine keeps its steps.
pub(crate) fn build(
    engine: &Engine,
    folder: &Path,
    recipe: &Recipe<'_>,
    log: &dyn Fn(&str),
    cancelled: &AtomicBool,
) -> Result<OwnImage, DockerError> {
    let step = "build an image";
    let context = context(folder, recipe).map_err(|source| DockerError::Local { step: "read the folder of the image", source })?;
    let arguments: HashMap<String, String> = recipe.arguments.iter().cloned().collect();
    let content = hex(&Sha256::digest(&context));
    let tag = unique(&format!("{content} {:?} {}", recipe.arguments, engine.owner.value()));
    let name = format!("{REPOSITORY}-{}:{tag}", image_name(recipe.distribution));
    let labels = engine.owner.labels();
    let options = BuildImageOptionsBuilder::new().t(&name).rm(true).forcerm(true).buildargs(&arguments).labels(&labels).build();
    let credentials = credentials::all(engine.config().map(std::path::PathBuf::as_path));
    let body = bollard::body_full(Bytes::from(context));
    let mut stream = Box::pin(engine.docker.build_image(options, Some(credentials), Some(body)));
    let mut last = String::new();
    while let Some(info) = engine.wait(step, cancelled, async { stream.next().await.transpose() }).map_err(|error| failed(recipe, error))? {
        tell(&info, log, &mut last);
        if let Some(message) = info.error_detail.and_then(|detail| detail.message) {
            return Err(DockerError::ImageBuild { distribution: recipe.distribution.to_owned(), reason: message });
        }
    }
    Ok(OwnImage { name })
}

fn failed(recipe: &Recipe<'_>, error: DockerError) -> DockerError {
    match error {
        DockerError::Api { source, .. } => {
            DockerError::ImageBuild { distribution: recipe.distribution.to_owned(), reason: crate::error::chain(&*source) }
        }
        other => other,
    }
}

fn tell(info: &BuildInfo, log: &dyn Fn(&str), last: &mut String) {
    for text in [&info.stream, &info.status].into_iter().flatten() {
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            if last != line {
                log(line);
                line.clone_into(last);
            }
        }
    }
}

/// What an image may be called.
fn image_name(distribution: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    distribution.chars().map(letter).collect::<String>().trim_matches('-').to_owned()
}

/// The folder with the instructions in place of what they were made of.
fn context(folder: &Path, recipe: &Recipe<'_>) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    archive.follow_symlinks(false);
    archive.mode(tar::HeaderMode::Deterministic);
    archive.append_dir_all(".", folder)?;
    append(&mut archive, "Dockerfile", recipe.dockerfile.as_bytes(), 0o644)?;
    archive.into_inner()
}

/// Makes sure that the engine has an image; what it lacks is pulled with the user's credentials.
pub(crate) fn require(engine: &Engine, image: &str, log: &dyn Fn(&str), cancelled: &AtomicBool) -> Result<(), DockerError> {
    match engine.wait("look for an image", cancelled, engine.docker.inspect_image(image)) {
        Ok(_) => return Ok(()),
        Err(DockerError::Api { source, .. }) if status(&source) == Some(404) => {}
        Err(error) => return Err(error),
    }
    log(&format!("pulling {image}"));
    let credentials = credentials::of_image(engine.config().map(std::path::PathBuf::as_path), image);
    let (name, tag) = split_tag(image);
    let options = CreateImageOptionsBuilder::new().from_image(name).tag(tag).build();
    let mut stream = Box::pin(engine.docker.create_image(Some(options), None, credentials));
    let missing = |reason: String| DockerError::NoImage { image: image.to_owned(), reason };
    while let Some(info) =
        engine.wait("pull an image", cancelled, async { stream.next().await.transpose() }).map_err(|error| match error {
            DockerError::Api { source, .. } => missing(crate::error::chain(&*source)),
            error => error,
        })?
    {
        if let Some(message) = info.error_detail.and_then(|detail| detail.message) {
            return Err(missing(message));
        }
        // Every tenth of a second there is news of each layer; what has begun and ended is enough.
        if let (Some(status), None) = (&info.status, info.progress_detail.and_then(|detail| detail.current)) {
            log(&format!("{}{status}", info.id.map(|id| format!("{id}: ")).unwrap_or_default()));
        }
    }
    Ok(())
}

/// What an image is known by everywhere: 64 hexadecimal digits.
pub(crate) fn id(engine: &Engine, image: &str, cancelled: &AtomicBool) -> Result<String, DockerError> {
    let found = engine.wait("look at an image", cancelled, engine.docker.inspect_image(image))?;
    let id = found.id.unwrap_or_default();
    Ok(id.strip_prefix("sha256:").unwrap_or(&id).to_owned())
}

fn split_tag(image: &str) -> (&str, &str) {
    match image.rsplit_once(':') {
        _ if image.contains('@') => (image, ""),
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

/// The number of the engine's answer.
pub(crate) fn status(error: &bollard::errors::Error) -> Option<u16> {
    match error {
        bollard::errors::Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_images() {
        assert_eq!(split_tag("debian"), ("debian", "latest"));
        assert_eq!(split_tag("localhost:5000/x"), ("localhost:5000/x", "latest"));
        assert_eq!(split_tag("localhost:5000/x:1"), ("localhost:5000/x", "1"));
        assert_eq!(split_tag("x@sha256:12"), ("x@sha256:12", ""));
        assert_eq!(image_name("My_OS!"), "my-os");
    }
}
