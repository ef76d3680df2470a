use super::ContainerError;
use super::blob::parse;
use super::choice::ContainerPlatform;
use super::digest::BlobDigest;
use super::docker::digest_in;
use super::documents::{CONFIG, CONFIG_MOST, Config, DOCKER_CONFIG, Descriptor, Listed};
use super::entries::{ContainerEntry, Place, check, manifest};
use super::parts::Parts;

/// Layers of an image. Engines take 127, libraries some more.
const LAYERS_MOST: usize = 512;

/// What is said of the image of a container.
#[derive(Debug, Clone)]
pub struct ContainerImage {
    /// As in [`ContainerEntry::digest`].
    pub digest: String,
    /// What it is for.
    pub platform: ContainerPlatform,
    /// When it was made, as who made it says.
    pub created: Option<String>,
    /// What a container runs: the entry point, and behind it the command.
    pub command: Vec<String>,
    /// `NAME=VALUE`.
    pub environment: Vec<String>,
    /// The lowest first.
    pub layers: Vec<ContainerLayer>,
}

/// A layer, which is a tar.
#[derive(Debug, Clone)]
pub struct ContainerLayer {
    /// `sha256:…` of the file, or the name of a member of an archive.
    pub name: String,
    /// Of the file, in bytes; what Docker's list doesn't say.
    pub size: Option<u64>,
    /// `application/vnd.oci.image.layer.v1.tar+gzip`, say; what Docker's list doesn't say.
    pub media_type: Option<String>,
    /// Where the layer is.
    pub(super) part: String,
    /// Of the file.
    pub(super) digest: Option<BlobDigest>,
    /// Of the plain tar.
    pub(super) diff_id: BlobDigest,
}

/// See [`super::Containers::open`].
pub(super) fn open(parts: &Parts, entry: &ContainerEntry) -> Result<ContainerImage, ContainerError> {
    let (config, layers) = match &entry.place {
        Place::Manifest(descriptor) => of_manifest(parts, descriptor)?,
        Place::Listed(listed) => of_list(parts, listed)?,
    };
    if config.os != "linux" {
        return Err(ContainerError::Unusable { reason: format!("it is for `{}`", config.os.escape_debug()) });
    }
    let Config { os, architecture, variant, created, config: execution, .. } = config;
    let command = [execution.entrypoint, execution.command].concat();
    let platform = ContainerPlatform { os, architecture, variant };
    Ok(ContainerImage { digest: entry.digest.clone(), platform, created, command, environment: execution.environment, layers })
}

fn of_manifest(parts: &Parts, descriptor: &Descriptor) -> Result<(Config, Vec<ContainerLayer>), ContainerError> {
    let (name, manifest) = manifest(parts, descriptor)?;
    let wrong = |reason: &str| ContainerError::Document { name: name.clone(), reason: reason.to_owned() };
    if check(&name, &manifest, Some(&descriptor.media_type))?.is_some() {
        return Err(wrong("it is an index"));
    }
    let (Some(config), Some(layers)) = (&manifest.config, manifest.layers) else {
        return Err(wrong("it has no configuration or no layers"));
    };
    if !matches!(config.media_type.as_str(), CONFIG | DOCKER_CONFIG) {
        return Err(ContainerError::Unusable { reason: format!("its configuration is `{}`", config.media_type.escape_debug()) });
    }
    let digest: BlobDigest = config.digest.parse()?;
    let name = digest.path();
    let config: Config = parse(&name, &parts.read_verified(&name, &digest, CONFIG_MOST)?)?;
    let diff_ids = diff_ids(&name, &config, layers.len())?;
    let layer = |(descriptor, diff_id): (Descriptor, BlobDigest)| {
        let digest: BlobDigest = descriptor.digest.parse()?;
        Ok(ContainerLayer {
            name: descriptor.digest,
            size: Some(descriptor.size),
            media_type: Some(descriptor.media_type),
            part: digest.path(),
            digest: Some(digest),
            diff_id,
        })
    };
    let layers = layers.into_iter().zip(diff_ids).map(layer).collect::<Result<_, ContainerError>>()?;
    Ok((config, layers))
}

fn of_list(parts: &Parts, listed: &Listed) -> Result<(Config, Vec<ContainerLayer>), ContainerError> {
    let name = &listed.config;
    let bytes = match digest_in(name) {
        Some(digest) => parts.read_verified(name, &digest, CONFIG_MOST)?,
        None => parts.read(name, CONFIG_MOST)?,
    };
    let config: Config = parse(name, &bytes)?;
    let diff_ids = diff_ids(name, &config, listed.layers.len())?;
    let layer = |(name, diff_id): (&String, BlobDigest)| ContainerLayer {
        name: name.clone(),
        size: None,
        media_type: None,
        part: name.clone(),
        digest: digest_in(name),
        diff_id,
    };
    Ok((config, listed.layers.iter().zip(diff_ids).map(layer).collect()))
}

/// What each layer unpacks to.
fn diff_ids(name: &str, config: &Config, layers: usize) -> Result<Vec<BlobDigest>, ContainerError> {
    if layers > LAYERS_MOST {
        return Err(ContainerError::TooMuch { what: "layers", limit: LAYERS_MOST as u64 });
    }
    let ids = &config.rootfs.diff_ids;
    if ids.len() != layers {
        let reason = format!("it has digests of {} layers, and the image has {layers}", ids.len());
        return Err(ContainerError::Document { name: name.to_owned(), reason });
    }
    ids.iter().map(|id| id.parse()).collect()
}
