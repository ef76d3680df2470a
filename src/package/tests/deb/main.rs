//! Packages, sound and hostile, through the reader and the store.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may end where it likes, and looks at files behind the library's back"
)]

mod build;

use std::io::Write;
use std::path::Path;

use build::{Entry, ar, control, gzip, lzma, member, package, tar, with_checksum, xz, zstd};
use md5::{Digest as _, Md5};
use rootfs_package::deb::{DebContent, DebError, DebFault, read_deb};
use rootfs_package::payload::EntryKind;
use rootfs_package::store::{Store, StoreError};
use rootfs_tree::Digest;

fn read(bytes: &[u8]) -> Result<(DebContent, Vec<u8>), DebFault> {
    let mut layer = Vec::new();
    let content = read_deb(bytes, bytes.len() as u64, &mut layer)?;
    Ok((content, layer))
}

fn sample() -> Vec<Entry> {
    vec![
        Entry::directory("./"),
        Entry::directory("./usr/"),
        Entry { mode: 0o104_755, ..Entry::file("./usr/tool", "#!tool\n") },
        Entry::file("./usr/empty", ""),
        Entry::link(b'1', "./usr/same", "./usr/tool"),
        Entry::link(b'2', "./usr/link", "../../etc/x"),
        Entry::new(b'3', "./null"),
        Entry::new(b'6', "./pipe"),
        Entry::file(b"./usr/caf\xe9", "not UTF-8"),
        Entry::file(format!("./{}", "long/".repeat(60)).trim_end_matches('/'), "deep"),
        Entry::link(b'2', "./far", "t".repeat(300)),
    ]
}

#[test]
fn a_package_is_read_whatever_it_is_compressed_with() {
    let data = tar(&sample());
    let mut contents = Vec::new();
    for (suffix, bytes) in [("", data.clone()), (".gz", gzip(&data)), (".xz", xz(&data)), (".zst", zstd(&data)), (".lzma", lzma(&data))] {
        let control = match suffix {
            ".gz" => ("control.tar.gz", gzip(&control())),
            ".zst" => ("control.tar.zst", zstd(&control())),
            _ => ("control.tar.xz", xz(&control())),
        };
        let name = format!("data.tar{suffix}");
        contents.push(read(&ar(&[("debian-binary", b"2.0\n"), (control.0, &control.1), (&name, &bytes)])).unwrap());
    }
    let (content, layer) = &contents[0];
    assert!(contents.iter().all(|other| other == &contents[0]));
    assert_eq!(content.control.keys().collect::<Vec<_>>(), ["control", "postinst"]);
    assert_eq!((content.control["postinst"].content.as_slice(), content.control["postinst"].mode), (&b"#!/bin/sh\n"[..], 0o755));
    let paths: Vec<_> = content.entries.iter().take(9).map(|entry| entry.path.as_slice()).collect();
    assert_eq!(paths, [&b""[..], b"usr", b"usr/tool", b"usr/empty", b"usr/same", b"usr/link", b"null", b"pipe", b"usr/caf\xe9"]);
    assert_eq!(content.entries[9].path.len(), 299);
    assert_eq!(content.entries[10].kind, EntryKind::Symlink(vec![b't'; 300]));
    let tool = &content.entries[2];
    assert_eq!((tool.mode, tool.uid, tool.gid, tool.mtime), (0o4755, 1, 2, 0o14_720_000_000));
    let EntryKind::File { offset, length: 7, sha256 } = tool.kind else { panic!("{tool:?}") };
    assert_eq!(&layer[usize::try_from(offset).unwrap()..][..7], b"#!tool\n");
    assert_eq!((sha256, tool.md5), (Digest(sha2::Sha256::digest(b"#!tool\n").into()), Some(Md5::digest(b"#!tool\n").into())));
    assert_eq!(content.entries[4].kind, EntryKind::Hardlink(b"usr/tool".to_vec()));
    assert_eq!(content.entries[6].kind, EntryKind::CharDevice { major: 1, minor: 3 });
}

#[test]
fn a_layer_is_an_archive_that_others_read() {
    let (content, layer) = read(&package(&tar(&sample()))).unwrap();
    let mut archive = ::tar::Archive::new(layer.as_slice());
    let entries: Vec<_> = archive.entries().unwrap().map(|entry| entry.unwrap().raw_file_position()).collect();
    assert_eq!(entries.len(), content.entries.len());
    for (entry, position) in content.entries.iter().zip(entries) {
        if let EntryKind::File { offset, .. } = entry.kind {
            assert_eq!(offset, position);
        }
    }
}

#[path = "../../../../fuzz/seeds/deb.rs"]
mod seeds;

#[test]
fn what_the_fuzzer_begins_with_is_sound() {
    for (name, package) in seeds::seeds() {
        read(&package).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    }
}

#[test]
fn odd_packages_that_dpkg_takes_are_taken() {
    let data = tar(&[Entry::directory("./a/"), Entry::directory("./a/")]);
    let bytes = ar(&[
        ("debian-binary/", b"2.1\nmore"),
        ("_sig", b"x"),
        ("control.tar", &control()),
        ("_other", b"odd"),
        ("data.tar", &data),
        ("_gpgorigin", b"sig"),
        ("extra", b""),
    ]);
    let (content, _) = read(&bytes).unwrap();
    assert_eq!(content.entries.iter().map(|entry| entry.path.as_slice()).collect::<Vec<_>>(), [b"a".as_slice()]);
    let without_end: Vec<u8> = Entry::file("./a", "b").bytes();
    let (_, layer) = read(&package(&without_end)).unwrap();
    assert_eq!(layer, [without_end, vec![0; 1024]].concat());
}

fn refused(bytes: &[u8], reason: &str) {
    let fault = read(bytes).map(|(content, _)| content).unwrap_err();
    let text = format!("{fault}: {:?}", std::error::Error::source(&fault));
    assert!(text.contains(reason), "`{text}` does not say `{reason}`");
}

fn refused_entries(entries: &[Entry], reason: &str) {
    refused(&package(&tar(entries)), reason);
}

#[test]
fn names_that_would_escape_are_refused() {
    for name in ["../evil", "./a/../../evil", "./..", "/../evil", "a/./b", "a//b", "a\nb"] {
        refused_entries(&[Entry::file(name, "x")], "entry `");
    }
    let long = [b"./".to_vec(), b"a/".repeat(3000), b"a".to_vec()].concat();
    refused_entries(&[Entry::file(long, "x")], "longer than 4095");
    refused_entries(&[Entry { content: b"a\0b".to_vec(), ..Entry::new(b'L', "././@LongLink") }, Entry::file("a", "x")], "NUL");
    refused_entries(&[Entry::file("./", "x")], "ends in a slash");
    refused_entries(&[Entry::file(".", "x")], "the root is not a directory");
    refused_entries(&[Entry::link(b'2', "./", "/etc")], "the root is not a directory");
}

#[test]
fn an_absolute_name_is_below_the_root() {
    let (content, _) = read(&package(&tar(&[Entry::file("//etc/passwd", "x")]))).unwrap();
    assert_eq!(content.entries[0].path, b"etc/passwd");
}

#[test]
fn hard_links_lead_to_what_was_before() {
    let why = "hard link to what is no file before it";
    refused_entries(&[Entry::link(b'1', "./a", "./etc/shadow")], why);
    refused_entries(&[Entry::link(b'1', "./a", "./b"), Entry::file("./b", "")], why);
    refused_entries(&[Entry::directory("./b"), Entry::link(b'1', "./a", "./b")], why);
    refused_entries(&[Entry::link(b'1', "./a", "./a")], why);
    refused_entries(&[Entry::link(b'2', "./b", "c"), Entry::link(b'1', "./a", "./b")], why);
    refused_entries(&[Entry::new(b'6', "./b"), Entry::link(b'1', "./a", "./b")], why);
    refused_entries(&[Entry::file("./b", ""), Entry::link(b'1', "./a", "../b")], "`..`");
}

#[test]
fn what_is_there_twice_is_refused() {
    refused_entries(&[Entry::file("./a", ""), Entry::file("a", "")], "twice");
    refused_entries(&[Entry::directory("./a"), Entry::link(b'2', "./a", "/etc")], "twice");
    refused_entries(&[Entry::directory("./a"), Entry { mode: 0o777, ..Entry::directory("./a") }], "twice");
    let data = tar(&[]);
    refused(&ar(&[("debian-binary", b"2.0\n"), ("control.tar", &control()), ("data.tar", &data), ("data.tar.gz", &data)]), "twice");
    refused(
        &ar(&[("debian-binary", b"2.0\n"), ("control.tar", &control()), ("control.tar", &control()), ("data.tar", &data)]),
        "must be here",
    );
}

#[test]
fn what_lies_below_no_directory_is_refused() {
    let why = "lies below `a`, which is no directory";
    refused_entries(&[Entry::link(b'2', "./a", "/etc"), Entry::file("./a/b", "")], why);
    refused_entries(&[Entry::file("./a", ""), Entry::directory("./a/b/c")], why);
}

#[test]
fn kinds_that_mean_nothing_are_refused() {
    for kind in [b'x', b'g', b'S', b'V', b'M', b'D', b'5' + 100] {
        refused_entries(&[Entry::new(kind, "./a")], "not supported");
    }
    refused_entries(&[Entry::new(b'2', "./a")], "link to nothing");
    refused_entries(&[Entry { content: b"x".to_vec(), ..Entry::directory("./a") }], "has a content");
}

#[test]
fn sizes_that_lie_are_refused() {
    refused_entries(&[Entry { size: Some(1 << 32), ..Entry::file("./a", "x") }], "ends in the middle of `data.tar`");
    let mut header: [u8; 512] = Entry::file("./a", "").bytes().try_into().unwrap();
    header[124..136].copy_from_slice(b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff");
    refused(&package(&with_checksum(header)), "absurd");
    header[124..136].fill(0xff);
    refused(&package(&with_checksum(header)), "negative");
    header[124..136].copy_from_slice(b"00000000009\0");
    refused(&package(&with_checksum(header)), "not a number");
    header[124..136].copy_from_slice(b"00000000000\0");
    header[0] ^= 1;
    refused(&package(&header), "checksum");
    let huge_name = Entry { size: Some(1 << 40), ..Entry::new(b'L', "././@LongLink") };
    refused_entries(&[huge_name], "longer than any path");
}

#[test]
fn an_archive_that_is_none_is_refused() {
    refused(b"", "not an ar archive");
    refused(b"!<arch>", "not an ar archive");
    refused(b"PK\x03\x04 and so on", "not an ar archive");
    refused(b"!<arch>\n", "ends in the middle");
    refused(&ar(&[("control.tar", &control())]), "must be `debian-binary`");
    refused(&ar(&[("debian-binary", b"3.0\n")]), "format version is `3.0`");
    refused(&ar(&[("debian-binary", b"2.0\n"), ("data.tar", &tar(&[]))]), "`control.tar` must be here");
    refused(&ar(&[("debian-binary", b"2.0\n"), ("control.tar", &control())]), "missing");
    refused(&ar(&[("debian-binary", b"2.0\n"), ("control.tar.bz2", b"BZh")]), "compressed with bz2");
    refused(&ar(&[("debian-binary", b"2.0\n"), ("control.tar.gz", b"this is no gzip stream")]), "can't read");
}

#[test]
fn members_that_lie_are_refused() {
    let start = || [b"!<arch>\n".to_vec(), member("debian-binary", "4", b"2.0\n")].concat();
    for (size, reason) in [
        ("9999999999", "ends in the middle of member `control.tar`"),
        ("-1", "not a number"),
        ("", "not a number"),
        ("0x10", "not a number"),
    ] {
        refused(&[start(), member("control.tar", size, b"")].concat(), reason);
    }
    let mut broken = [start(), member("control.tar", "0", b"")].concat();
    let end = broken.len();
    broken[end - 1] = b'x';
    refused(&broken, "does not end as it must");
    refused(&[start(), b"control.tar".to_vec()].concat(), "member's header");
}

#[test]
fn a_package_cut_anywhere_is_refused() {
    let bytes = ar(&[("debian-binary", b"2.0\n"), ("control.tar.xz", &xz(&control())), ("data.tar.xz", &xz(&tar(&sample())))]);
    let end = bytes.len() - bytes.len() % 2;
    read(&bytes).unwrap();
    for length in (0..end - 1).step_by(7) {
        assert!(read(&bytes[..length]).is_err(), "{length} of {}", bytes.len());
        // The same with the length that was announced.
        assert!(read_deb(&bytes[..length], bytes.len() as u64, &mut Vec::new()).is_err(), "{length} of {}", bytes.len());
    }
}

#[test]
fn a_flipped_bit_in_a_compressed_payload_is_noticed() {
    let data = xz(&tar(&[Entry::file("./a", vec![b'a'; 5000])]));
    for at in (12..data.len()).step_by(5) {
        let mut damaged = data.clone();
        damaged[at] ^= 4;
        let bytes = ar(&[("debian-binary", b"2.0\n"), ("control.tar", &control()), ("data.tar.xz", &damaged)]);
        assert!(read(&bytes).is_err(), "byte {at}");
    }
}

fn refused_control(entries: &[Entry], reason: &str) {
    refused(&ar(&[("debian-binary", b"2.0\n"), ("control.tar", &tar(entries)), ("data.tar", &tar(&[]))]), reason);
}

#[test]
fn control_archives_hold_control_files() {
    let control = Entry::file("./control", "Package: a\n");
    refused_control(&[Entry::directory("./")], "entry `control` of `control.tar`: it is missing");
    for name in ["./a/b", "./.hidden", "./pre inst", "./pr\u{e9}inst", &"a".repeat(51)] {
        refused_control(&[control.clone(), Entry::file(name, "")], "no file of a control archive is called so");
    }
    refused_control(&[control.clone(), Entry::link(b'2', "./postinst", "/etc/passwd")], "not a regular file");
    refused_control(&[control.clone(), Entry::directory("./postinst")], "not a regular file");
    refused_control(&[control.clone(), control.clone()], "twice");
    refused_control(&[Entry::file("../control", "")], "`..`");
}

/// Writes zeros through an encoder without having them.
fn zeros(encoder: &mut impl Write, length: u64) {
    let piece = vec![0; 1 << 20];
    for _ in 0..length >> 20 {
        encoder.write_all(&piece).unwrap();
    }
}

#[test]
fn bombs_do_not_go_off() {
    let mut control = zstd::Encoder::new(Vec::new(), 1).unwrap();
    control.write_all(&Entry { size: Some(1 << 30), ..Entry::file("./control", "") }.bytes()).unwrap();
    zeros(&mut control, 32 << 20);
    let control = control.finish().unwrap();
    refused(&ar(&[("debian-binary", b"2.0\n"), ("control.tar.zst", &control)]), "unpacks to more than 16777216 bytes");
    let mut data = zstd::Encoder::new(Vec::new(), 1).unwrap();
    data.write_all(&Entry { size: Some(1 << 32), ..Entry::file("./a", "") }.bytes()).unwrap();
    zeros(&mut data, 600 << 20);
    let data = data.finish().unwrap();
    let bytes = ar(&[("debian-binary", b"2.0\n"), ("control.tar", &build::control()), ("data.tar.zst", &data)]);
    let fault = read_deb(bytes.as_slice(), bytes.len() as u64, &mut std::io::sink()).unwrap_err();
    assert!(matches!(fault, DebFault::TooLarge { limit: 536_870_912, .. }), "{fault:?}");
}

/// A disk that is full at once.
struct Full;

impl Write for Full {
    fn write(&mut self, _bytes: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_not_the_packages_fault() {
    let bytes = package(&tar(&sample()));
    let fault = read_deb(bytes.as_slice(), bytes.len() as u64, &mut Full).unwrap_err();
    assert!(matches!(&fault, DebFault::Write(error) if error.kind() == std::io::ErrorKind::StorageFull), "{fault:?}");
}

fn stored(directory: &Path) -> (Store, Digest) {
    let store = Store::open(directory).unwrap();
    let sha256 = store.insert_bytes(&package(&tar(&sample()))).unwrap();
    (store, sha256)
}

/// A file of the store's layers, by its suffix.
fn layer_file(store: &Store, sha256: &Digest, suffix: &str) -> std::path::PathBuf {
    let name = sha256.to_string();
    store.root().join("layers").join(&name[..2]).join(name + suffix)
}

fn modified(path: &Path) -> std::time::SystemTime {
    std::fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
fn a_layer_is_unpacked_once() {
    let directory = tempfile::tempdir().unwrap();
    let (store, sha256) = stored(directory.path());
    let cold = store.deb(&sha256).unwrap();
    let written = modified(&cold.data);
    std::fs::remove_file(store.blob(&sha256)).unwrap();
    assert_eq!(Store::open(directory.path()).unwrap().deb(&sha256).unwrap(), cold);
    assert_eq!(modified(&cold.data), written);
}

#[test]
fn a_damaged_layer_is_unpacked_again() {
    let directory = tempfile::tempdir().unwrap();
    let (store, sha256) = stored(directory.path());
    let cold = store.deb(&sha256).unwrap();
    let good = std::fs::read(&cold.data).unwrap();
    let EntryKind::File { offset, .. } = cold.entries[2].kind else { panic!() };
    let mut damaged = good.clone();
    damaged[usize::try_from(offset).unwrap()] ^= 1;
    for bytes in [&damaged[..], &good[..good.len() / 2], b""] {
        std::fs::write(&cold.data, bytes).unwrap();
        assert_eq!(store.deb(&sha256).unwrap(), cold);
        assert_eq!(std::fs::read(&cold.data).unwrap(), good);
    }
    std::fs::remove_file(&cold.data).unwrap();
    assert_eq!(store.deb(&sha256).unwrap(), cold);
}

#[test]
fn a_copied_layer_is_hashed_and_believed() {
    let directory = tempfile::tempdir().unwrap();
    let (store, sha256) = stored(directory.path());
    let cold = store.deb(&sha256).unwrap();
    let bytes = std::fs::read(&cold.data).unwrap();
    std::fs::remove_file(store.blob(&sha256)).unwrap();
    std::fs::write(&cold.data, bytes).unwrap();
    let index = layer_file(&store, &sha256, ".index");
    let before = std::fs::read(&index).unwrap();
    // Without the package only the layer itself can be the source.
    assert_eq!(store.deb(&sha256).unwrap(), cold);
    assert_ne!(std::fs::read(&index).unwrap(), before);
    let seen = modified(&index);
    assert_eq!(store.deb(&sha256).unwrap(), cold);
    assert_eq!(modified(&index), seen);
}

#[test]
fn a_damaged_index_is_not_believed() {
    let directory = tempfile::tempdir().unwrap();
    let (store, sha256) = stored(directory.path());
    let cold = store.deb(&sha256).unwrap();
    let index = layer_file(&store, &sha256, ".index");
    let good = std::fs::read(&index).unwrap();
    for at in (0..good.len()).step_by(11) {
        let mut damaged = good.clone();
        damaged[at] ^= 1;
        std::fs::write(&index, damaged).unwrap();
        assert_eq!(store.deb(&sha256).unwrap(), cold, "byte {at}");
    }
    std::fs::write(&index, &good[..good.len() - 1]).unwrap();
    assert_eq!(store.deb(&sha256).unwrap(), cold);
}

#[test]
fn a_damaged_package_is_not_unpacked() {
    let directory = tempfile::tempdir().unwrap();
    let (store, sha256) = stored(directory.path());
    let mut bytes = std::fs::read(store.blob(&sha256)).unwrap();
    bytes[5000] ^= 1;
    std::fs::write(store.blob(&sha256), bytes).unwrap();
    let store = Store::open(directory.path());
    let error = store.as_ref().unwrap().deb(&sha256).unwrap_err();
    assert!(matches!(error, DebError::Store(StoreError::Damaged { .. })), "{error:?}");
    let error = store.unwrap().deb(&sha256).unwrap_err();
    assert!(matches!(error, DebError::Store(StoreError::Missing { .. })), "{error:?}");
    assert_eq!(std::fs::read_dir(directory.path().join("layers")).unwrap().count(), 0);
}

#[test]
fn an_unsound_package_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let sha256 = store.insert_bytes(&package(&tar(&[Entry::file("../x", "")]))).unwrap();
    let error = store.deb(&sha256).unwrap_err();
    assert!(matches!(&error, DebError::Unsound { package, .. } if *package == store.blob(&sha256)), "{error:?}");
    for name in ["layers", "tmp"] {
        assert_eq!(std::fs::read_dir(directory.path().join(name)).unwrap().count(), 0, "{name}");
    }
}

#[test]
fn many_builds_unpack_the_same_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let (store, sha256) = stored(directory.path());
    let good = read(&std::fs::read(store.blob(&sha256)).unwrap()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let layer = Store::open(directory.path()).unwrap().deb(&sha256).unwrap();
                assert_eq!(layer.entries, good.0.entries);
                assert_eq!(std::fs::read(layer.data).unwrap(), good.1);
            });
        }
    });
}

#[test]
fn what_dead_builds_left_goes_when_nobody_else_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let left = directory.path().join("tmp/left");
    std::fs::write(&left, "x").unwrap();
    let second = Store::open(directory.path()).unwrap();
    assert!(left.exists());
    drop((store, second));
    let _store = Store::open(directory.path()).unwrap();
    assert!(!left.exists());
}

#[test]
fn files_come_into_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("store")).unwrap();
    let path = directory.path().join("x.deb");
    std::fs::write(&path, "content").unwrap();
    let (sha256, length) = store.insert_file(&path).unwrap();
    assert_eq!((sha256, length), (Digest(sha2::Sha256::digest(b"content").into()), 7));
    assert!(store.contains(&sha256, Some(7)) && !store.contains(&sha256, Some(8)));
    assert_eq!(std::fs::read(store.blob(&sha256)).unwrap(), b"content");
    assert!(store.insert_file(&directory.path().join("missing")).is_err());
}
