//! Our own reader: what it says of images, ours and mksquashfs's, and that it says no.

use std::os::unix::fs::FileExt as _;

use rootfs_image::{FileSource, ImageSource, SquashfsOptions, SquashfsReadError, SquashfsReader, SquashfsVerified};
use rootfs_tree::{Kind, Tree};

use super::judge::{COMPRESSIONS, Judged, everything, noise, quick, with, write};
use crate::forest::{TIME, add, crowd, empty};
use crate::judge::{path, run_well};

fn verify(image: &(impl ImageSource + Sized)) -> Result<SquashfsVerified, SquashfsReadError> {
    SquashfsReader::open(image)?.verify()
}

pub(super) fn open(judged: &Judged) -> FileSource {
    FileSource::open(&judged.image).unwrap()
}

/// Everything a squashfs has a part for.
pub(super) fn full() -> Tree {
    let mut tree = everything();
    crowd(&mut tree, "crowd", 1500, 20);
    for index in 0..20 {
        let id = add(&mut tree, Tree::ROOT, format!("{index}"), Kind::inline(noise(30_000, index)));
        let long = [(b"user.long".as_slice().into(), noise(500, 1).into()), (b"trusted.own".as_slice().into(), noise(20, index).into())];
        tree.node_mut(id).metadata.xattrs = Some(Box::new(long.into()));
    }
    add(&mut tree, Tree::ROOT, "text", Kind::inline(b"some text ".repeat(30_000)));
    add(&mut tree, Tree::ROOT, "zeros", Kind::inline(vec![0; 1 << 20]));
    tree
}

/// The same but for what the filesystem of a temporary directory may not hold, and laid out in a directory.
pub(super) fn full_on_disk(directory: &std::path::Path) -> Tree {
    let mut tree = full();
    tree.remove_entry(Tree::ROOT, b"dev").unwrap();
    let odd = tree.lookup(b"/tmp\xff\x01\n/odd").unwrap();
    tree.node_mut(odd).metadata.xattrs = None;
    tree.materialise(directory).unwrap();
    tree
}

#[test]
fn what_is_written_can_be_verified() {
    let tree = full();
    for compression in COMPRESSIONS {
        for (tail_fragments, export) in [(false, true), (true, false)] {
            let options = SquashfsOptions { time: Some(TIME), tail_fragments, export, block_size: 16 << 10, ..with(compression) };
            let judged = write(&tree, &options);
            let file = open(&judged);
            let reader = SquashfsReader::open(&file).unwrap();
            let info = reader.info().clone();
            let found = reader.verify().unwrap();
            assert_eq!((found.files, found.directories, found.others), (1524, 5, 7));
            assert_eq!(found.bytes, 20 * 30_000 + 300_000 + (1 << 20) + 10_000 + 1);
            assert_eq!((info.bytes_used, info.inodes), (judged.squashfs.bytes_used, judged.squashfs.inodes));
            assert_eq!((info.fragments, info.block_size), (judged.squashfs.fragments, 16 << 10));
            assert_eq!((info.ids, info.time.seconds, info.has_export_table, info.has_xattrs), (3, TIME.seconds, export, true));
        }
    }
    let judged = write(&empty(), &quick());
    assert_eq!(verify(&open(&judged)).unwrap(), SquashfsVerified { files: 0, directories: 1, others: 0, bytes: 0 });
}

#[test]
fn what_mksquashfs_writes_can_be_verified() {
    let host = tempfile::tempdir().unwrap();
    let (directory, image) = (host.path().join("tree"), host.path().join("image"));
    full_on_disk(&directory);
    for arguments in [
        &["gzip"][..],
        &["xz", "-Xbcj", "x86"],
        &["zstd"],
        &["lz4", "-always-use-fragments"],
        &["gzip", "-no-fragments"],
        &["zstd", "-no-xattrs"],
    ] {
        let usual = [path(&directory), path(&image), "-noappend", "-no-progress", "-quiet", "-comp"];
        run_well("mksquashfs", &[&usual[..], arguments].concat());
        let file = FileSource::open(&image).unwrap();
        let found = verify(&file).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
        assert_eq!(found.files, 1524);
        assert_eq!(SquashfsReader::open(&file).unwrap().info().compression_name(), arguments[0]);
    }
}

/// A field of eight bytes of the superblock.
fn field(bytes: &[u8], at: usize) -> usize {
    usize::try_from(u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())).unwrap()
}

#[test]
fn every_wrong_byte_of_what_is_compressed_or_leads_somewhere_is_found() {
    let mut tree = everything();
    crowd(&mut tree, "crowd", 30, 20);
    add(&mut tree, Tree::ROOT, "text", Kind::inline(b"some text ".repeat(3_000)));
    // Where all that is compressed has a check: zlib's and xz's own.
    for compression in [COMPRESSIONS[1], COMPRESSIONS[3]] {
        let judged = write(&tree, &SquashfsOptions { block_size: 16 << 10, ..with(compression) });
        let bytes = fs_err::read(&judged.image).unwrap();
        let [ids, xattrs, inodes, fragments, export] = [48, 56, 64, 80, 88].map(|at| field(&bytes, at));
        let checked = [
            (0..8).chain(12..24).chain(26..40).chain(41..96).collect::<Vec<_>>(),
            // Behind the compressor's options, up to the fragments' own table, whose only block is stored as it is.
            (106..fragments - 16 - 2).collect(),
            (inodes..fragments - 4).collect(),
            [fragments, export, ids, xattrs, xattrs + 16].iter().flat_map(|at| *at..at + 8).collect(),
        ];
        for at in checked.into_iter().flatten() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x21;
            assert!(verify(&damaged.as_slice()).is_err(), "{compression:?}: byte {at}");
        }
    }
}

#[test]
fn no_end_of_an_image_is_missed() {
    let judged = write(&full(), &quick());
    let bytes = fs_err::read(&judged.image).unwrap();
    let used = usize::try_from(judged.squashfs.bytes_used).unwrap();
    assert!(verify(&&bytes[..used]).is_ok());
    for length in (0..used).step_by(997).chain([used - 1]) {
        assert!(verify(&&bytes[..length]).is_err(), "{length}");
    }
    assert!(matches!(verify(&&bytes[96..]), Err(SquashfsReadError::Magic)));
    let judged = write(&empty(), &quick());
    let file = fs_err::OpenOptions::new().read(true).write(true).open(&judged.image).unwrap();
    file.file().write_all_at(b"\x05\x00", 28).unwrap();
    assert_eq!(verify(&open(&judged)).unwrap_err().to_string(), "the superblock's version can't be 327680");
}

/// Where nothing is compressed, changes get furthest.
#[test]
fn no_change_of_some_bytes_is_more_than_an_error() {
    let mut tree = everything();
    crowd(&mut tree, "crowd", 400, 40);
    let judged = write(&tree, &SquashfsOptions { block_size: 4096, ..with(COMPRESSIONS[0]) });
    let bytes = fs_err::read(&judged.image).unwrap();
    let used = usize::try_from(judged.squashfs.bytes_used).unwrap();
    let metadata = field(&bytes, 64);
    let mut errors = std::collections::BTreeSet::new();
    for round in 0..4000 {
        let mut damaged = bytes[..used].to_vec();
        for change in noise(12, round).chunks(4) {
            let at = usize::from(u16::from_le_bytes([change[0], change[1]]));
            let at = if change[2] % 8 == 0 { at % 96 } else { metadata + at % (used - metadata) };
            damaged[at] = change[3];
        }
        if let Err(error) = verify(&damaged.as_slice()) {
            errors.insert(error.to_string().split(|c: char| c.is_ascii_digit()).collect::<String>());
        }
    }
    assert!(errors.len() > 25, "{errors:#?}");
}
