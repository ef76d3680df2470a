//! Where the search for Gentoo packages that break the reader begins: the archive of the files, that of the metadata, and the index of an xpak, which the
//! target puts into packages whose other parts are sound; and whole packages. Nothing but the standard library is used.

/// What the first byte of an input says of the rest.
pub(crate) const IMAGE: u8 = 0;
pub(crate) const METADATA: u8 = 1;
pub(crate) const MANIFEST: u8 = 2;
pub(crate) const XPAK: u8 = 3;
pub(crate) const WHOLE: u8 = 4;

/// Inputs by name.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let long = format!("image/{}", "deep/".repeat(30));
    let image = [
        entry(b'5', "image/", "", b""),
        entry(b'5', "image/usr/", "", b""),
        entry(b'0', "image/usr/tool", "", b"content"),
        entry(b'1', "image/usr/same", "image/usr/tool", b""),
        entry(b'2', "image/usr/link", "../etc/target", b""),
        entry(b'x', "PaxHeaders/x", "", b"34 SCHILY.xattr.security.x=\0value\n"),
        entry(b'0', "image/usr/attributes", "", b"x"),
        entry(b'L', "././@LongLink", "", format!("{long}\0").as_bytes()),
        entry(b'5', "image/deep", "", b""),
    ];
    let input = |kind: u8, bytes: &[u8]| [&[kind], bytes].concat();
    let archive = |entries: &[Vec<u8>]| [entries.concat(), vec![0; 1024]].concat();
    vec![
        ("image", input(IMAGE, &archive(&image))),
        ("metadata", input(METADATA, &metadata())),
        ("manifest", input(MANIFEST, b"DATA gpkg-1 0 SHA512 00 BLAKE2B 00\nDATA image.tar 7 BLAKE2B 00\n")),
        ("xpak", input(XPAK, &xpak(&[("CATEGORY", "a"), ("PF", "b-1"), ("SLOT", "0")]))),
        (
            "whole",
            input(WHOLE, &gpkg(&[("gpkg-1", b""), ("metadata.tar", &metadata()), ("image.tar", &archive(&image)), ("Manifest", b"")])),
        ),
    ]
}

/// A sound archive of metadata.
pub(crate) fn metadata() -> Vec<u8> {
    let files = [("CATEGORY", "a\n"), ("PF", "b-1\n"), ("SLOT", "0\n"), ("environment.bz2", "")];
    let entries = files.map(|(name, text)| entry(b'0', &format!("metadata/{name}"), "", text.as_bytes()));
    [entries.concat(), vec![0; 1024]].concat()
}

/// The outer archive of these parts.
pub(crate) fn gpkg(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let entries: Vec<Vec<u8>> = parts.iter().map(|(name, content)| entry(b'0', &format!("b-1/{name}"), "", content)).collect();
    [entries.concat(), vec![0; 1024]].concat()
}

/// What is behind the archive of an xpak: `XPAKPACK`, lengths, index and contents.
fn xpak(files: &[(&str, &str)]) -> Vec<u8> {
    let be = |length: usize| u32::try_from(length).unwrap_or(0).to_be_bytes();
    let (mut index, mut data) = (Vec::new(), Vec::new());
    for (name, content) in files {
        index.extend([&be(name.len())[..], name.as_bytes(), &be(data.len()), &be(content.len())].concat());
        data.extend_from_slice(content.as_bytes());
    }
    [&b"XPAKPACK"[..], &be(index.len()), &be(data.len()), &index, &data].concat()
}

/// An entry in the form of POSIX.
fn entry(kind: u8, name: &str, link: &str, content: &[u8]) -> Vec<u8> {
    tar_entry(&[(257, "ustar"), (263, "00"), (265, "root"), (297, "root")], kind, name, link, content)
}

include!("tar_entry.rs");
