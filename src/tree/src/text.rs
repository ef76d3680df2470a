//! The canonical text form: what two trees must have in common to be the same.
//!
//! The first line is `rootfs-tree 1`; then a line an entry, in the order of [`Tree::walk`], fields apart by one space:
//!
//! ```text
//! PATH TYPE MODE UID GID SECONDS.NANOSECONDS [LENGTH SHA256 | TARGET | MAJOR,MINOR] [XATTR=HEX]…
//! PATH h FIRST
//! ```
//!
//! TYPE is `d`, `f`, `l`, `c`, `b`, `p` or `s` as find(1) says it, `h` is a later name of the inode at FIRST. MODE has four octal digits (a link's is always
//! 0777), NANOSECONDS nine and are added to SECONDS, which may be negative. Bytes outside `!`…`~`, the backslash and, in names of attributes, `=` are `\xHH`.

mod escape;
mod reader;

use std::io::{BufWriter, Write};

use sha2::{Digest as _, Sha256};

use crate::TreeError;
use crate::links::Links;
use crate::node::{Digest, Kind, Node};
use crate::tree::{Entry, Tree};

use escape::hex;
pub(crate) use escape::{escape, unescape};
pub(crate) use reader::Lines;

/// The first line.
const HEADER: &[u8] = b"rootfs-tree 1";

impl Tree {
    /// Writes the canonical text form.
    ///
    /// # Errors
    /// [`TreeError::NotHashed`], and when `out` fails.
    pub fn write_text(&self, out: &mut dyn Write) -> Result<(), TreeError> {
        let failed = |error| TreeError::io("write the tree's text form", error);
        let mut out = BufWriter::new(out);
        let mut links = Links::of(self);
        let mut line = [HEADER, b"\n"].concat();
        out.write_all(&line).map_err(failed)?;
        for entry in self.walk() {
            line.clear();
            self.format_line(&mut line, &entry, links.first(&entry))?;
            line.push(b'\n');
            out.write_all(&line).map_err(failed)?;
        }
        out.flush().map_err(failed)
    }

    /// The sha256 of the text form: two trees with the same one are the same to any reader.
    ///
    /// # Errors
    /// [`TreeError::NotHashed`].
    pub fn digest(&self) -> Result<Digest, TreeError> {
        let mut hashing = Hashing(Sha256::new());
        self.write_text(&mut hashing)?;
        Ok(Digest(hashing.0.finalize().into()))
    }

    fn format_line(&self, line: &mut Vec<u8>, entry: &Entry, first: Option<&[u8]>) -> Result<(), TreeError> {
        escape(line, &entry.path, b"");
        if let Some(first) = first {
            line.extend_from_slice(b" h ");
            escape(line, first, b"");
            return Ok(());
        }
        let node = self.node(entry.id);
        let (letter, what) = describe(node).ok_or_else(|| TreeError::NotHashed { path: entry.path.escape_ascii().to_string() })?;
        let metadata = &node.metadata;
        let mode = if letter == 'l' { 0o777 } else { metadata.mode };
        let (uid, gid, mtime) = (metadata.uid, metadata.gid, metadata.mtime);
        line.extend_from_slice(format!(" {letter} {mode:04o} {uid} {gid} {}.{:09}", mtime.seconds, mtime.nanoseconds).as_bytes());
        line.extend_from_slice(&what);
        for (name, value) in metadata.xattrs.iter().flat_map(|xattrs| xattrs.iter()) {
            line.push(b' ');
            escape(line, name, b"=");
            line.push(b'=');
            hex(line, value);
        }
        Ok(())
    }
}

/// The type's letter and its own fields, each with the space before it; nothing when a hash is missing.
fn describe(node: &Node) -> Option<(char, Vec<u8>)> {
    let numbers = |major: u32, minor: u32| format!(" {major},{minor}").into_bytes();
    Some(match &node.kind {
        Kind::Directory(_) => ('d', Vec::new()),
        Kind::File(file) => {
            let mut what = format!(" {} ", file.length).into_bytes();
            hex(&mut what, &file.sha256?.0);
            ('f', what)
        }
        Kind::Symlink(target) => {
            let mut what = vec![b' '];
            escape(&mut what, target, b"");
            ('l', what)
        }
        Kind::CharDevice { major, minor } => ('c', numbers(*major, *minor)),
        Kind::BlockDevice { major, minor } => ('b', numbers(*major, *minor)),
        Kind::Fifo => ('p', Vec::new()),
        Kind::Socket => ('s', Vec::new()),
    })
}

struct Hashing(Sha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
