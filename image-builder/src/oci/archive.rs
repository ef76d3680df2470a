use std::io::{BufWriter, Write as _};
use std::path::Path;

use fs_err::File;
use rootfs_tree::{Content, FileContent, Kind, Layer, Metadata, Node, Tree};
use serde::Serialize;

use super::documents::{config, created};
use super::layer::{self, digest_of};
use super::{OciError, OciImage, OciOptions};
use crate::progress::Progress;
use crate::stream::{Compression, Encoder};

/// An image in an archive (`image/spec/v1.2.md` of Moby).
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    config: String,
    repo_tags: Option<[&'a str; 1]>,
    layers: [String; 1],
}

/// Writes what `docker load` takes into a new file. The layer is written into `stage` first, a directory: a tar wants its length before it.
///
/// # Errors
/// When the tree has what a layer can't hold, or the disk refuses.
pub fn write_docker_archive(
    tree: &Tree,
    options: &OciOptions,
    path: &Path,
    stage: &Path,
    progress: &dyn Progress,
) -> Result<OciImage, OciError> {
    if !matches!(options.compression, Compression::None | Compression::Gzip { .. }) {
        return Err(OciError::Compression { packing: "anything but gzip in a docker-archive" });
    }
    let plain = stage.join("layer.tar");
    let layer = layer::write(tree, &plain, Compression::None, progress)?;
    let config = config(tree, options, layer.diff_id.clone()).map_err(std::io::Error::from)?;
    let digest = digest_of(&config);
    let hex = |digest: &str| digest.trim_start_matches("sha256:").to_owned();
    let names = (format!("{}.json", hex(&digest)), format!("{}.tar", hex(&layer.diff_id)));
    let entry = Entry { config: names.0.clone(), repo_tags: options.reference.as_deref().map(|name| [name]), layers: [names.1.clone()] };
    let manifest = serde_json::to_vec(&[entry]).map_err(std::io::Error::from)?;

    let time = created(tree, options);
    let mut archive = Tree::new(Metadata::root(0o755, time));
    let id = archive.add_layer(Layer { path: plain.clone() });
    let content = FileContent { length: layer.size, content: Content::At { layer: id, offset: 0 }, sha256: None, dense: false };
    let kinds = [(names.0, Kind::inline(config)), (names.1, Kind::File(content)), ("manifest.json".to_owned(), Kind::inline(manifest))];
    for (name, kind) in kinds {
        let node = Node { metadata: Metadata::root(0o644, time), kind, package: None };
        archive.place(format!("/{name}").as_bytes(), node)?;
    }
    let mut out = Encoder::new(BufWriter::with_capacity(1 << 20, File::create(path)?), options.compression)?;
    archive.write_tar(&mut out)?;
    out.finish()?.flush()?;
    fs_err::remove_file(&plain)?;
    Ok(OciImage { digest, size: fs_err::metadata(path)?.len() })
}
