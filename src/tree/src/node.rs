use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::tree::{LayerId, NodeId, PackageId};

/// Extended attributes by full name (`security.capability`), sorted.
pub type Xattrs = BTreeMap<Box<[u8]>, Box<[u8]>>;

/// An inode: what stat(2) tells, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Mode, owner, time, attributes.
    pub metadata: Metadata,
    /// The type with what it holds.
    pub kind: Kind,
    /// The package it came from, if one owns it. Not part of the digest.
    pub package: Option<PackageId>,
}

// A tree of a million inodes must stay in a few hundred MB.
const _: () = assert!(size_of::<Node>() <= 128);

/// What every inode has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Permission bits with setuid, setgid and sticky: `0o7777` at most.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Last change of the content.
    pub mtime: Time,
    /// Extended attributes; none for most inodes.
    pub xattrs: Option<Box<Xattrs>>,
}

impl Metadata {
    /// Root's, without attributes.
    #[must_use]
    pub fn root(mode: u16, mtime: Time) -> Self {
        Self { mode, uid: 0, gid: 0, mtime, xattrs: None }
    }
}

/// A moment: seconds since 1970 and nanoseconds below 10⁹.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time {
    /// Seconds since 1970, negative before.
    pub seconds: i64,
    /// 0 to 999,999,999.
    pub nanoseconds: u32,
}

impl Time {
    /// A whole second.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        Self { seconds, nanoseconds: 0 }
    }
}

/// The type of an inode with what only that type has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Entries by name, sorted by bytes. Names have no slash and no NUL and are neither `.` nor `..`.
    Directory(BTreeMap<Box<[u8]>, NodeId>),
    /// A regular file.
    File(FileContent),
    /// What the link says.
    Symlink(Box<[u8]>),
    /// A character device.
    CharDevice {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A block device.
    BlockDevice {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
}

impl Kind {
    /// An empty directory.
    #[must_use]
    pub fn directory() -> Self {
        Self::Directory(BTreeMap::new())
    }

    /// A regular file whose content is at hand.
    #[must_use]
    pub fn inline(content: impl Into<Arc<[u8]>>) -> Self {
        let bytes = content.into();
        Self::File(FileContent { length: bytes.len() as u64, content: Content::Inline(bytes), sha256: None, dense: false })
    }
}

/// The bytes of a regular file, by reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileContent {
    /// In bytes.
    pub length: u64,
    /// Where they are.
    pub content: Content,
    /// Their hash, once somebody has computed it.
    pub sha256: Option<Digest>,
    /// Whether who hashed it found no stretch of [`ZEROS`] zeros at a multiple of that, so that it can have no hole; false also when nobody looked.
    pub dense: bool,
}

/// The least that may be a hole, in bytes: the smallest block of any filesystem that images are made of.
pub const ZEROS: usize = 1024;

/// Where bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Here.
    Inline(Arc<[u8]>),
    /// In a layer that is one file, from this byte on.
    At {
        /// Which.
        layer: LayerId,
        /// In bytes.
        offset: u64,
    },
    /// In a layer that is a directory, at this path below it (no leading slash).
    Path {
        /// Which.
        layer: LayerId,
        /// Relative.
        path: Box<[u8]>,
    },
    /// Nowhere: only the length and the hash are known.
    Absent,
}

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl std::str::FromStr for Digest {
    type Err = crate::TreeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || crate::TreeError::Digest { text: text.to_owned() };
        let bytes = text.as_bytes();
        if bytes.len() != 64 {
            return Err(bad());
        }
        let nibble = |byte: u8| char::from(byte).to_digit(16).and_then(|n| u8::try_from(n).ok());
        let mut digest = [0; 32];
        for (slot, pair) in digest.iter_mut().zip(bytes.chunks_exact(2)) {
            let (high, low) = (nibble(pair[0]).ok_or_else(bad)?, nibble(pair[1]).ok_or_else(bad)?);
            *slot = high << 4 | low;
        }
        Ok(Self(digest))
    }
}
