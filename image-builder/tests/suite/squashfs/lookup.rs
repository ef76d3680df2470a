//! What our reader finds under a path: all that was written, in images of ours and of mksquashfs's, and an error where an image is damaged.

use rootfs_image::{FileSource, SquashfsEntry, SquashfsOptions, SquashfsReader};
use rootfs_tree::{Kind, Tree};

use super::judge::{COMPRESSIONS, quick, with, write};
use super::read::{full, full_on_disk, open};
use crate::forest::{add, crowd, empty};
use crate::judge::{path, run_well};

fn entry(kind: &Kind) -> SquashfsEntry {
    match kind {
        Kind::Directory(_) => SquashfsEntry::Directory,
        Kind::File(_) => SquashfsEntry::File,
        Kind::Symlink(target) => SquashfsEntry::Symlink { target: target.to_vec() },
        _ => SquashfsEntry::Other,
    }
}

fn finds_all_of(reader: &SquashfsReader<'_>, tree: &Tree) {
    for each in tree.walk() {
        let found = reader.lookup(&each.path).unwrap();
        assert_eq!(found, Some(entry(&tree.node(each.id).kind)), "{}", each.path.escape_ascii());
        let below = [&*each.path, b"/no such name"].concat();
        assert_eq!(reader.lookup(&below).unwrap(), None, "{}", below.escape_ascii());
    }
}

#[test]
fn all_that_was_written_is_found() {
    let tree = full();
    for compression in COMPRESSIONS {
        let judged = write(&tree, &SquashfsOptions { block_size: 16 << 10, ..with(compression) });
        finds_all_of(&SquashfsReader::open(&open(&judged)).unwrap(), &tree);
    }
    let judged = write(&empty(), &quick());
    let file = open(&judged);
    let reader = SquashfsReader::open(&file).unwrap();
    assert_eq!(reader.lookup(b"").unwrap(), Some(SquashfsEntry::Directory));
    assert_eq!([reader.lookup(b"/.").unwrap(), reader.lookup(b"..").unwrap(), reader.lookup(b"/sbin/init").unwrap()], [None, None, None]);
}

#[test]
fn all_that_mksquashfs_has_written_is_found() {
    let host = tempfile::tempdir().unwrap();
    let (directory, image) = (host.path().join("tree"), host.path().join("image"));
    let tree = full_on_disk(&directory);
    run_well("mksquashfs", &[path(&directory), path(&image), "-noappend", "-no-progress", "-quiet"]);
    let file = FileSource::open(&image).unwrap();
    finds_all_of(&SquashfsReader::open(&file).unwrap(), &tree);
}

/// Where nothing is compressed, changes get furthest.
#[test]
fn no_change_of_a_byte_is_more_than_an_error() {
    let mut tree = empty();
    crowd(&mut tree, "crowd", 40, 10);
    let sbin = add(&mut tree, Tree::ROOT, "sbin", Kind::directory());
    add(&mut tree, sbin, "init", Kind::Symlink((*b"../bin/busybox").into()));
    let judged = write(&tree, &with(COMPRESSIONS[0]));
    let bytes = fs_err::read(&judged.image).unwrap();
    let used = usize::try_from(judged.squashfs.bytes_used).unwrap();
    let init = SquashfsEntry::Symlink { target: b"../bin/busybox".to_vec() };
    let (mut errors, mut others) = (0, 0);
    for at in 0..used {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = bytes[..used].to_vec();
            damaged[at] ^= flip;
            let source = damaged.as_slice();
            match SquashfsReader::open(&source).and_then(|reader| reader.lookup(b"/sbin/init")) {
                Err(_) => errors += 1,
                Ok(found) => others += usize::from(found.as_ref() != Some(&init)),
            }
        }
    }
    assert!(errors > 200 && others > 20, "{errors} errors, {others} other answers");
    for length in 0..used {
        let source = &bytes[..length];
        assert!(SquashfsReader::open(&source).is_err(), "{length}");
    }
}

#[test]
fn a_listing_without_end_is_not_read() {
    let mut tree = empty();
    for number in 0..3 {
        crowd(&mut tree, &format!("crowd{number}"), 30_000, 250);
    }
    let judged = write(&tree, &quick());
    let file = open(&judged);
    let reader = SquashfsReader::open(&file).unwrap();
    assert_eq!(reader.lookup(b"/crowd1/none").unwrap(), None);
    let mut tree = empty();
    crowd(&mut tree, "crowd", 70_000, 250);
    let judged = write(&tree, &quick());
    let file = open(&judged);
    let error = SquashfsReader::open(&file).unwrap().lookup(b"/crowd/none").unwrap_err();
    assert!(error.to_string().ends_with("it is too large to look through"), "{error}");
}
