//! The documents of an image, with their fields in the order in which they are written.

use std::collections::BTreeMap;

use rootfs_tree::{Time, Tree};
use serde::{Deserialize, Serialize};

use super::OciOptions;
use crate::calendar::rfc3339;

pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(super) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// The tag of a manifest in a layout's index.
pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";
const CREATED: &str = "org.opencontainers.image.created";

/// A reference to a blob. What others have in theirs and isn't known here is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Descriptor {
    #[serde(rename = "mediaType")]
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) platform: Option<Platform>,
    #[serde(flatten)]
    pub(super) others: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Platform {
    pub(super) architecture: String,
    pub(super) os: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) variant: Option<String>,
    #[serde(flatten)]
    others: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Index {
    #[serde(rename = "schemaVersion")]
    pub(super) schema_version: u32,
    #[serde(rename = "mediaType", default = "index_type")]
    pub(super) media_type: String,
    pub(super) manifests: Vec<Descriptor>,
    #[serde(flatten)]
    pub(super) others: BTreeMap<String, serde_json::Value>,
}

fn index_type() -> String {
    INDEX.to_owned()
}

#[derive(Debug, Serialize)]
pub(super) struct Manifest {
    #[serde(rename = "schemaVersion")]
    pub(super) schema_version: u32,
    #[serde(rename = "mediaType")]
    pub(super) media_type: &'static str,
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
    pub(super) annotations: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
struct Config<'a> {
    created: String,
    architecture: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
    os: &'static str,
    config: Execution<'a>,
    rootfs: Rootfs,
    history: [History<'a>; 1],
}

#[derive(Debug, Serialize)]
struct Execution<'a> {
    #[serde(rename = "Env")]
    environment: &'a [String],
    #[serde(rename = "Cmd", skip_serializing_if = "<[String]>::is_empty")]
    command: &'a [String],
    #[serde(rename = "Labels", skip_serializing_if = "BTreeMap::is_empty")]
    labels: &'a BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
struct Rootfs {
    #[serde(rename = "type")]
    kind: &'static str,
    diff_ids: [String; 1],
}

#[derive(Debug, Serialize)]
struct History<'a> {
    created: String,
    created_by: &'a str,
}

impl Descriptor {
    pub(super) fn new(media_type: &str, digest: &str, size: u64) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: digest.to_owned(),
            size,
            annotations: BTreeMap::new(),
            platform: None,
            others: BTreeMap::new(),
        }
    }

    pub(super) fn tag(&self) -> Option<&String> {
        self.annotations.get(REF_NAME)
    }
}

impl Platform {
    pub(super) fn of(options: &OciOptions) -> Self {
        Self {
            architecture: options.architecture.clone(),
            os: "linux".to_owned(),
            variant: options.variant.clone(),
            others: BTreeMap::new(),
        }
    }
}

/// When the image was made.
pub(super) fn created(tree: &Tree, options: &OciOptions) -> Time {
    options.created.unwrap_or_else(|| tree.newest_mtime())
}

/// The configuration, with the sum of the plain layer.
pub(super) fn config(tree: &Tree, options: &OciOptions, diff_id: String) -> Result<Vec<u8>, serde_json::Error> {
    let created = rfc3339(created(tree, options));
    serde_json::to_vec(&Config {
        created: created.clone(),
        architecture: &options.architecture,
        variant: options.variant.as_deref(),
        os: "linux",
        config: Execution { environment: &options.environment, command: &options.command, labels: &options.annotations },
        rootfs: Rootfs { kind: "layers", diff_ids: [diff_id] },
        history: [History { created, created_by: &options.created_by }],
    })
}

/// What is said of the image, and when it was made.
pub(super) fn annotations(tree: &Tree, options: &OciOptions) -> BTreeMap<String, String> {
    let mut annotations = options.annotations.clone();
    annotations.entry(CREATED.to_owned()).or_insert_with(|| rfc3339(created(tree, options)));
    annotations
}
