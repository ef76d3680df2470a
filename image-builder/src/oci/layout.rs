use std::io::Write as _;
use std::path::{Path, PathBuf};

use rootfs_tree::Tree;
use rustix::fs::{FlockOperation, flock};

use super::documents::{CONFIG, Descriptor, INDEX, Index, MANIFEST, Manifest, Platform, REF_NAME, annotations, config};
use super::layer::{self, digest_of};
use super::{OciError, OciImage, OciOptions};
use crate::progress::Progress;
use crate::stream::Compression;

/// What says that a directory is a layout.
pub(super) const MARK: &str = "oci-layout";
const MARK_TEXT: &str = "{\"imageLayoutVersion\":\"1.0.0\"}";
pub(super) const INDEX_NAME: &str = "index.json";
const BLOBS: &str = "blobs/sha256";
/// Longest index that is read, in bytes.
pub(super) const INDEX_MOST: u64 = 16 << 20;

/// Writes a new layout with one image into a directory that is not there yet.
///
/// # Errors
/// When the tree has what a layer can't hold, or the disk refuses. The directory is then of no use.
pub fn write_oci_layout(tree: &Tree, options: &OciOptions, directory: &Path, progress: &dyn Progress) -> Result<OciImage, OciError> {
    let media_type = match options.compression {
        Compression::None => "application/vnd.oci.image.layer.v1.tar",
        Compression::Gzip { .. } => "application/vnd.oci.image.layer.v1.tar+gzip",
        Compression::Zstd { .. } => "application/vnd.oci.image.layer.v1.tar+zstd",
        Compression::Xz { .. } => return Err(OciError::Compression { packing: "xz" }),
    };
    let blobs = directory.join(BLOBS);
    fs_err::create_dir_all(&blobs)?;
    let unnamed = blobs.join("layer");
    let layer = layer::write(tree, &unnamed, options.compression, progress)?;
    fs_err::rename(&unnamed, blob(directory, &layer.digest))?;
    let put = |bytes: &[u8]| -> Result<(String, u64), OciError> {
        let digest = digest_of(bytes);
        fs_err::write(blob(directory, &digest), bytes)?;
        Ok((digest, bytes.len() as u64))
    };
    let (config_digest, config_size) = put(&config(tree, options, layer.diff_id).map_err(std::io::Error::from)?)?;
    let manifest = Manifest {
        schema_version: 2,
        media_type: MANIFEST,
        config: Descriptor::new(CONFIG, &config_digest, config_size),
        layers: vec![Descriptor::new(media_type, &layer.digest, layer.size)],
        annotations: annotations(tree, options),
    };
    let (digest, size) = put(&serde_json::to_vec(&manifest).map_err(std::io::Error::from)?)?;
    let mut entry = Descriptor { platform: Some(Platform::of(options)), ..Descriptor::new(MANIFEST, &digest, size) };
    entry.annotations.extend(options.reference.iter().map(|tag| (REF_NAME.to_owned(), tag.clone())));
    let index = Index { schema_version: 2, media_type: INDEX.to_owned(), manifests: vec![entry], others: Default::default() };
    fs_err::write(directory.join(INDEX_NAME), serde_json::to_vec(&index).map_err(std::io::Error::from)?)?;
    fs_err::write(directory.join(MARK), MARK_TEXT)?;
    Ok(OciImage { digest, size: layer.size + config_size + size })
}

/// Moves the images of a new layout into one that is there, on the same filesystem. An image takes the place of the one with its tag; the index is exchanged
/// last, so that whoever reads meanwhile finds one or the other. Blobs that nothing refers to any more stay, as they may be others'.
///
/// # Errors
/// When what is there is no layout, or the disk refuses; the index is then as it was.
pub fn merge_oci_layout(new: &Path, into: &Path) -> Result<(), OciError> {
    // One at a time: two would each forget what the other has added.
    let turn = fs_err::File::open(into.join(MARK))?;
    let _without_locks = flock(&turn, FlockOperation::LockExclusive);
    let added = read_index(new)?;
    let mut index = read_index(into)?;
    let blobs = into.join(BLOBS);
    fs_err::create_dir_all(&blobs)?;
    for entry in fs_err::read_dir(new.join(BLOBS))? {
        let entry = entry?;
        fs_err::rename(entry.path(), blobs.join(entry.file_name()))?;
    }
    for entry in added.manifests {
        index.manifests.retain(|known| known.tag() != entry.tag());
        index.manifests.push(entry);
    }
    let next = into.join(".index.json.partial");
    let mut file = fs_err::File::create(&next)?;
    file.write_all(&serde_json::to_vec(&index).map_err(std::io::Error::from)?)?;
    fs_err::rename(&next, into.join(INDEX_NAME))?;
    Ok(())
}

fn read_index(directory: &Path) -> Result<Index, OciError> {
    let path = directory.join(INDEX_NAME);
    let wrong = |reason: String| OciError::Layout { path: path.display().to_string(), reason };
    let length = fs_err::metadata(&path).map_err(|error| wrong(error.to_string()))?.len();
    if length > INDEX_MOST {
        return Err(wrong(format!("it has {length} bytes")));
    }
    serde_json::from_slice(&fs_err::read(&path)?).map_err(|error| wrong(error.to_string()))
}

/// Where a blob is by its digest.
fn blob(directory: &Path, digest: &str) -> PathBuf {
    directory.join(BLOBS).join(digest.trim_start_matches("sha256:"))
}
