//! What `docker save` writes (`image/spec/v1.2.md` of Moby), of any version: layers are members of their own, or links to them.

use super::ContainerError;
use super::blob::parse;
use super::digest::BlobDigest;
use super::documents::{INDEX_MOST, Listed};
use super::entries::{ContainerEntry, Place};
use super::parts::Parts;

const MANIFEST_NAME: &str = "manifest.json";

/// Whether an archive has Docker's list of images, and not just a file of this name.
pub(super) fn is_one(parts: &Parts) -> Result<bool, ContainerError> {
    if !parts.has(MANIFEST_NAME) || parts.open(MANIFEST_NAME)?.length > INDEX_MOST {
        return Ok(false);
    }
    let bytes = parts.read(MANIFEST_NAME, INDEX_MOST)?;
    let is_list = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let has = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
    Ok(is_list && has(b"\"Layers\"") && has(b"\"Config\""))
}

/// The images of the list.
pub(super) fn entries(parts: &Parts) -> Result<Vec<ContainerEntry>, ContainerError> {
    let listed: Vec<Listed> = parse(MANIFEST_NAME, &parts.read(MANIFEST_NAME, INDEX_MOST)?)?;
    Ok(listed.into_iter().map(entry).collect())
}

fn entry(listed: Listed) -> ContainerEntry {
    let digest = digest_in(&listed.config).map_or_else(|| listed.config.clone(), |digest| digest.to_string());
    ContainerEntry { names: listed.repo_tags.clone(), platform: None, is_image: true, digest, place: Place::Listed(listed) }
}

/// The digest that a member's name says its content has: `DIGITS.json`, `blobs/sha256/DIGITS`. Other names say none that could be held
/// against what is there, since a layer may be packed.
pub(super) fn digest_in(name: &str) -> Option<BlobDigest> {
    let last = name.strip_prefix("blobs/sha256/").unwrap_or(name);
    BlobDigest::sha256(last.strip_suffix(".json").unwrap_or(last)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_digests() {
        let digits = "a1".repeat(32);
        for name in [format!("{digits}.json"), format!("blobs/sha256/{digits}")] {
            assert_eq!(digest_in(&name).unwrap().to_string(), format!("sha256:{digits}"));
        }
        for name in [format!("{digits}/layer.tar"), format!("{digits}.tar"), "config.json".to_owned()] {
            assert_eq!(digest_in(&name), None);
        }
    }
}
