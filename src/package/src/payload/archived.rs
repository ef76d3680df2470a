use super::{EntryKind, Header};
use crate::codec::{Decoder, Encoder};

/// One entry of the archive of files in an Alpine or a Gentoo package, with the sum that its format has of a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedEntry<S> {
    /// Relative, without a final slash: never empty, no component is empty, `.` or `..`, no NUL or newline. Every file's directory is an entry before it.
    pub path: Vec<u8>,
    /// The type with what only that type has.
    pub kind: EntryKind,
    /// Permission bits, `0o7777` at most.
    pub mode: u16,
    /// Owner, by number, where the root doesn't know `user`.
    pub uid: u32,
    /// Group, by number, where the root doesn't know `group`.
    pub gid: u32,
    /// Owner, by name; may be empty.
    pub user: Vec<u8>,
    /// Group, by name; may be empty.
    pub group: Vec<u8>,
    /// Seconds since 1970.
    pub mtime: i64,
    /// What the database of what is installed says of its content; none for devices, pipes and directories.
    pub checksum: Option<S>,
    /// Extended attributes by full name, sorted.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// The sum of a content.
pub(crate) trait ContentSum: Sized {
    fn encode(&self, out: &mut Encoder);

    fn decode(input: &mut Decoder<'_>) -> Option<Self>;
}

impl<S> ArchivedEntry<S> {
    /// What a header says of an entry whose name, type and content were looked at.
    pub(crate) fn new(header: &Header, path: Vec<u8>, kind: EntryKind, checksum: Option<S>) -> Result<Self, &'static str> {
        let mut xattrs = header.xattrs.clone();
        xattrs.sort();
        if xattrs.windows(2).any(|pair| matches!(pair, [(left, _), (right, _)] if left == right)) {
            return Err("it has an extended attribute twice");
        }
        let Header { mode, uid, gid, mtime, .. } = *header;
        let (user, group) = (header.user.clone(), header.group.clone());
        Ok(Self { path, kind, mode, uid, gid, user, group, mtime, checksum, xattrs })
    }
}

/// Entries in the index of a layer.
pub(crate) fn encode_entries<S: ContentSum>(entries: &[ArchivedEntry<S>], out: &mut Encoder) {
    out.length(entries.len());
    entries.iter().for_each(|entry| encode(entry, out));
}

/// The same back; nothing when they are damaged.
pub(crate) fn decode_entries<S: ContentSum>(input: &mut Decoder<'_>) -> Option<Vec<ArchivedEntry<S>>> {
    let count = input.u32()?;
    let mut entries = Vec::with_capacity(input.capacity(count));
    for _ in 0..count {
        entries.push(decode(input)?);
    }
    Some(entries)
}

fn encode<S: ContentSum>(entry: &ArchivedEntry<S>, out: &mut Encoder) {
    out.text(&entry.path);
    out.u16(entry.mode);
    out.u32(entry.uid);
    out.u32(entry.gid);
    out.text(&entry.user);
    out.text(&entry.group);
    out.i64(entry.mtime);
    match &entry.checksum {
        Some(sum) => {
            out.array(b"s");
            sum.encode(out);
        }
        None => out.array(b"-"),
    }
    out.pairs(&entry.xattrs);
    entry.kind.encode(out);
}

fn decode<S: ContentSum>(input: &mut Decoder<'_>) -> Option<ArchivedEntry<S>> {
    let path = input.text()?;
    let (mode, uid, gid) = (input.u16()?, input.u32()?, input.u32()?);
    let (user, group) = (input.text()?, input.text()?);
    let mtime = input.i64()?;
    let checksum = match input.array()? {
        [b's'] => Some(S::decode(input)?),
        [b'-'] => None,
        _ => return None,
    };
    let xattrs = input.pairs()?;
    Some(ArchivedEntry { path, kind: EntryKind::decode(input)?, mode, uid, gid, user, group, mtime, checksum, xattrs })
}

#[cfg(test)]
impl<S: Clone> ArchivedEntry<S> {
    /// Of every type, for tests of indexes.
    pub(crate) fn samples(sum: &S) -> Vec<Self> {
        let sample = |kind| Self {
            path: b"usr/\xfe".to_vec(),
            kind,
            mode: 0o4755,
            uid: 1,
            gid: 2,
            user: b"root".to_vec(),
            group: Vec::new(),
            mtime: 3,
            checksum: Some(sum.clone()),
            xattrs: vec![(b"user.a".to_vec(), b"\0".to_vec())],
        };
        EntryKind::samples().into_iter().map(sample).collect()
    }
}
