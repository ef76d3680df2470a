use std::io::Write as _;
use std::path::{Path, PathBuf};

use rootfs_image::{Compression, Encoder};
use rootfs_tree::{Kind, Tree};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::forest::node;

pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(super) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(super) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// A layout that is made by hand.
pub(super) struct Maker {
    directory: TempDir,
}

impl Maker {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(directory.path().join("blobs/sha256")).unwrap();
        fs_err::write(directory.path().join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).unwrap();
        Self { directory }
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Keeps bytes under their digest; what refers to them.
    pub(super) fn blob(&self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = digest(bytes);
        fs_err::write(self.path().join("blobs").join(digest.replace(':', "/")), bytes).unwrap();
        json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
    }

    pub(super) fn document(&self, media_type: &str, document: &Value) -> Value {
        self.blob(media_type, &serde_json::to_vec(document).unwrap())
    }

    /// An image of these layers, packed or not; its manifest.
    pub(super) fn manifest(&self, architecture: &str, layers: &[&[u8]]) -> Value {
        let diff_ids: Vec<String> = layers.iter().map(|layer| digest(&plain(layer))).collect();
        let config = json!({ "os": "linux", "architecture": architecture, "rootfs": { "type": "layers", "diff_ids": diff_ids } });
        let layers: Vec<Value> = layers.iter().map(|layer| self.blob(LAYER, layer)).collect();
        json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": self.document(CONFIG, &config), "layers": layers })
    }

    /// A layout of one image.
    pub(super) fn image(&self, tag: &str, layers: &[&[u8]]) {
        let manifest = self.manifest("amd64", layers);
        self.index(&[tagged(self.document(MANIFEST, &manifest), tag)]);
    }

    /// A layout of these.
    pub(super) fn index(&self, manifests: &[Value]) {
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
        fs_err::write(self.path().join("index.json"), index.to_string()).unwrap();
    }

    /// The layout as a tar, which lies in it.
    pub(super) fn archive(&self) -> PathBuf {
        let options = rootfs_tree::ScanOptions { hash: false, known: None };
        let tar = tar_of(&Tree::scan(self.path(), &options).unwrap());
        let path = self.path().join("archive.tar");
        fs_err::write(&path, tar).unwrap();
        path
    }
}

pub(super) fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

pub(super) fn tagged(mut descriptor: Value, tag: &str) -> Value {
    descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
    descriptor
}

pub(super) fn on_platform(mut descriptor: Value, architecture: &str, variant: Option<&str>) -> Value {
    descriptor["platform"] = json!({ "os": "linux", "architecture": architecture });
    if let Some(variant) = variant {
        descriptor["platform"]["variant"] = variant.into();
    }
    descriptor
}

pub(super) fn place(tree: &mut Tree, path: &str, text: &str) {
    tree.place(path.as_bytes(), node(Kind::inline(text.as_bytes()))).unwrap();
}

pub(super) fn tar_of(tree: &Tree) -> Vec<u8> {
    let mut tar = Vec::new();
    tree.write_tar(&mut tar).unwrap();
    tar
}

/// A tar without its first entry, which is the root's.
pub(super) fn without_root(tar: &[u8]) -> Vec<u8> {
    assert!(tar.starts_with(b"./\0"));
    tar[512..].to_vec()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    packed(bytes, Compression::GZIP)
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    packed(bytes, Compression::Zstd { level: 3 })
}

fn packed(bytes: &[u8], compression: Compression) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new(), compression).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn plain(layer: &[u8]) -> Vec<u8> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    match layer {
        [0x1f, 0x8b, ..] => flate2::read::MultiGzDecoder::new(layer).read_to_end(&mut bytes).map(drop).unwrap(),
        [0x28, 0xb5, ..] => bytes = ::zstd::decode_all(layer).unwrap(),
        _ => bytes.extend_from_slice(layer),
    }
    bytes
}
