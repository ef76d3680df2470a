use super::ContainerError;
use super::blob::parse;
use super::choice::ContainerPlatform;
use super::digest::BlobDigest;
use super::documents::{
    CONFIG, DOCKER_CONFIG, DOCKER_INDEX, DOCKER_MANIFEST, Descriptor, INDEX, INDEX_MOST, INDEX_NAME, Listed, MANIFEST, MANIFEST_MOST, MARK,
    Manifest, Mark, REFERENCE_TYPE, names,
};
use super::parts::Parts;

/// Indexes in indexes: a layout's has one of the platforms, as a rule.
const DEPTH_MOST: usize = 8;
/// Entries of all indexes together, those that are indexes among them.
const ENTRIES_MOST: usize = 10_000;
/// Bytes of all indexes together: an index may be there many times.
const INDEXES_MOST: u64 = 64 << 20;
/// Longest mark of a layout, in bytes.
const MARK_MOST: u64 = 4096;
/// The version of layouts; there is no other yet.
const VERSION: &str = "1.";

/// What an index, or Docker's list, says there is.
#[derive(Debug, Clone)]
pub struct ContainerEntry {
    /// Tags, or names with tags.
    pub names: Vec<String>,
    /// What it is for, if that is said.
    pub platform: Option<ContainerPlatform>,
    /// Whether it is the image of a container, and no signature, list of materials or the like.
    pub is_image: bool,
    /// `sha256:…` of the manifest, which is the image's identity in registries, or of its configuration, which is Docker's.
    pub digest: String,
    pub(super) place: Place,
}

/// Where more is said of it.
#[derive(Debug, Clone)]
pub(super) enum Place {
    Manifest(Descriptor),
    Listed(Listed),
}

/// What is in a layout's index, and in those that it refers to.
pub(super) fn of_layout(parts: &Parts) -> Result<Vec<ContainerEntry>, ContainerError> {
    let wrong = |name: &str, reason: &str| ContainerError::Document { name: name.to_owned(), reason: reason.to_owned() };
    let mark: Mark = parse(MARK, &parts.read(MARK, MARK_MOST)?)?;
    if !mark.version.starts_with(VERSION) {
        return Err(wrong(MARK, "only version 1 of layouts is known"));
    }
    let index: Manifest = parse(INDEX_NAME, &parts.read(INDEX_NAME, INDEX_MOST)?)?;
    let Some(manifests) = check(INDEX_NAME, &index, None)? else { return Err(wrong(INDEX_NAME, "it is no index")) };
    let mut entries = Vec::new();
    let mut pending: Vec<(Descriptor, Vec<String>, usize)> =
        manifests.iter().rev().map(|one| (one.clone(), names(&one.annotations), 0)).collect();
    let (mut known, mut bytes) = (pending.len(), 0_u64);
    while let Some((descriptor, names_so_far, depth)) = pending.pop() {
        if known > ENTRIES_MOST {
            return Err(ContainerError::TooMuch { what: "entries of indexes", limit: ENTRIES_MOST as u64 });
        }
        if !matches!(descriptor.media_type.as_str(), INDEX | DOCKER_INDEX) {
            entries.push(entry(descriptor, names_so_far));
            continue;
        }
        if depth == DEPTH_MOST {
            return Err(ContainerError::TooMuch { what: "indexes in indexes", limit: DEPTH_MOST as u64 });
        }
        bytes = bytes.saturating_add(descriptor.size);
        if bytes > INDEXES_MOST {
            return Err(ContainerError::TooMuch { what: "bytes of indexes", limit: INDEXES_MOST });
        }
        let (name, index) = manifest(parts, &descriptor)?;
        let Some(manifests) = check(&name, &index, Some(&descriptor.media_type))? else { return Err(wrong(&name, "it is no index")) };
        known = known.saturating_add(manifests.len());
        for one in manifests.iter().rev() {
            let own = names(&one.annotations);
            pending.push((one.clone(), if own.is_empty() { names_so_far.clone() } else { own }, depth + 1));
        }
    }
    Ok(entries)
}

fn entry(descriptor: Descriptor, names: Vec<String>) -> ContainerEntry {
    let platform = descriptor.platform.as_ref().map(ContainerPlatform::of);
    let is_manifest = matches!(descriptor.media_type.as_str(), MANIFEST | DOCKER_MANIFEST);
    let is_known = platform.as_ref().is_none_or(|platform| platform.architecture != "unknown");
    let is_image = is_manifest && is_known && !descriptor.annotations.contains_key(REFERENCE_TYPE) && !is_artifact(&descriptor);
    ContainerEntry { names, platform, is_image, digest: descriptor.digest.clone(), place: Place::Manifest(descriptor) }
}

/// Whether an index says already that a manifest is that of something else.
fn is_artifact(descriptor: &Descriptor) -> bool {
    let kind = descriptor.others.get("artifactType").and_then(serde_json::Value::as_str);
    kind.is_some_and(|kind| !matches!(kind, "" | CONFIG | DOCKER_CONFIG))
}

/// Reads what a descriptor refers to; its name and its fields.
pub(super) fn manifest(parts: &Parts, descriptor: &Descriptor) -> Result<(String, Manifest), ContainerError> {
    let digest: BlobDigest = descriptor.digest.parse()?;
    let name = digest.path();
    let bytes = parts.read_verified(&name, &digest, MANIFEST_MOST)?;
    if bytes.len() as u64 != descriptor.size {
        return Err(ContainerError::Length { name, expected: descriptor.size, found: bytes.len() as u64 });
    }
    let manifest = parse(&name, &bytes)?;
    Ok((name, manifest))
}

/// What an index lists; nothing when it is a manifest. A document that could be read as either, or is another than who refers to it says, is refused: two
/// programs would see two images in it.
pub(super) fn check<'a>(name: &str, found: &'a Manifest, expected: Option<&str>) -> Result<Option<&'a [Descriptor]>, ContainerError> {
    let wrong = |reason: &str| ContainerError::Document { name: name.to_owned(), reason: reason.to_owned() };
    if found.schema_version != 2 {
        return Err(wrong("only version 2 of manifests is known"));
    }
    if let (Some(own), Some(expected)) = (&found.media_type, expected)
        && own != expected
    {
        return Err(wrong("its type is another than what refers to it says"));
    }
    let is_index = found.media_type.as_deref().or(expected).map(|kind| matches!(kind, INDEX | DOCKER_INDEX));
    match (&found.manifests, found.layers.is_some() || found.config.is_some()) {
        (Some(_), true) => Err(wrong("it is an index and a manifest at once")),
        (Some(manifests), false) if is_index != Some(false) => Ok(Some(manifests)),
        (None, true) if is_index != Some(true) => Ok(None),
        _ => Err(wrong("it has not what its type says")),
    }
}
