//! cpio archives in the "new ASCII" form, which the kernel unpacks as its first root (Documentation/driver-api/early-userspace/buffer-format.rst
//! of the kernel).

mod header;

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use rootfs_tree::{Entry, FileContent, Kind, NodeId, Sources, Tree, TreeError};

use header::{Header, TRAILER};

/// Headers, names and contents begin at multiples of this.
const ALIGNMENT: u64 = 4;

/// What GNU cpio pads archives to.
const BLOCK: u64 = 512;

/// Longest file that a header can tell.
const LONGEST: u64 = u32::MAX as u64;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cpio {
    /// Bytes of the archive.
    pub size: u64,
    /// Inodes whose extended attributes are not in it: the form has no place for any.
    pub without_attributes: u64,
}

/// Why a tree can't become a cpio archive. Paths are the tree's, with unprintable bytes escaped.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum CpioError {
    /// A length has 32 bits.
    #[error("`{path}` has {length} bytes, more than the {limit} that a file in a cpio archive can have")]
    FileTooLarge { path: String, length: u64, limit: u64 },
    /// A time has 32 bits and no sign.
    #[error("`{path}` was changed {seconds} seconds after 1970, and 0 to 4294967295 can be told in a cpio archive")]
    Time { path: String, seconds: i64 },
    /// The name that ends an archive.
    #[error("`{path}` can't be in a cpio archive: the name means its end")]
    Name { path: String },
    /// Inodes are numbered with 32 bits.
    #[error("the tree has more than {limit} inodes")]
    TooManyInodes { limit: u32 },
    /// A content can't be found.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A content can't be read, or the archive not be written.
    #[error("can't write the archive")]
    Io(#[from] io::Error),
}

/// Writes a tree as a cpio archive: the entries in the order of [`Tree::walk`], `.` first, names without a leading slash, inodes numbered in that order.
/// The content of a file with several names stands behind the first. The same tree gives the same bytes.
///
/// # Errors
/// When something in the tree has no place in the form, a content can't be read, or `out` fails.
pub fn write_cpio(tree: &Tree, out: &mut dyn Write) -> Result<Cpio, CpioError> {
    let mut archive = Archive {
        tree,
        sources: Sources::of(tree),
        out: BufWriter::with_capacity(1 << 18, out),
        position: 0,
        names: tree.count_names(),
        numbers: BTreeMap::new(),
        last: 0,
        without_attributes: 0,
    };
    for entry in tree.walk() {
        archive.entry(&entry)?;
    }
    archive.put(&Header::default().bytes(TRAILER))?;
    archive.put(TRAILER)?;
    archive.put(&[0])?;
    archive.pad(BLOCK)?;
    archive.out.flush()?;
    Ok(Cpio { size: archive.position, without_attributes: archive.without_attributes })
}

fn shown(path: &[u8]) -> String {
    path.escape_ascii().to_string()
}

struct Archive<'a, W: Write> {
    tree: &'a Tree,
    sources: Sources<'a>,
    out: BufWriter<W>,
    position: u64,
    /// Of each inode, by its index; directories have none.
    names: Vec<u32>,
    /// The numbers of inodes with several names, once they were met.
    numbers: BTreeMap<NodeId, u32>,
    /// The last number given.
    last: u32,
    without_attributes: u64,
}

impl<W: Write> Archive<'_, W> {
    fn entry(&mut self, entry: &Entry) -> Result<(), CpioError> {
        let node = self.tree.node(entry.id);
        let names = self.names[entry.id.index()];
        let known = self.numbers.get(&entry.id).copied();
        let inode = known.map_or_else(|| self.number(entry.id, names > 1), Ok)?;
        if known.is_none() && node.metadata.xattrs.as_ref().is_some_and(|xattrs| !xattrs.is_empty()) {
            self.without_attributes += 1;
        }
        let content = match &node.kind {
            Kind::File(file) if known.is_none() => Some(file),
            _ => None,
        };
        let target = match &node.kind {
            Kind::Symlink(target) => Some(&**target),
            _ => None,
        };
        let length = content.map_or(target.map_or(0, |target| target.len() as u64), |file| file.length);
        let size = u32::try_from(length).or(Err(CpioError::FileTooLarge { path: shown(&entry.path), length, limit: LONGEST }))?;
        let seconds = node.metadata.mtime.seconds;
        let mtime = u32::try_from(seconds).or(Err(CpioError::Time { path: shown(&entry.path), seconds }))?;
        let name = match entry.path.as_slice() {
            b"/" => b".",
            path => &path[1..],
        };
        if name == TRAILER {
            return Err(CpioError::Name { path: shown(&entry.path) });
        }
        self.put(&Header::of(node, inode, names, mtime, size).bytes(name))?;
        self.put(name)?;
        self.put(&[0])?;
        self.pad(ALIGNMENT)?;
        match (content, target) {
            (Some(file), _) => self.content(entry.id, file)?,
            (None, Some(target)) => self.put(target)?,
            (None, None) => {}
        }
        Ok(self.pad(ALIGNMENT)?)
    }

    fn number(&mut self, id: NodeId, several: bool) -> Result<u32, CpioError> {
        self.last = self.last.checked_add(1).ok_or(CpioError::TooManyInodes { limit: u32::MAX })?;
        if several {
            self.numbers.insert(id, self.last);
        }
        Ok(self.last)
    }

    fn content(&mut self, id: NodeId, file: &FileContent) -> Result<(), CpioError> {
        if file.length == 0 {
            return Ok(());
        }
        let mut bytes = self.sources.find(id, file)?;
        self.position += io::copy(&mut bytes, &mut self.out)?;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.position += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn pad(&mut self, alignment: u64) -> io::Result<()> {
        let zeros = [0; 512];
        let missing = usize::try_from(self.position.next_multiple_of(alignment) - self.position).unwrap_or(0);
        self.put(&zeros[..missing])
    }
}

#[cfg(test)]
mod tests {
    use rootfs_tree::{Metadata, Node, Time};

    use super::*;

    fn node(kind: Kind) -> Node {
        Node { metadata: Metadata::root(0o644, Time::from_seconds(1)), kind, package: None }
    }

    #[test]
    fn a_small_archive_byte_by_byte() {
        let mut tree = Tree::default();
        let file = tree.place(b"/a", node(Kind::inline(*b"x\n"))).unwrap();
        tree.insert(Tree::ROOT, b"b", file).unwrap();
        let mut bytes = Vec::new();
        let written = write_cpio(&tree, &mut bytes).unwrap();
        let header = |inode: u32, mode: u32, links: u32, mtime: u32, size: u32, name: u32| {
            let zeros = "00000000";
            format!(
                "070701{inode:08x}{mode:08x}{zeros}{zeros}{links:08x}{mtime:08x}{size:08x}{zeros}{zeros}{zeros}{zeros}{name:08x}{zeros}"
            )
        };
        let expected = [
            header(1, 0o040_755, 2, 0, 0, 2) + ".\0",
            header(2, 0o100_644, 2, 1, 2, 2) + "a\0x\n\0\0",
            header(2, 0o100_644, 2, 1, 0, 2) + "b\0",
            header(0, 0, 1, 0, 0, 11) + "TRAILER!!!\0",
        ];
        let expected = expected.concat();
        assert_eq!(bytes[..expected.len()].escape_ascii().to_string(), expected.as_bytes().escape_ascii().to_string());
        assert!(bytes[expected.len()..].iter().all(|byte| *byte == 0));
        assert_eq!((bytes.len(), written.size, written.without_attributes), (512, 512, 0));
    }

    #[test]
    fn what_has_no_place_is_told() {
        let mut tree = Tree::default();
        tree.place(b"/early", Node { metadata: Metadata::root(0, Time::from_seconds(-1)), ..node(Kind::Fifo) }).unwrap();
        let error = write_cpio(&tree, &mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "`/early` was changed -1 seconds after 1970, and 0 to 4294967295 can be told in a cpio archive");

        let mut tree = Tree::default();
        tree.place(b"/TRAILER!!!", node(Kind::Fifo)).unwrap();
        assert!(matches!(write_cpio(&tree, &mut Vec::new()), Err(CpioError::Name { .. })));

        let mut tree = Tree::default();
        let mut metadata = Metadata::root(0, Time::default());
        metadata.xattrs = Some(Box::new([(Box::from(*b"user.a"), Box::from(*b"1"))].into()));
        tree.place(b"/a", Node { metadata, ..node(Kind::inline([])) }).unwrap();
        assert_eq!(write_cpio(&tree, &mut Vec::new()).unwrap().without_attributes, 1);
    }
}
