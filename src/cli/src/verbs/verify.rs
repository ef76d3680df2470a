use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_image::inspect::{Inspection, KnownRootHash, Verification};
use rootfs_image::{ContainerError, RootHash};

use super::inspect::{FoundContainers, open};
use super::{print, print_json};
use crate::args::VerifyArgs;
use crate::failure::{Exit, Failure};
use crate::image_record::{ImageRecord, root_hash_path};
use crate::report::{verification_json, verified_containers_json, write_verification, write_verified_containers};
use crate::tree_source::Watch;

/// Longest file with a root hash, in bytes: Kata's line with the longest salt.
const LONGEST: u64 = 4096;

pub(super) fn run(args: &VerifyArgs, interrupted: &Arc<AtomicBool>) -> Result<Exit, Failure> {
    if let Some(found) = FoundContainers::named(&args.file, interrupted)? {
        return verify_containers(&found, args, interrupted);
    }
    let source = open(&args.file, Arc::clone(interrupted))?;
    let inspection = Inspection::of(&source).map_err(|error| source.failed(&args.file, &error))?;
    if let Some(found) = FoundContainers::inside(&args.file, &inspection, interrupted)? {
        return verify_containers(&found, args, interrupted);
    }
    let known = match &args.root_hash {
        Some(said) => Some(said_root_hash(said)?),
        None => root_hash_beside(&args.file)?,
    };
    let verification = Verification::of(&source, &inspection, known.as_ref()).map_err(|error| source.failed(&args.file, &error))?;
    if args.json {
        print_json(&verification_json(&verification))?;
    } else {
        print(&write_verification(&args.file, &verification))?;
    }
    match (verification.problems.is_empty(), verification.checked.is_empty()) {
        (false, _) => Ok(Exit::Findings),
        (true, false) => Ok(Exit::Done),
        (true, true) => Err(Failure::new(format!("nothing in `{}` can be verified", args.file.display()))),
    }
}

/// Holds every image's manifest, configuration and layers against their digests.
fn verify_containers(found: &FoundContainers, args: &VerifyArgs, interrupted: &Arc<AtomicBool>) -> Result<Exit, Failure> {
    if args.root_hash.is_some() {
        let hint = "what has hashes of dm-verity is a disk".to_owned();
        return Err(Failure::new("--root-hash says nothing of images of containers").hint(Some(hint)).exit(Exit::Usage));
    }
    let mut verified = Vec::new();
    for entry in found.entries()?.into_iter().filter(|entry| entry.is_image) {
        let result = found.containers.open(entry).and_then(|image| {
            found.containers.verify(&image, &Watch(interrupted))?;
            Ok(image.layers.len())
        });
        if let Err(ContainerError::Cancelled) = result {
            return Err(Failure::new("interrupted").exit(Exit::Interrupted));
        }
        verified.push((entry, result));
    }
    if args.json {
        print_json(&verified_containers_json(&verified))?;
    } else {
        print(&write_verified_containers(&args.file, &verified))?;
    }
    match (verified.iter().all(|(_, result)| result.is_ok()), verified.is_empty()) {
        (false, _) => Ok(Exit::Findings),
        (true, false) => Ok(Exit::Done),
        (true, true) => Err(Failure::new(format!("nothing in `{}` can be verified", args.file.display()))),
    }
}

/// Of `--root-hash`: the hash itself, Kata's line, or a file with either.
fn said_root_hash(said: &str) -> Result<KnownRootHash, Failure> {
    if let Some(known) = parse(said) {
        return Ok(known);
    }
    if !Path::new(said).exists() {
        let hint = "give 64 hexadecimal digits, or the path of a file with them or with Kata's line (root_hash=…,salt=…)";
        return Err(Failure::new(format!("`{said}` is no root hash and no file")).hint(Some(hint.to_owned())).exit(Exit::Usage));
    }
    read(Path::new(said))
}

/// What `rootfs-gen image` put beside an image.
fn root_hash_beside(image: &Path) -> Result<Option<KnownRootHash>, Failure> {
    let path = root_hash_path(image);
    if path.is_file() {
        return read(&path).map(Some);
    }
    let record = ImageRecord::read(image)?.and_then(|record| record.verity);
    record.map(|verity| parse(&verity.parameters).ok_or_else(|| no_root_hash(&format!("{}.json", image.display())))).transpose()
}

fn read(path: &Path) -> Result<KnownRootHash, Failure> {
    let mut text = String::new();
    let file = fs_err::File::open(path).map_err(|error| Failure::of(&error))?;
    file.take(LONGEST).read_to_string(&mut text).map_err(|error| Failure::of(&error))?;
    parse(&text).ok_or_else(|| no_root_hash(&path.display().to_string()))
}

fn no_root_hash(name: &str) -> Failure {
    Failure::new(format!("there is no root hash in `{name}`"))
}

fn parse(text: &str) -> Option<KnownRootHash> {
    let text = text.trim();
    if let Ok(root) = text.parse::<RootHash>() {
        return Some(KnownRootHash::Parameters(root));
    }
    text.to_lowercase().parse::<rootfs_tree::Digest>().ok().map(|digest| KnownRootHash::Digest(digest.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_hashes_in_all_their_forms() {
        let hash = "ab".repeat(32);
        assert_eq!(parse(&format!("{}\n", hash.to_uppercase())), Some(KnownRootHash::Digest([0xAB; 32])));
        let line = format!("root_hash={hash},salt=-,data_blocks=2,data_block_size=4096,hash_block_size=4096");
        assert!(matches!(parse(&line), Some(KnownRootHash::Parameters(root)) if root.hex() == hash));
        assert_eq!(["", "ab", &hash[1..]].map(parse), [const { None }; 3]);
        assert_eq!(said_root_hash("./gone").unwrap_err().exit, Exit::Usage);
    }
}
