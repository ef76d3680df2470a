//! An Alpine package: its control archive or its files' archive, behind gzip members that are always sound.
#![no_main]

use rootfs_package::apk::{Sha1Sum, Trust, read_apk};

#[path = "../seeds/apk.rs"]
#[allow(dead_code, reason = "the seeds are for those who start the search")]
mod seeds;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let (control, package) = seeds::package(input);
    let trust = Trust::Identity(Sha1Sum::of(&control));
    // What is read may be larger than what was given, but the reader has limits of its own.
    let _ = read_apk(&package[..], package.len() as u64, trust, &mut std::io::sink());
});
