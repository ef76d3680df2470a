//! A package: ar, the compressions, both tars, and the rules for their members.
#![no_main]

use rootfs_package::deb::read_deb;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // What is read may be larger than what was given, but the reader has limits of its own.
    let _ = read_deb(bytes, bytes.len() as u64, &mut std::io::sink());
});
