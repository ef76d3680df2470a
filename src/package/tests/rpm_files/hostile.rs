//! Packages that somebody has broken: each is refused, or is what it was, and nothing falls over.

use rootfs_package::rpm::package::{Trust, read_rpm};
use rootfs_tests::{Failed, RpmPackage, ensure};

use crate::contents::Case;

pub(crate) const CASES: &[Case] = &[
    ("hostile::bytes are changed", changed),
    ("hostile::a package is cut off", cut),
    ("hostile::names lead nowhere", names),
    ("hostile::the search begins with sound packages", seeds),
];

fn made(package: &RpmPackage) -> Result<Vec<u8>, Failed> {
    let directory = tempfile::tempdir()?;
    package.build(directory.path())?;
    Ok(fs_err::read(crate::only(directory.path()))?)
}

fn changed() -> Result<(), Failed> {
    let good = made(&crate::sample().says("%global _binary_payload w.ufdio"))?;
    let read = |bytes: &[u8]| read_rpm(bytes, bytes.len() as u64, Trust::Pinned, &mut std::io::sink());
    let expected = read(&good).unwrap();
    let mut refused = 0;
    for at in 0..good.len().min(12_000) {
        for bit in [1, 0x80] {
            let mut bad = good.clone();
            bad[at] ^= bit;
            match read(&bad) {
                // The lead and the signature header are believed by nobody.
                Ok(content) => ensure!(content == expected, "byte {at} was changed, and the content"),
                Err(_) => refused += 1,
            }
        }
    }
    ensure!(refused > 5_000, "only {refused} were refused");
    Ok(())
}

fn cut() -> Result<(), Failed> {
    let good = made(&crate::sample())?;
    for length in (0..good.len()).step_by(7) {
        let read = read_rpm(&good[..length], length as u64, Trust::Pinned, &mut std::io::sink());
        ensure!(read.is_err(), "{length} of {} bytes are enough", good.len());
    }
    Ok(())
}

/// A name in the header is as long as the one it replaces; the hash of the header is what stops it first, so that is replaced as well.
fn names() -> Result<(), Failed> {
    use sha2::{Digest as _, Sha256};
    let package = RpmPackage::new("names", "1").file("/etc/aaaa/file", "x").says("%global _binary_payload w.ufdio");
    let good = made(&package)?;
    let magic = [0x8e, 0xad, 0xe8, 1];
    let starts: Vec<usize> = (0..good.len() - 4).filter(|at| good[*at..*at + 4] == magic).collect();
    let number = |bytes: &[u8], at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let end = starts[1] + 16 + 16 * number(&good, starts[1] + 8) + number(&good, starts[1] + 12);
    let before = hex(&Sha256::digest(&good[starts[1]..end]));
    for bad in ["/etc/../a/", "/../aaaaa/", "//tc/aaaa/", "etc//aaaa/", "/etc/aa\na/"] {
        let mut bytes = replaced(&good, b"/etc/aaaa/", bad.as_bytes());
        let after = hex(&Sha256::digest(&bytes[starts[1]..end]));
        bytes = replaced(&bytes, before.as_bytes(), after.as_bytes());
        let fault = read_rpm(&bytes[..], bytes.len() as u64, Trust::Pinned, &mut std::io::sink()).unwrap_err().to_string();
        ensure!(fault.starts_with("file `"), "{bad:?}: {fault}");
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

/// The fuzzer's beginnings are what they are meant to be: only the hash of the payload stops them.
fn seeds() -> Result<(), Failed> {
    for (name, input) in crate::fuzz_rpm::seeds() {
        let package = crate::fuzz_rpm::package(&input);
        let fault = read_rpm(&package[..], package.len() as u64, Trust::Pinned, &mut std::io::sink()).unwrap_err().to_string();
        let expected =
            if matches!(name, "empty" | "header") { "it ends in the middle of its payload" } else { "the SHA-256 of its payload is" };
        ensure!(fault.starts_with(expected), "{name}: {fault}");
        for at in 0..package.len() {
            let mut bad = package.clone();
            bad[at] ^= 0xff;
            let _any = read_rpm(&bad[..], bad.len() as u64, Trust::Pinned, &mut std::io::sink());
        }
    }
    Ok(())
}
