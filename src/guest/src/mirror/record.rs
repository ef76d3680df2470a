//! What crosses: records one after another, numbers in little endian, byte strings with their length before them.

use std::io::{self, ErrorKind, Read, Write};

use super::disk::Attribute;

const END: u8 = 0;
const GONE: u8 = 1;
const LINK: u8 = 2;
const NODE: u8 = 3;

/// The longest string: an attribute's value.
const LONGEST: u32 = 64 << 10;

/// How many attributes an entry may have.
const ATTRIBUTES: u32 = 4096;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    /// Nothing is at the path any more.
    Gone,
    /// A further name of the file at another path, which came before.
    Link(Vec<u8>),
    /// This is at the path. A regular file's content, [`Node::size`] bytes, follows the record.
    Node(Node),
}

/// An entry but for a file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// With its type, as stat(2) has it.
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) modified: (i64, i64),
    pub(super) attributes: Vec<Attribute>,
    /// Of a regular file.
    pub(super) size: u64,
    /// Of a device.
    pub(super) device: (u32, u32),
    /// Of a symbolic link.
    pub(super) target: Vec<u8>,
}

pub(super) fn write(out: &mut impl Write, path: &[u8], record: &Record) -> io::Result<()> {
    let kind = match record {
        Record::Gone => GONE,
        Record::Link(_) => LINK,
        Record::Node(_) => NODE,
    };
    out.write_all(&[kind])?;
    write_bytes(out, path)?;
    match record {
        Record::Gone => Ok(()),
        Record::Link(target) => write_bytes(out, target),
        Record::Node(node) => write_node(out, node),
    }
}

pub(super) fn write_end(out: &mut impl Write) -> io::Result<()> {
    out.write_all(&[END])?;
    out.flush()
}

/// The next record with its path; none at the end.
pub(super) fn read(input: &mut impl Read) -> io::Result<Option<(Vec<u8>, Record)>> {
    let [kind] = read_array(input)?;
    if kind == END {
        return Ok(None);
    }
    let path = read_path(input)?;
    let record = match kind {
        GONE => Record::Gone,
        LINK => Record::Link(read_path(input)?),
        NODE => Record::Node(read_node(input)?),
        _ => return Err(nonsense("a record of unknown kind")),
    };
    Ok(Some((path, record)))
}

fn write_node(out: &mut impl Write, node: &Node) -> io::Result<()> {
    for number in [node.mode, node.uid, node.gid, node.device.0, node.device.1] {
        out.write_all(&number.to_le_bytes())?;
    }
    for number in [node.modified.0, node.modified.1] {
        out.write_all(&number.to_le_bytes())?;
    }
    out.write_all(&node.size.to_le_bytes())?;
    write_bytes(out, &node.target)?;
    out.write_all(&u32::try_from(node.attributes.len()).unwrap_or(u32::MAX).to_le_bytes())?;
    for (name, value) in &node.attributes {
        write_bytes(out, name)?;
        write_bytes(out, value)?;
    }
    Ok(())
}

fn read_node(input: &mut impl Read) -> io::Result<Node> {
    let mut number = || Ok::<_, io::Error>(u32::from_le_bytes(read_array(input)?));
    let [mode, uid, gid, major, minor] = [number()?, number()?, number()?, number()?, number()?];
    let modified = (i64::from_le_bytes(read_array(input)?), i64::from_le_bytes(read_array(input)?));
    let size = u64::from_le_bytes(read_array(input)?);
    let target = read_bytes(input)?;
    let count = u32::from_le_bytes(read_array(input)?);
    if count > ATTRIBUTES {
        return Err(nonsense("an entry with too many attributes"));
    }
    let attributes = (0..count).map(|_| Ok((read_bytes(input)?, read_bytes(input)?))).collect::<io::Result<_>>()?;
    Ok(Node { mode, uid, gid, modified, attributes, size, device: (major, minor), target })
}

fn write_bytes(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes())?;
    out.write_all(bytes)
}

fn read_bytes(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let length = u32::from_le_bytes(read_array(input)?);
    if length > LONGEST {
        return Err(nonsense("a string that is too long"));
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A path that can't lead outside.
fn read_path(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let path = read_bytes(input)?;
    let is_name = |name: &[u8]| !name.is_empty() && name != b"." && name != b".." && !name.contains(&0);
    if path.is_empty() || path.split(|byte| *byte == b'/').all(is_name) { Ok(path) } else { Err(nonsense("a path that is none")) }
}

fn read_array<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn nonsense(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}
