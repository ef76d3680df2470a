//! Archives that nobody should have written.

use proptest::prelude::*;
use rootfs_tree::{Kind, Tree, TreeError};
use tar::{EntryType, Header};

use super::{everything, random, read_tar, tar_of, text_of, xattrs};

/// An archive being written, raw: no library would write these.
#[derive(Default)]
struct Raw(Vec<u8>);

impl Raw {
    fn header(mut self, kind: EntryType, name: &str, target: &str, change: impl FnOnce(&mut Header)) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        for set in [Header::set_uid, Header::set_gid, Header::set_mtime, Header::set_size] {
            set(&mut header, 0);
        }
        header.set_mode(0o644);
        change(&mut header);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self
    }

    fn entry(self, kind: EntryType, name: &str, target: &str) -> Self {
        self.header(kind, name, target, |_| {})
    }

    fn file(self, kind: EntryType, name: &str, content: &[u8]) -> Self {
        let mut raw = self.header(kind, name, "", |header| header.set_size(content.len() as u64));
        raw.0.extend_from_slice(content);
        raw.0.resize(raw.0.len().next_multiple_of(512), 0);
        raw
    }

    fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&[0; 1024]);
        self.0
    }

    fn read(self) -> Result<Tree, TreeError> {
        read_tar(&self.end()).map(|(tree, _)| tree)
    }

    fn paths(self) -> Vec<String> {
        let (tree, _layer) = read_tar(&self.end()).expect("an archive");
        text_of(&tree).lines().skip(2).map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect()
    }
}

/// A pax record with its length.
fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = [b" ", key.as_bytes(), b"=", value, b"\n"].concat();
    let length = (1..).find(|length: &usize| length.to_string().len() + rest.len() == *length).expect("a length");
    [length.to_string().into_bytes(), rest].concat()
}

#[test]
fn what_leads_out_is_refused() {
    let table = [
        Raw::default().entry(EntryType::Regular, "../evil", ""),
        Raw::default().entry(EntryType::Regular, "a/../../evil", ""),
        Raw::default().entry(EntryType::Regular, "/..", ""),
        Raw::default().entry(EntryType::Link, "a", "../etc/passwd"),
        Raw::default().entry(EntryType::Link, "a", "/etc/passwd"),
        Raw::default().entry(EntryType::Directory, "d", "").entry(EntryType::Link, "a", "d"),
        Raw::default().entry(EntryType::Regular, "", ""),
        Raw::default().entry(EntryType::Regular, "./", "").entry(EntryType::Regular, ".", ""),
        Raw::default().file(EntryType::XHeader, "x", &record("path", b"../../ev")).entry(EntryType::Regular, "a", ""),
        Raw::default().file(EntryType::GNULongName, "L", b"../../evil\0").entry(EntryType::Regular, "a", ""),
        Raw::default().file(EntryType::XHeader, "x", &record("path", b"a\0b")).entry(EntryType::Regular, "a", ""),
    ];
    for (number, raw) in table.into_iter().enumerate() {
        assert!(matches!(raw.read(), Err(TreeError::Archive { .. })), "{number}");
    }
}

#[test]
fn absurd_numbers_are_refused() {
    let size = |size| move |header: &mut Header| header.set_size(size);
    let table = [
        Raw::default().header(EntryType::Regular, "a", "", size(1 << 40)),
        Raw::default().header(EntryType::Regular, "a", "", size(u64::MAX)),
        Raw::default().header(EntryType::XHeader, "a", "", size(1 << 40)),
        Raw::default().header(EntryType::Directory, "a", "", size(u64::MAX - 511)),
        Raw::default().header(EntryType::Regular, "a", "", |header| header.as_old_mut().size = [0xff; 12]),
        Raw::default().header(EntryType::Regular, "a", "", |header| header.as_old_mut().mode = *b"notoctal"),
        Raw::default().header(EntryType::Regular, "a", "", |header| header.set_uid(u32::MAX.into())),
        Raw::default().header(EntryType::Regular, "a", "", |header| header.set_gid(1 << 40)),
        Raw::default()
            .header(EntryType::Regular, "a", "", |header| header.as_old_mut().mtime = *b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        Raw::default().file(EntryType::XHeader, "x", b"99 path=a\n").entry(EntryType::Regular, "a", ""),
        Raw::default().file(EntryType::XHeader, "x", &record("size", b"18446744073709551615")).entry(EntryType::Regular, "a", ""),
        Raw::default().file(EntryType::XHeader, "x", &record("path", b"a")),
        Raw::default().file(EntryType::XGlobalHeader, "g", &record("SCHILY.xattr.user.k", b"for all")).entry(EntryType::Regular, "a", ""),
        Raw::default().file(EntryType::XGlobalHeader, "g", &record("path", b"one")).entry(EntryType::Regular, "a", ""),
        Raw::default().entry(EntryType::new(b'M'), "a", ""),
        Raw::default().entry(EntryType::Symlink, "a", ""),
    ];
    for (number, raw) in table.into_iter().enumerate() {
        assert!(matches!(raw.read(), Err(TreeError::Archive { .. })), "{number}");
    }
    let long = Raw::default().entry(EntryType::Regular, "ok", "").file(EntryType::GNULongName, "L", "n".repeat(256).as_bytes());
    assert!(matches!(long.entry(EntryType::Regular, "a", "").read(), Err(TreeError::Name { .. })));
}

#[test]
fn odd_archives_are_read_as_tar_reads_them() {
    let absolute = Raw::default().entry(EntryType::Regular, "/etc//./passwd", "");
    assert_eq!(absolute.paths(), ["/etc d", "/etc/passwd f"]);
    let old_directory = Raw::default().entry(EntryType::new(0), "dir/", "").entry(EntryType::Continuous, "dir/file", "");
    assert_eq!(old_directory.paths(), ["/dir d", "/dir/file f"]);
    let twice = Raw::default().file(EntryType::Regular, "a", b"first").entry(EntryType::Symlink, "a", "second");
    assert_eq!(twice.paths(), ["/a l"]);
    let directory_again =
        Raw::default().entry(EntryType::Directory, "d", "").entry(EntryType::Fifo, "d/f", "").entry(EntryType::Directory, "d/", "");
    assert_eq!(directory_again.paths(), ["/d d", "/d/f p"]);
    let through_link = Raw::default()
        .entry(EntryType::Directory, "usr/lib", "")
        .entry(EntryType::Symlink, "lib", "/usr/lib")
        .entry(EntryType::Fifo, "lib/f", "")
        .entry(EntryType::Link, "g", "lib/f");
    assert_eq!(through_link.paths(), ["/g p", "/lib l", "/usr d", "/usr/lib d", "/usr/lib/f h"]);
    // An old link has its file's length, and no content.
    let sized_link = Raw::default().file(EntryType::Regular, "a", b"12345").header(EntryType::Link, "b", "a", |header| header.set_size(5));
    assert_eq!(sized_link.entry(EntryType::Fifo, "c", "").paths(), ["/a f", "/b h", "/c p"]);
    let label = Raw::default().entry(EntryType::new(b'V'), "label", "").file(EntryType::XGlobalHeader, "g", &record("comment", b"hello"));
    assert_eq!(label.entry(EntryType::Fifo, "c", "").paths(), ["/c p"]);
}

#[test]
fn what_the_last_header_says_counts() {
    let pairs: [(&str, &[u8]); 5] = [
        ("path", b"name"),
        ("uid", b"9"),
        ("SCHILY.xattr.user.k", b"a\nb=c"),
        ("SCHILY.xattr.security.selinux", b"l"),
        ("mtime", b"-1.25"),
    ];
    let tree = Raw::default()
        .file(EntryType::XGlobalHeader, "g", &[record("uid", b"77"), record("gid", b"88")].concat())
        .file(EntryType::GNULongName, "L", b"long\0")
        .file(EntryType::XHeader, "x", &pairs.map(|(key, value)| record(key, value)).concat())
        .file(EntryType::Regular, "short", b"content")
        .entry(EntryType::Fifo, "next", "")
        .read()
        .unwrap();
    let named = &tree.node(tree.lookup(b"/name").unwrap()).metadata;
    assert_eq!((named.uid, named.gid, named.mtime.seconds, named.mtime.nanoseconds), (9, 88, -2, 750_000_000));
    assert_eq!(named.xattrs, xattrs(&[("user.k", b"a\nb=c")]));
    let next = &tree.node(tree.lookup(b"/next").unwrap()).metadata;
    assert_eq!((next.uid, next.gid, next.mtime.seconds), (77, 88, 0));
    assert!(next.xattrs.is_none());
}

#[test]
fn a_full_directory_is_not_replaced() {
    let raw = Raw::default().entry(EntryType::Fifo, "d/f", "").entry(EntryType::Regular, "d", "");
    assert!(matches!(raw.read(), Err(TreeError::IsADirectory { path }) if path == "/d"));
    let empty = Raw::default().entry(EntryType::Directory, "d", "").entry(EntryType::Fifo, "d", "");
    assert_eq!(empty.paths(), ["/d p"]);
}

#[test]
fn a_link_loop_ends() {
    let raw = Raw::default().entry(EntryType::Symlink, "a", "b").entry(EntryType::Symlink, "b", "a").entry(EntryType::Fifo, "a/f", "");
    assert!(matches!(raw.read(), Err(TreeError::LinkLoop { .. })));
    let dangling = Raw::default().entry(EntryType::Symlink, "a", "nowhere").entry(EntryType::Fifo, "a/f", "");
    assert!(matches!(dangling.read(), Err(TreeError::NotFound { .. })));
}

#[test]
fn a_cut_archive_is_refused_wherever_it_is_cut() {
    let archive = tar_of(&everything());
    for cut in (0..archive.len() - 1024).step_by(128) {
        assert!(read_tar(&archive[..cut]).is_err(), "cut to {cut}");
    }
}

#[test]
fn missing_parents_are_made_with_the_time_of_what_is_in_them() {
    let raw = Raw::default().header(EntryType::Fifo, "a/b/c", "", |header| header.set_mtime(77));
    let tree = raw.read().unwrap();
    let parent = tree.node(tree.lookup(b"/a/b").unwrap());
    assert!(matches!(parent.kind, Kind::Directory(_)));
    assert_eq!((parent.metadata.mode, parent.metadata.mtime.seconds), (0o755, 77));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn damage_never_panics(tree in random::tree(), damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..6)) {
        let mut archive = tar_of(&tree);
        for (at, byte, repair) in damage {
            let at = at.index(archive.len());
            archive[at] = byte;
            let block = at / 512 * 512;
            if repair {
                // A header with a right checksum gets further than one that is plainly damaged.
                let mut header = Header::from_byte_slice(&archive[block..block + 512]).clone();
                header.set_cksum();
                archive[block..block + 512].copy_from_slice(header.as_bytes());
            }
        }
        if let Ok((mut back, _layer)) = read_tar(&archive) {
            back.hash_contents().unwrap();
        }
    }
}
