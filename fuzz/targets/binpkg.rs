//! A Gentoo package in either format: one of its parts, in a package whose other parts and hashes are sound, or all of it.
#![no_main]

use std::io::Cursor;

use rootfs_package::portage::binary::{Trust, read_binary};
use sha2::{Digest as _, Sha512};

#[path = "../seeds/binpkg.rs"]
#[allow(dead_code, reason = "the seeds are for those who start the search")]
mod seeds;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let (kind, bytes) = input.split_first().unwrap_or((&seeds::WHOLE, &[]));
    let package = match *kind {
        seeds::IMAGE => sound(&seeds::metadata(), bytes),
        seeds::METADATA => sound(bytes, &[0; 1024]),
        seeds::MANIFEST => gpkg(&seeds::metadata(), &[0; 1024], bytes),
        seeds::XPAK => {
            let length = u32::try_from(bytes.len() + 8).unwrap_or(0);
            [&[0; 1024], bytes, b"XPAKSTOP", &length.to_be_bytes(), b"STOP"].concat()
        }
        _ => bytes.to_vec(),
    };
    // What is read may be larger than what was given, but the reader has limits of its own.
    let _ = read_binary(Cursor::new(&package), package.len() as u64, Trust::Pinned, &mut std::io::sink());
});

/// With a Manifest that holds.
fn sound(metadata: &[u8], image: &[u8]) -> Vec<u8> {
    let line = |name: &str, content: &[u8]| {
        let hex: String = Sha512::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("DATA {name} {} SHA512 {hex}\n", content.len())
    };
    let manifest = [line("gpkg-1", b""), line("metadata.tar", metadata), line("image.tar", image)].concat();
    gpkg(metadata, image, manifest.as_bytes())
}

fn gpkg(metadata: &[u8], image: &[u8], manifest: &[u8]) -> Vec<u8> {
    seeds::gpkg(&[("gpkg-1", b""), ("metadata.tar", metadata), ("image.tar", image), ("Manifest", manifest)])
}
