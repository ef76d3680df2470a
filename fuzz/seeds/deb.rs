//! Where the search for packages that break the reader begins: sound ones with every kind of entry. Nothing but the standard library is used, since the
//! tests of the package crate, which read all of them, include this file too.

/// Packages by name.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let file = entry(b'0', "./usr/bin/tool", "", b"content");
    let payload = [
        entry(b'5', "./", "", b""),
        entry(b'5', "./usr/bin/", "", b""),
        file.clone(),
        entry(b'1', "./usr/bin/same", "./usr/bin/tool", b""),
        entry(b'2', "./usr/bin/link", "../../etc/target", b""),
        entry(b'3', "./dev/null", "", b""),
        entry(b'4', "./dev/disk", "", b""),
        entry(b'6', "./run/pipe", "", b""),
    ];
    let long = "deep/".repeat(30);
    let long_names = [
        entry(b'L', "././@LongLink", "", format!("{long}\0").as_bytes()),
        entry(b'5', &long[..100], "", b""),
        entry(b'K', "././@LongLink", "", format!("{long}target\0").as_bytes()),
        entry(b'2', "./link", &long[..100], b""),
    ];
    let scripts = [entry(b'0', "./postinst", "", b"#!/bin/sh\n"), entry(b'0', "./conffiles", "", b"/etc/a\n")];
    vec![
        ("empty", package(&[], &[], &[])),
        ("kinds", package(&[], &payload, &[])),
        ("long-names", package(&[], &long_names, &[])),
        ("scripts", package(&scripts, &[file], &[])),
        ("more-members", package(&[], &[], &[("_gpgorigin", b"odd"), ("extra", b"")])),
    ]
}

fn package(scripts: &[Vec<u8>], payload: &[Vec<u8>], more: &[(&str, &[u8])]) -> Vec<u8> {
    let text = b"Package: seed\nVersion: 1.0\nArchitecture: all\nDescription: x\n";
    let control = archive(&[&[entry(b'0', "./control", "", text)], scripts].concat());
    let payload = archive(payload);
    let members: [(&str, &[u8]); 3] = [("debian-binary", b"2.0\n"), ("control.tar", &control), ("data.tar", &payload)];
    members.iter().chain(more).fold(b"!<arch>\n".to_vec(), |mut bytes, (name, content)| {
        bytes.extend(format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, "100644", content.len()).into_bytes());
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(2), b'\n');
        bytes
    })
}

fn archive(entries: &[Vec<u8>]) -> Vec<u8> {
    [entries.concat(), vec![0; 1024]].concat()
}

/// An entry in GNU's form.
fn entry(kind: u8, name: &str, link: &str, content: &[u8]) -> Vec<u8> {
    tar_entry(&[(257, "ustar  ")], kind, name, link, content)
}

include!("tar_entry.rs");
