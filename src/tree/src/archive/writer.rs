use std::io::{self, BufWriter, Read, Write};

use tar::EntryType;

use super::header::{Ustar, extended};
use super::pax::xattr_key;
use super::{BLOCK, padding};
use crate::TreeError;
use crate::content::Sources;
use crate::links::Links;
use crate::node::{FileContent, Kind, Node};
use crate::tree::{Entry, NodeId, Tree};

const ZEROS: [u8; 512] = [0; 512];

impl Tree {
    /// Writes a pax archive: entries in the order of [`Tree::walk`], named `./usr/bin`, owners by number, extended headers only for what a ustar header
    /// can't say, two zero blocks at the end. The same tree gives the same bytes. Tells how many those are.
    ///
    /// # Errors
    /// When a content can't be read, `out` fails, or there is a socket, which no archive can hold.
    pub fn write_tar(&self, out: &mut dyn Write) -> Result<u64, TreeError> {
        let mut archive = Archive { tree: self, sources: Sources::of(self), out: BufWriter::with_capacity(1 << 18, out), written: 0 };
        let mut links = Links::of(self);
        for entry in self.walk() {
            archive.entry(&entry, links.first(&entry))?;
        }
        archive.bytes(&ZEROS).and_then(|()| archive.bytes(&ZEROS)).and_then(|()| archive.out.flush()).map_err(failed)?;
        Ok(archive.written)
    }
}

struct Archive<'a, W: Write> {
    tree: &'a Tree,
    sources: Sources<'a>,
    out: BufWriter<W>,
    written: u64,
}

impl<W: Write> Archive<'_, W> {
    fn entry(&mut self, entry: &Entry, first: Option<&[u8]>) -> Result<(), TreeError> {
        let node = self.tree.node(entry.id);
        let refuse = |reason| TreeError::Unwritable { path: entry.path.escape_ascii().to_string(), reason };
        let (header, content) = match first {
            Some(first) => {
                let mut header = header_of(node, EntryType::Link);
                header.target(&relative(first));
                (header, None)
            }
            None => describe(node).map_err(refuse)?,
        };
        let mut name = relative(&entry.path);
        if matches!(node.kind, Kind::Directory(_)) && !name.ends_with(b"/") {
            name.push(b'/');
        }
        self.header(&name, header).map_err(failed)?;
        content.map_or(Ok(()), |file| self.content(entry.id, file))
    }

    fn header(&mut self, name: &[u8], mut ustar: Ustar) -> io::Result<()> {
        ustar.name(name);
        let records = std::mem::take(&mut ustar.records.0);
        if !records.is_empty() {
            self.bytes(extended(name, records.len() as u64).as_bytes())?;
            self.bytes(&records)?;
            self.pad()?;
        }
        self.bytes(ustar.finish().as_bytes())
    }

    fn content(&mut self, id: NodeId, file: &FileContent) -> Result<(), TreeError> {
        let mut bytes = self.sources.find(id, file)?;
        let copied = io::copy(&mut Read::take(&mut bytes, file.length), &mut self.out).map_err(failed)?;
        if copied != file.length {
            return Err(TreeError::Changed { path: self.tree.path_of(id).into(), expected: file.length });
        }
        self.written += copied;
        self.pad().map_err(failed)
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn pad(&mut self) -> io::Result<()> {
        let count = padding(self.written);
        debug_assert!(count < BLOCK, "a block is never padded whole");
        self.bytes(&ZEROS[..usize::try_from(count).unwrap_or(0)])
    }
}

/// The header with all but the name, and the content when there is one.
fn describe(node: &Node) -> Result<(Ustar, Option<&FileContent>), &'static str> {
    let plain = |kind| Ok((header_of(node, kind), None));
    match &node.kind {
        Kind::Directory(_) => plain(EntryType::Directory),
        Kind::File(file) => {
            let mut header = header_of(node, EntryType::Regular);
            header.size(file.length);
            Ok((header, Some(file)))
        }
        Kind::Symlink(target) => {
            let mut header = header_of(node, EntryType::Symlink);
            header.target(target);
            Ok((header, None))
        }
        Kind::CharDevice { major, minor } => device(node, EntryType::Char, *major, *minor),
        Kind::BlockDevice { major, minor } => device(node, EntryType::Block, *major, *minor),
        Kind::Fifo => plain(EntryType::Fifo),
        Kind::Socket => Err("it is a socket"),
    }
}

fn device(node: &Node, kind: EntryType, major: u32, minor: u32) -> Result<(Ustar, Option<&FileContent>), &'static str> {
    let mut header = header_of(node, kind);
    if header.device(major, minor) { Ok((header, None)) } else { Err("its device numbers are too large") }
}

fn header_of(node: &Node, kind: EntryType) -> Ustar {
    let metadata = &node.metadata;
    let is_symlink = matches!(node.kind, Kind::Symlink(_));
    let mut ustar = Ustar::new(kind, if is_symlink { 0o777 } else { metadata.mode });
    ustar.size(0);
    ustar.owner(metadata.uid, metadata.gid);
    ustar.mtime(metadata.mtime);
    // A later name has the attributes of its first.
    let xattrs = metadata.xattrs.iter().filter(|_| kind != EntryType::Link).flat_map(|xattrs| xattrs.iter());
    for (name, value) in xattrs {
        ustar.records.push(&xattr_key(name), value);
    }
    ustar
}

/// `/usr` as `./usr`.
fn relative(path: &[u8]) -> Vec<u8> {
    [b".", path].concat()
}

fn failed(error: io::Error) -> TreeError {
    TreeError::io("write the archive", error)
}
