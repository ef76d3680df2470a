//! The documents of images as others write them (image-spec `manifest.md`, `config.md`, `image-layout.md`; Docker's "Image Manifest Version 2, Schema 2").
//! What isn't needed is not looked at.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

pub(super) use crate::oci::documents::{CONFIG, Descriptor, INDEX, MANIFEST, REF_NAME};
pub(super) use crate::oci::layout::{INDEX_MOST, INDEX_NAME, MARK};

/// As Docker calls them.
pub(super) const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
pub(super) const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub(super) const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// An image's whole name, as containerd and Docker note it beside the tag.
pub(super) const IMAGE_NAME: &str = "io.containerd.image.name";
/// Says of a manifest that it only tells something of another, as buildkit does of what an image was made from.
pub(super) const REFERENCE_TYPE: &str = "vnd.docker.reference.type";

/// Longest manifest, as registries have it, in bytes.
pub(super) const MANIFEST_MOST: u64 = 4 << 20;
/// Longest configuration, in bytes.
pub(super) const CONFIG_MOST: u64 = 8 << 20;

/// Longest name with its tag, in bytes: registries take 255 for the one and 128 for the other.
const NAME_MOST: usize = 512;

/// The mark of a layout.
#[derive(Debug, Deserialize)]
pub(super) struct Mark {
    #[serde(rename = "imageLayoutVersion")]
    pub(super) version: String,
}

/// An index or a manifest: which of them is told by its type, or by what is in it. It may not be both.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    #[serde(rename = "schemaVersion")]
    pub(super) schema_version: u32,
    #[serde(rename = "mediaType")]
    pub(super) media_type: Option<String>,
    pub(super) manifests: Option<Vec<Descriptor>>,
    pub(super) config: Option<Descriptor>,
    pub(super) layers: Option<Vec<Descriptor>>,
}

/// What an image is of.
#[derive(Debug, Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    pub(super) os: String,
    #[serde(default)]
    pub(super) architecture: String,
    pub(super) variant: Option<String>,
    pub(super) created: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) config: Execution,
    pub(super) rootfs: Rootfs,
}

/// What a container of it runs.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Execution {
    #[serde(rename = "Entrypoint", default, deserialize_with = "or_default")]
    pub(super) entrypoint: Vec<String>,
    #[serde(rename = "Cmd", default, deserialize_with = "or_default")]
    pub(super) command: Vec<String>,
    #[serde(rename = "Env", default, deserialize_with = "or_default")]
    pub(super) environment: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Rootfs {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) diff_ids: Vec<String>,
}

/// An image in `manifest.json` of what `docker save` writes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed {
    pub(super) config: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) repo_tags: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) layers: Vec<String>,
}

/// Go's writers say `null` for what is empty.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(input: D) -> Result<T, D::Error> {
    Option::deserialize(input).map(Option::unwrap_or_default)
}

/// The names that an annotated descriptor has. What is longer than any is none: all entries of an index take over its names.
pub(super) fn names(annotations: &BTreeMap<String, String>) -> Vec<String> {
    let name = |key: &&str| annotations.get(*key).filter(|name| name.len() <= NAME_MOST).cloned();
    let mut names: Vec<String> = [REF_NAME, IMAGE_NAME].iter().filter_map(name).collect();
    names.dedup();
    names
}
