//! Images of containers, written with one layer: as an OCI layout (image-spec, `image-layout.md`, `manifest.md`, `config.md`) and as the archive that
//! `docker load` takes. Everything in them comes from the tree and the options, so that the same tree has the same digests. [`read`] takes others', too.

mod archive;
mod documents;
mod layer;
mod layout;
mod read;

use std::collections::BTreeMap;
use std::io;

use rootfs_tree::{Time, TreeError};

pub use archive::write_docker_archive;
pub use layout::{merge_oci_layout, write_oci_layout};
pub use read::{
    ContainerChoice, ContainerEntry, ContainerError, ContainerForm, ContainerImage, ContainerLayer, ContainerPlatform, Containers,
};

use crate::stream::Compression;

/// What a container's image says of itself.
#[derive(Debug, Clone, Default)]
pub struct OciOptions {
    /// As Go calls it: `amd64`, `arm64`.
    pub architecture: String,
    /// Of the architecture: `v7`, `v8`.
    pub variant: Option<String>,
    /// When it was made; without it, the newest time in the tree.
    pub created: Option<Time>,
    /// What a container runs when nothing is said.
    pub command: Vec<String>,
    /// `NAME=VALUE`, in this order.
    pub environment: Vec<String>,
    /// What made the layer, for its history.
    pub created_by: String,
    /// `org.opencontainers.image.title`, say.
    pub annotations: BTreeMap<String, String>,
    /// The tag in a layout, or the name with its tag in an archive.
    pub reference: Option<String>,
    /// How the layer is packed in a layout, or an archive as a whole.
    pub compression: Compression,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OciImage {
    /// `sha256:…` of the manifest; of the configuration in an archive, which is the image's identity there.
    pub digest: String,
    /// Bytes of all parts.
    pub size: u64,
}

/// Why a tree can't become an image of a container.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum OciError {
    /// The tree has what no tar can hold, or its contents can't be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The disk refuses.
    #[error("can't write the image")]
    Io(#[from] io::Error),
    /// In a layer, a name like this says that something is gone.
    #[error("`{path}` can't be in an image of containers: there, `.wh.` begins the name of a mark")]
    Mark { path: String },
    /// Layers are packed with gzip or zstd, or not.
    #[error("a layer can't be packed with {packing}")]
    Compression { packing: &'static str },
    /// What stands in a layout is not what should.
    #[error("`{path}` is not as in an OCI layout: {reason}")]
    Layout { path: String, reason: String },
}
