//! What is found in images, ours and others', and that damage is found.

mod archives;
mod damage;
mod foreign;
mod ours;
#[path = "../../../fuzz/seeds/inspect.rs"]
mod seeds;

use std::path::Path;

use rootfs_image::FileSource;
use rootfs_image::inspect::{Content, DiskFacts, InspectError, Inspection, KnownRootHash, Verification};

fn inspect(image: &Path) -> Inspection {
    Inspection::of(&FileSource::open(image).unwrap()).unwrap()
}

fn disk(inspection: &Inspection) -> &DiskFacts {
    if let Content::Disk(disk) = &inspection.content { disk } else { panic!("no disk: {inspection:?}") }
}

fn verify(image: &Path, known: Option<&KnownRootHash>) -> Verification {
    let source = FileSource::open(image).unwrap();
    Verification::of(&source, &Inspection::of(&source).unwrap(), known).unwrap()
}

fn verify_bytes(bytes: &[u8], known: Option<&KnownRootHash>) -> Result<Verification, InspectError> {
    Verification::of(&bytes, &Inspection::of(&bytes)?, known)
}

/// What is wrong, one line each.
fn told(verification: &Verification) -> Vec<String> {
    let line = |problem: &rootfs_image::inspect::Problem| format!("{}: {}", problem.what, problem.flaw);
    verification.problems.iter().map(line).collect()
}

fn assert_sound(verification: &Verification) {
    assert!(verification.is_sound(), "{:?}", told(verification));
}

/// Whether something that was sound is found to be damaged once these bytes are others.
fn assert_each_matters(bytes: &[u8], known: Option<&KnownRootHash>, places: impl IntoIterator<Item = usize>) {
    assert_sound(&verify_bytes(bytes, known).unwrap());
    let mut damaged = bytes.to_vec();
    for at in places {
        damaged[at] ^= 0x41;
        assert!(!verify_bytes(&damaged, known).unwrap().is_sound(), "byte {at} does not matter");
        damaged[at] ^= 0x41;
    }
}

#[test]
fn every_seed_is_sound() {
    for (name, bytes) in seeds::seeds() {
        let verification = verify_bytes(&bytes, None).unwrap();
        assert!(verification.is_sound(), "{name}: {:?}", told(&verification));
    }
}
