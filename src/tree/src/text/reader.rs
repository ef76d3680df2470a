use std::io::{BufRead, Read};
use std::path::Path;
use std::str::FromStr;

use super::HEADER;
use super::escape::{unescape, unhex};
use crate::TreeError;
use crate::disk::split;
use crate::node::{Content, Digest, FileContent, Kind, Metadata, Node, Time, Xattrs};
use crate::tree::{NodeId, Tree};

/// Longest line that is read: a path of any filesystem with all its attributes is shorter.
const LONGEST: u64 = 1 << 24;

/// Lines of a text form, counted.
pub(crate) struct Lines<'a> {
    input: &'a mut dyn BufRead,
    name: &'a Path,
    number: usize,
    line: Vec<u8>,
}

impl<'a> Lines<'a> {
    /// `name` is the file's, for errors.
    pub(crate) fn new(input: &'a mut dyn BufRead, name: &'a Path) -> Self {
        Self { input, name, number: 0, line: Vec::new() }
    }

    /// The next line without its end; nothing after the last.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, TreeError> {
        self.line.clear();
        self.number += 1;
        let read = (&mut *self.input).take(LONGEST).read_until(b'\n', &mut self.line);
        let count = read.map_err(|error| TreeError::io(format!("read `{}`", self.name.display()), error))?;
        match self.line.pop() {
            None => Ok(None),
            Some(b'\n') => Ok(Some(&self.line)),
            Some(_) if count as u64 == LONGEST => Err(self.error("it is too long")),
            Some(_) => Err(self.error("it has no end: the file is cut off")),
        }
    }

    /// What is wrong with the line that was read last.
    pub(crate) fn error(&self, reason: impl Into<String>) -> TreeError {
        TreeError::Text { file: self.name.to_owned(), line: self.number, reason: reason.into() }
    }
}

impl Tree {
    /// Reads the text form back. The tree has hashes but no contents ([`Content::Absent`]), no layers and no packages; its own text form has
    /// the same bytes.
    ///
    /// # Errors
    /// When a line is not of that form, or puts an entry where none can be.
    pub fn read_text(input: &mut dyn BufRead, name: &Path) -> Result<Tree, TreeError> {
        let mut lines = Lines::new(input, name);
        if lines.next()? != Some(HEADER) {
            return Err(lines.error("it is not `rootfs-tree 1`"));
        }
        let mut tree = Tree::default();
        let root = lines.next()?.ok_or("there is no root directory").and_then(parse_line);
        match root.map_err(|reason| lines.error(reason))? {
            (path, Named::Inode(node)) if path == b"/" && matches!(node.kind, Kind::Directory(_)) => *tree.node_mut(Tree::ROOT) = node,
            _ => return Err(lines.error("the root directory must be first")),
        }
        while let Some(line) = lines.next()? {
            let added = parse_line(line).and_then(|(path, named)| tree.add_named(&path, named));
            added.map_err(|reason| lines.error(reason))?;
        }
        Ok(tree)
    }

    /// The inode of a path as it is written: no link is followed.
    pub(crate) fn entry(&self, path: &[u8]) -> Option<NodeId> {
        let names = path.strip_prefix(b"/")?.split(|byte| *byte == b'/');
        if path == b"/" { Some(Self::ROOT) } else { names.into_iter().try_fold(Self::ROOT, |here, name| self.child(here, name)) }
    }

    fn add_named(&mut self, path: &[u8], named: Named) -> Result<(), &'static str> {
        let (directory, name) = split(path);
        let parent = self.entry(directory).ok_or("there is no such directory before it")?;
        let id = match named {
            Named::Inode(node) => self.add_node(node),
            Named::Link(first) => {
                let first = self.entry(&first).ok_or("there is no such inode before it")?;
                if matches!(self.node(first).kind, Kind::Directory(_)) {
                    return Err("a directory has one name only");
                }
                first
            }
        };
        match self.insert(parent, name, id) {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err("the path was there before"),
            Err(_) => Err("the path can't be one"),
        }
    }
}

enum Named {
    Inode(Node),
    Link(Vec<u8>),
}

fn parse_line(line: &[u8]) -> Result<(Vec<u8>, Named), &'static str> {
    let mut fields = line.split(|byte| *byte == b' ');
    let mut next = || fields.next().ok_or("a field is missing");
    let path = unescape(next()?).ok_or("the path is badly escaped")?;
    let letter = next()?;
    if letter == b"h" {
        let first = unescape(next()?).ok_or("the first path is badly escaped")?;
        return if fields.next().is_none() { Ok((path, Named::Link(first))) } else { Err("there are too many fields") };
    }
    let mode = u16::from_str_radix(text(next()?)?, 8).ok().filter(|mode| *mode <= 0o7777).ok_or("the mode is not one")?;
    let uid = number(next()?)?;
    let gid = number(next()?)?;
    let mtime = parse_time(next()?).ok_or("the time is not one")?;
    let kind = parse_kind(letter, &mut next)?;
    let mut xattrs = Xattrs::new();
    for field in fields {
        parse_xattr(field, &mut xattrs).ok_or("an attribute is not one")?;
    }
    let xattrs = (!xattrs.is_empty()).then(|| Box::new(xattrs));
    Ok((path, Named::Inode(Node { metadata: Metadata { mode, uid, gid, mtime, xattrs }, kind, package: None })))
}

fn parse_kind<'a>(letter: &[u8], next: &mut impl FnMut() -> Result<&'a [u8], &'static str>) -> Result<Kind, &'static str> {
    Ok(match letter {
        b"d" => Kind::directory(),
        b"f" => {
            let length = number(next()?)?;
            let sha256 = text(next()?)?.parse::<Digest>().ok().ok_or("the hash is not one")?;
            Kind::File(FileContent { length, content: Content::Absent, sha256: Some(sha256), dense: false })
        }
        b"l" => {
            let target = unescape(next()?).filter(|target| !target.is_empty());
            Kind::Symlink(target.ok_or("the target is badly escaped")?.into())
        }
        b"c" => parse_device(next()?).map(|(major, minor)| Kind::CharDevice { major, minor })?,
        b"b" => parse_device(next()?).map(|(major, minor)| Kind::BlockDevice { major, minor })?,
        b"p" => Kind::Fifo,
        b"s" => Kind::Socket,
        _ => return Err("the type is unknown"),
    })
}

fn parse_device(field: &[u8]) -> Result<(u32, u32), &'static str> {
    let (major, minor) = text(field)?.split_once(',').ok_or("the device is not one")?;
    Ok((number(major.as_bytes())?, number(minor.as_bytes())?))
}

fn parse_time(field: &[u8]) -> Option<Time> {
    let (seconds, nanoseconds) = str::from_utf8(field).ok()?.split_once('.')?;
    let digits = nanoseconds.len() == 9 && nanoseconds.bytes().all(|byte| byte.is_ascii_digit());
    Some(Time { seconds: seconds.parse().ok()?, nanoseconds: nanoseconds.parse().ok().filter(|_| digits)? })
}

fn parse_xattr(field: &[u8], xattrs: &mut Xattrs) -> Option<()> {
    let equals = field.iter().position(|byte| *byte == b'=')?;
    let name = unescape(&field[..equals]).filter(|name| !name.is_empty())?;
    xattrs.insert(name.into(), unhex(&field[equals + 1..])?.into());
    Some(())
}

fn number<T: FromStr>(field: &[u8]) -> Result<T, &'static str> {
    text(field)?.parse().ok().ok_or("a number is not one")
}

fn text(field: &[u8]) -> Result<&str, &'static str> {
    str::from_utf8(field).ok().ok_or("a field is not text")
}
