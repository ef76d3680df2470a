//! An image of any kind, looked at and verified by itself and by a root hash: nothing that it says is believed.
#![no_main]

use rootfs_image::inspect::{Inspection, KnownRootHash, Verification};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let inspection = Inspection::of(&bytes).expect("memory can be read");
    let line = "root_hash=0000000000000000000000000000000000000000000000000000000000000000,salt=-,data_blocks=2,data_block_size=4096,hash_block_size=4096";
    let known = [None, Some(KnownRootHash::Digest([0; 32])), line.parse().ok().map(KnownRootHash::Parameters)];
    for known in &known {
        let verification = Verification::of(&bytes, &inspection, known.as_ref()).expect("memory can be read");
        assert!(known.is_none() || !verification.is_sound(), "no hashes are zeros");
    }
});
