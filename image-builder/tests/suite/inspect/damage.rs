use rootfs_image::inspect::KnownRootHash;
use rootfs_image::{DiskOptions, Size, Table, VerityOptions};
use rootfs_tree::Kind;

use super::{assert_each_matters, assert_sound, told, verify_bytes};
use crate::disk::{options, write};
use crate::forest::{empty, node};
use crate::judge::{path, run_well};
use crate::squashfs::judge::{quick, write as write_squashfs};

fn bytes_of(options: &DiskOptions) -> (Vec<u8>, Option<KnownRootHash>) {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let (_, disk) = write(&empty(), options, &image);
    let known = disk.verity.map(|root| KnownRootHash::Parameters(root.to_string().parse().unwrap()));
    (fs_err::read(&image).unwrap(), known)
}

/// Each byte of both headers and of the entries in use, and some of the others.
#[test]
fn every_byte_of_a_gpt() {
    let (bytes, _) = bytes_of(&DiskOptions { table: Table::Gpt, ..options(Size::Minimal) });
    let end = bytes.len();
    let header = |at: usize| at..at + 92;
    let entries = |at: usize| (at..at + 256).chain((at + 256..at + 128 * 128).step_by(509));
    let places = header(512).chain(header(end - 512)).chain(entries(1024)).chain(entries(end - 33 * 512));
    assert_each_matters(&bytes, None, places.chain([510, 511]));
    let mut short = bytes.clone();
    short.truncate(end - 512);
    assert!(!verify_bytes(&short, None).unwrap().is_sound());
    short.resize(end + 4096, 0);
    assert!(told(&verify_bytes(&short, None).unwrap()).iter().any(|line| line.starts_with("gpt: ")));
}

/// The whole block, and what both tables say.
#[test]
fn every_byte_of_a_dax_header() {
    let (bytes, known) = bytes_of(&DiskOptions { dax: true, verity: Some(VerityOptions::default()), ..options(Size::Minimal) });
    // Quick: without the hashes, which have their own test below.
    let table = |at: usize| (at + 440..at + 444).chain([446, 450]).chain(at + 454..at + 463).chain([466]).chain(at + 470..at + 478);
    let places = (0x1000..0x1060).chain((0x1060..0x2000).step_by(61)).chain(0x1FF8..0x2000).chain(table(0)).chain(table(2 << 20));
    assert_each_matters(&bytes, None, places);
    let hashes = bytes.len() - (2 << 20);
    assert_each_matters(&bytes, known.as_ref(), [3 << 20, (3 << 20) + 5000, hashes, hashes + 31]);
}

#[test]
fn tables_that_lie() {
    let (bytes, _) = bytes_of(&options(Size::Minimal));
    let entry = |index: usize, flag: u8, kind: u8, start: u32, sectors: u32| {
        let mut bytes = bytes.clone();
        let at = 446 + 16 * index;
        bytes[at] = flag;
        bytes[at + 4] = kind;
        bytes[at + 8..at + 12].copy_from_slice(&start.to_le_bytes());
        bytes[at + 12..at + 16].copy_from_slice(&sectors.to_le_bytes());
        told(&verify_bytes(&bytes, None).unwrap())
    };
    let end = bytes.len();
    assert_eq!(entry(1, 0, 0x83, 2049, 8), ["mbr: it overlaps partition 1"]);
    let limit = format!("mbr: it ends at byte {}, and partitions may go to {end}", end + 512);
    assert!(entry(1, 0, 0x83, u32::try_from(end / 512).unwrap(), 1).contains(&limit));
    assert_eq!(entry(1, 0x80, 0x83, 1024, 8), ["mbr: several partitions are the one to boot from"]);
    assert_eq!(entry(1, 0, 0xEE, 1, 8), ["mbr: it protects a GPT, and there is none"]);
    // A chain that leads to itself, and one that leads nowhere.
    assert!(entry(1, 0, 0x05, 0, 100).contains(&"mbr: the chain of logical partitions is broken".to_owned()));
    assert!(entry(1, 0, 0x0F, u32::MAX, 100).contains(&"mbr: the chain of logical partitions is broken".to_owned()));
}

#[test]
fn fat_tables_and_ext4_superblocks() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("fat");
    for (kind, size) in [("12", 2 << 20), ("16", 16 << 20), ("32", 40 << 20)] {
        fs_err::write(&image, vec![0; size]).unwrap();
        run_well("mkfs.fat", &["-F", kind, "-R", "32", path(&image)]);
        let bytes = fs_err::read(&image).unwrap();
        let table = 32 * 512;
        let parameters = [11, 14, 16, 21, 510];
        assert_each_matters(&bytes, None, parameters.into_iter().chain((table..table + 16).chain([table + 1000])));
    }
    let (bytes, _) = bytes_of(&options(Size::Minimal));
    let superblock = (1 << 20) + 1024;
    // All that the checksum is over, but for the words that tell whether there is one and what it is.
    let places = (superblock..superblock + 1024).filter(|at| !matches!(at - superblock, 24..28 | 56..58 | 100..104)).step_by(7);
    assert_each_matters(&bytes, None, places);
}

#[test]
fn a_squashfs_is_read_to_its_end() {
    let mut tree = empty();
    tree.place(b"/file", node(Kind::inline(vec![7; 300_000]))).unwrap();
    let judged = write_squashfs(&tree, &quick());
    let bytes = fs_err::read(&judged.image).unwrap();
    assert_sound(&verify_bytes(&bytes, None).unwrap());
    let mut damaged = bytes.clone();
    damaged[110] ^= 0xFF;
    assert!(told(&verify_bytes(&damaged, None).unwrap())[0].starts_with("squashfs: "));
    assert!(!verify_bytes(&bytes[..200], None).unwrap().is_sound());
}

/// Nothing panics, whatever ends too early.
#[test]
fn cut_anywhere() {
    let (bytes, known) = bytes_of(&DiskOptions {
        table: Table::Gpt,
        verity: Some(VerityOptions { superblock: true, ..VerityOptions::default() }),
        ..options(Size::Minimal)
    });
    for length in (0..4096).step_by(97).chain((0..bytes.len()).step_by(300_001)) {
        assert!(!verify_bytes(&bytes[..length], known.as_ref()).unwrap().is_sound(), "{length}");
    }
}
