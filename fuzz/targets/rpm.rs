//! An RPM package: its headers, or its payload behind headers that are always sound.
#![no_main]

use rootfs_package::rpm::package::{Trust, read_rpm};

#[path = "../seeds/rpm.rs"]
#[allow(dead_code, reason = "the seeds are for those who start the search")]
mod seeds;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let package = seeds::package(input);
    let _ = read_rpm(&package[..], package.len() as u64, Trust::Pinned, &mut std::io::sink());
});
