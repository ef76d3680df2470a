mod merge;

use std::fmt;

use crate::links::Links;
use crate::node::{Content, FileContent, Kind, Node, Time};
use crate::tree::{Entry, Tree};

pub(crate) use merge::{Merge, Sides};

/// What became of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is there, and differs in these.
    Changed(Vec<Difference>),
}

/// One way in which two inodes of the same path differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A file became a link, and so on.
    Type,
    /// A regular file has other bytes, or nobody knows that it hasn't.
    Content,
    /// A link says something else.
    Target,
    /// A device has other numbers.
    Device,
    /// Other permission bits; a link's don't count.
    Mode {
        /// Before.
        old: u16,
        /// After.
        new: u16,
    },
    /// Another owner or group.
    Owner {
        /// User and group before.
        old: (u32, u32),
        /// User and group after.
        new: (u32, u32),
    },
    /// Another time.
    Mtime {
        /// Before.
        old: Time,
        /// After.
        new: Time,
    },
    /// Other extended attributes.
    Xattrs,
    /// It shares its inode with other paths than before.
    HardLink,
}

impl Difference {
    /// Whether the inode can't be made into the other one by chown(2), chmod(2) and their like.
    pub(crate) fn replaces(&self) -> bool {
        matches!(self, Self::Type | Self::Content | Self::Target | Self::Device)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type => f.write_str("type"),
            Self::Content => f.write_str("content"),
            Self::Target => f.write_str("target"),
            Self::Device => f.write_str("device"),
            Self::Mode { old, new } => write!(f, "mode {old:04o} → {new:04o}"),
            Self::Owner { old, new } => write!(f, "owner {}:{} → {}:{}", old.0, old.1, new.0, new.1),
            Self::Mtime { old, new } => write!(f, "time {}.{:09} → {}.{:09}", old.seconds, old.nanoseconds, new.seconds, new.nanoseconds),
            Self::Xattrs => f.write_str("extended attributes"),
            Self::HardLink => f.write_str("hard links"),
        }
    }
}

/// What changed, in the order of [`Tree::walk`]. Contents are compared by their hashes, where both have one; nothing is read.
///
/// Between trees whose contents are hashed it is empty exactly when their digests are equal.
#[must_use]
pub fn diff(old: &Tree, new: &Tree) -> Vec<(Vec<u8>, Change)> {
    let (mut old_links, mut new_links) = (Links::of(old), Links::of(new));
    let change = |sides| match sides {
        Sides::Old(entry) => {
            old_links.first(&entry);
            Some((entry.path, Change::Removed))
        }
        Sides::New(entry) => {
            new_links.first(&entry);
            Some((entry.path, Change::Added))
        }
        Sides::Both(was, is) => {
            let mut found = differences((old, old.node(was.id)), (new, new.node(is.id)));
            if old_links.first(&was) != new_links.first(&is) {
                found.push(Difference::HardLink);
            }
            (!found.is_empty()).then_some((is.path, Change::Changed(found)))
        }
    };
    Merge::of(old, new).filter_map(change).collect()
}

/// How two inodes differ, but for their names.
pub(crate) fn differences(old: (&Tree, &Node), new: (&Tree, &Node)) -> Vec<Difference> {
    let (was, is) = (&old.1.metadata, &new.1.metadata);
    let is_link = matches!(new.1.kind, Kind::Symlink(_));
    let owner = ((was.uid, was.gid), (is.uid, is.gid));
    let found = [
        kind_difference(old, new),
        (was.mode != is.mode && !is_link).then_some(Difference::Mode { old: was.mode, new: is.mode }),
        (owner.0 != owner.1).then_some(Difference::Owner { old: owner.0, new: owner.1 }),
        (was.mtime != is.mtime).then_some(Difference::Mtime { old: was.mtime, new: is.mtime }),
        (was.xattrs != is.xattrs).then_some(Difference::Xattrs),
    ];
    found.into_iter().flatten().collect()
}

fn kind_difference(old: (&Tree, &Node), new: (&Tree, &Node)) -> Option<Difference> {
    let (difference, same) = match (&old.1.kind, &new.1.kind) {
        (Kind::File(was), Kind::File(is)) => (Difference::Content, same_content((old.0, was), (new.0, is))),
        (Kind::Symlink(was), Kind::Symlink(is)) => (Difference::Target, was == is),
        (Kind::Directory(_), Kind::Directory(_)) => return None,
        (was, is) if std::mem::discriminant(was) == std::mem::discriminant(is) => (Difference::Device, was == is),
        _ => (Difference::Type, false),
    };
    (!same).then_some(difference)
}

/// Whether two contents are known to be the same without reading them.
fn same_content((old_tree, old): (&Tree, &FileContent), (new_tree, new): (&Tree, &FileContent)) -> bool {
    if old.length != new.length {
        return false;
    }
    if let (Some(was), Some(is)) = (old.sha256, new.sha256) {
        return was == is;
    }
    let layers = |was, is| old_tree.layer(was) == new_tree.layer(is);
    match (&old.content, &new.content) {
        (Content::Inline(was), Content::Inline(is)) => was == is,
        (Content::At { layer: was, offset: from }, Content::At { layer: is, offset: to }) => from == to && layers(*was, *is),
        (Content::Path { layer: was, path: from }, Content::Path { layer: is, path: to }) => from == to && layers(*was, *is),
        _ => old.length == 0,
    }
}

/// Whether the entry is a directory.
pub(crate) fn is_directory(tree: &Tree, entry: &Entry) -> bool {
    matches!(tree.node(entry.id).kind, Kind::Directory(_))
}
