//! Where the search for Alpine packages that break the reader begins, and how an archive becomes a package: in stored gzip members, so that every byte of the
//! search is one of the archive. Nothing but the standard library is used, since the tests of the package crate include this file too.

/// `.PKGINFO` of a package whose files are what is searched. No archive has this hash, which is compared when all of it was read.
const INFO: &str = "pkgname = seed\npkgver = 1-r0\ndatahash = 0000000000000000000000000000000000000000000000000000000000000000\n";

/// What the first byte of an input says of the rest.
const PAYLOAD: u8 = 0;
const CONTROL: u8 = 1;

/// Inputs by name.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let payload = [
        entry(b'5', "usr", "", b""),
        entry(b'5', "usr/bin/", "", b""),
        sum("040f06fd774092478d450774f5ba30c5da78acc8"),
        entry(b'0', "usr/bin/tool", "", b"content"),
        entry(b'1', "usr/bin/same", "usr/bin/tool", b""),
        entry(b'3', "usr/null", "", b""),
        entry(b'4', "usr/disk", "", b""),
        entry(b'6', "usr/pipe", "", b""),
        entry(b'0', ".hidden", "", b"x"),
    ];
    let link = [sum(LINK), entry(b'2', "link", "../../etc/target", b"")];
    let long = "deep/".repeat(30);
    let xattr = b"34 SCHILY.xattr.security.x=\0value\n";
    let extended = [
        entry(b'g', "global", "", b"8 a=bcd\n"),
        entry(b'L', "././@LongLink", "", format!("{long}\0").as_bytes()),
        entry(b'5', "deep", "", b""),
        entry(b'x', "PaxHeaders/x", "", xattr),
        entry(b'5', "attributes", "", b""),
    ];
    let scripts = [
        entry(
            b'0',
            ".PKGINFO",
            "",
            INFO.replace("datahash", "replaces = a<1\ntriggers = /usr/* /lib\nreplaces_priority = 5\ndatahash").as_bytes(),
        ),
        entry(b'0', ".pre-install", "", b"#!/bin/sh\naddgroup -S a\n"),
        entry(b'0', ".trigger", "", b"#!/bin/sh\n"),
        entry(b'0', ".other", "", b"x"),
    ];
    let input = |kind: u8, entries: &[Vec<u8>]| [vec![kind], entries.concat(), vec![0; 1024]].concat();
    vec![
        ("empty", input(PAYLOAD, &[])),
        ("kinds", input(PAYLOAD, &payload)),
        ("link", input(PAYLOAD, &link)),
        ("extended", input(PAYLOAD, &extended)),
        ("control", input(CONTROL, &scripts)),
    ]
}

/// The SHA-1 of what the link says.
const LINK: &str = "cb34ca8e35888e2872859f0c81ca7f7cd5246fa4";

/// The control member and the package that an input stands for.
pub(crate) fn package(input: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (kind, archive) = input.split_first().unwrap_or((&PAYLOAD, &[]));
    let plain = entry(b'0', ".PKGINFO", "", INFO.as_bytes());
    let (control, data) = if *kind == CONTROL { (archive, &[][..]) } else { (&plain[..], archive) };
    let control = stored(control);
    let package = [control.clone(), stored(data)].concat();
    (control, package)
}

/// A gzip member of stored blocks.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut member = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    for block in bytes.chunks(0xffff) {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        member.push(0);
        member.extend(length.to_le_bytes());
        member.extend((!length).to_le_bytes());
        member.extend(block);
    }
    member.extend([1, 0, 0, 0xff, 0xff]);
    member.extend(crc32(bytes).to_le_bytes());
    member.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    member
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _bit: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc: u32, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

/// An extended header with the checksum of the entry after it.
fn sum(sha1: &str) -> Vec<u8> {
    entry(b'x', "PaxHeaders/x", "", format!("68 APK-TOOLS.checksum.SHA1={sha1}\n").as_bytes())
}

/// An entry in the form of POSIX.
fn entry(kind: u8, name: &str, link: &str, content: &[u8]) -> Vec<u8> {
    tar_entry(&[(257, "ustar"), (263, "00"), (265, "root"), (297, "root")], kind, name, link, content)
}

include!("tar_entry.rs");
