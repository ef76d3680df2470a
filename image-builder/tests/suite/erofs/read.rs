//! Our own reader: what it finds in images, and that hostile ones are errors.

use std::collections::BTreeMap;
use std::io::Read as _;

use rootfs_image::{ErofsEntry, ErofsInode, ErofsKind, ErofsOptions, ErofsReadError, ErofsReader, ErofsVerified, FileSource, ImageSource};
use rootfs_tree::{Kind, Metadata, Node, NodeId, Tree};

use super::judge::{COMPRESSIONS, assert_same, expected, with, write};
use crate::forest::{add, crowd, everything, with_xattrs};
use crate::squashfs::judge::noise;

pub(super) fn verify(image: &(impl ImageSource + Sized)) -> Result<ErofsVerified, ErofsReadError> {
    ErofsReader::open(image)?.verify()
}

/// All that the reader finds, as a tree.
pub(super) fn tree_of(image: &(impl ImageSource + Sized)) -> Tree {
    let reader = ErofsReader::open(image).unwrap();
    let root = reader.inode(reader.root()).unwrap();
    let mut tree = Tree::new(metadata(&reader, &root));
    let mut known = BTreeMap::from([(root.nid, Tree::ROOT)]);
    let mut pending = vec![(root, Tree::ROOT)];
    while let Some((directory, parent)) = pending.pop() {
        let mut names = Vec::new();
        reader
            .read_directory(&directory, |entry| {
                names.push(entry);
                Ok(())
            })
            .unwrap();
        for entry in names.into_iter().filter(|entry| entry.name != b"." && entry.name != b"..") {
            let inode = reader.inode(entry.nid).unwrap();
            let id = *known.entry(entry.nid).or_insert_with(|| add_inode(&mut tree, &reader, &inode));
            tree.insert(parent, &entry.name, id).unwrap();
            if inode.kind == ErofsKind::Directory {
                pending.push((inode, id));
            }
        }
    }
    expected(&tree)
}

fn metadata(reader: &ErofsReader<'_>, inode: &ErofsInode) -> Metadata {
    let xattrs = Some(reader.xattrs(inode).unwrap()).filter(|xattrs| !xattrs.is_empty()).map(Box::new);
    Metadata { mode: inode.mode, uid: inode.uid, gid: inode.gid, mtime: inode.mtime, xattrs }
}

fn add_inode(tree: &mut Tree, reader: &ErofsReader<'_>, inode: &ErofsInode) -> NodeId {
    let kind = match inode.kind {
        ErofsKind::Directory => Kind::directory(),
        ErofsKind::File => {
            let mut content = Vec::new();
            reader.content(inode).unwrap().read_to_end(&mut content).unwrap();
            Kind::inline(content)
        }
        ErofsKind::Symlink => Kind::Symlink(reader.target(inode).unwrap().into()),
        ErofsKind::CharDevice { major, minor } => Kind::CharDevice { major, minor },
        ErofsKind::BlockDevice { major, minor } => Kind::BlockDevice { major, minor },
        ErofsKind::Fifo => Kind::Fifo,
        ErofsKind::Socket => Kind::Socket,
    };
    tree.add_node(Node { metadata: metadata(reader, inode), kind, package: None })
}

/// Everything an erofs has a part for.
pub(super) fn full() -> Tree {
    let mut tree = everything();
    crowd(&mut tree, "crowd", 600, 30);
    for index in 0..20_u64 {
        let text: Vec<u8> = [noise(6000, index), b"some text ".repeat(usize::try_from(index).unwrap() * 2000)].concat();
        let id = add(&mut tree, Tree::ROOT, format!("{index}"), Kind::inline(text));
        tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&[("user.same", 300), (&format!("trusted.{index}"), 20)]));
    }
    add(&mut tree, Tree::ROOT, "zeros", Kind::inline(vec![0; 1 << 20]));
    tree
}

#[test]
fn what_is_written_is_read() {
    let tree = full();
    for compression in COMPRESSIONS {
        for cluster_size in [4096, 32 << 10] {
            let judged = write(&tree, &ErofsOptions { cluster_size, label: b"root".to_vec(), ..with(compression) });
            let file = FileSource::open(&judged.image).unwrap();
            let found = verify(&file).unwrap();
            assert_eq!((found.files, found.directories, found.others), (623, 5, 7));
            assert_eq!(found.clusters > 0, judged.erofs.compressed > 0);
            let reader = ErofsReader::open(&file).unwrap();
            let info = reader.info();
            assert_eq!((info.size, info.inodes, &*info.label), (judged.erofs.size, judged.erofs.inodes.into(), "root"));
            assert_same(&expected(&tree), &tree_of(&file));
            assert_eq!(reader.lookup(b"/bin/tool").unwrap(), Some(ErofsEntry::File));
            assert_eq!(reader.lookup(b"/bin/short").unwrap(), Some(ErofsEntry::Symlink { target: b"tool".to_vec() }));
            assert_eq!(reader.lookup(b"/bin/short/x").unwrap(), None);
            assert_eq!(reader.lookup(b"/crowd/../bin").unwrap(), None);
            assert_eq!(reader.lookup(b"//crowd/").unwrap(), Some(ErofsEntry::Directory));
            assert_eq!(reader.lookup(b"/dev/null").unwrap(), Some(ErofsEntry::Other));
        }
    }
}

#[test]
fn no_end_of_an_image_is_missed() {
    for compression in COMPRESSIONS {
        let judged = write(&full(), &with(compression));
        let bytes = fs_err::read(&judged.image).unwrap();
        for length in (0..bytes.len()).step_by(9973).chain([bytes.len() - 1]) {
            assert!(verify(&&bytes[..length]).is_err(), "{length}");
        }
        assert!(matches!(verify(&&bytes[4096..]), Err(ErofsReadError::Magic)));
    }
}

/// Changes of some bytes behind the superblock, which has a checksum; without it, in it too.
#[test]
fn no_change_of_some_bytes_is_more_than_an_error() {
    let mut tree = everything();
    crowd(&mut tree, "crowd", 100, 40);
    add(&mut tree, Tree::ROOT, "text", Kind::inline(b"some text ".repeat(9000)));
    let mut errors = std::collections::BTreeSet::new();
    for compression in COMPRESSIONS {
        let judged = write(&tree, &ErofsOptions { cluster_size: 8192, ..with(compression) });
        let mut bytes = fs_err::read(&judged.image).unwrap();
        // The bit that says that there is a checksum.
        bytes[1024 + 8] &= !1;
        let meta = usize::try_from(u32::from_le_bytes(bytes[1064..1068].try_into().unwrap())).unwrap() * 4096;
        for round in 0..1500 {
            let mut damaged = bytes.clone();
            for change in noise(12, round).chunks(4) {
                let at = usize::from(u16::from_le_bytes([change[0], change[1]]));
                let at = if change[2] % 8 == 0 { 1024 + at % 128 } else { meta + at % (bytes.len() - meta) };
                damaged[at] = change[3];
            }
            let image = damaged.as_slice();
            if let Err(error) = verify(&image) {
                errors.insert(error.to_string().split(|c: char| c.is_ascii_digit()).collect::<String>());
            }
            if let Ok(reader) = ErofsReader::open(&image) {
                let _ = reader.lookup(b"/bin/short");
            }
        }
    }
    assert!(errors.len() > 25, "{errors:#?}");
}

/// Directories that lead to each other, and claims far beyond the image.
#[test]
fn loops_and_lengths() {
    let mut tree = everything();
    add(&mut tree, Tree::ROOT, "text", Kind::inline(b"some text ".repeat(9000)));
    let judged = write(&tree, &with(COMPRESSIONS[1]));
    let bytes = fs_err::read(&judged.image).unwrap();
    let meta = usize::try_from(u32::from_le_bytes(bytes[1064..1068].try_into().unwrap())).unwrap() * 4096;
    let reader = |image: &[u8]| ErofsReader::open(&image).and_then(|reader| reader.verify()).unwrap_err().to_string();
    // `bin` becomes another name of the root.
    let place = bytes[meta..].windows(12).position(|entry| entry[10] == 2 && entry[..8] != [1, 0, 0, 0, 0, 0, 0, 0]).unwrap() + meta;
    let mut looped = bytes.clone();
    looped[place..place + 8].copy_from_slice(&1_u64.to_le_bytes());
    assert!(reader(&looped).contains("inode 1: its number of names"), "{}", reader(&looped));
    // Each inode in turn becomes as long as can be told.
    for slot in (meta + 32..bytes.len()).step_by(32) {
        let mut long = bytes.clone();
        long[slot + 8..slot + 12].fill(0xFF);
        let _ = verify(&long.as_slice());
        long[slot + 12..slot + 15].fill(0xFF);
        let _ = verify(&long.as_slice());
    }
}
