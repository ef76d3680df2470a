use rootfs_tree::{Content, Digest, FileContent, Kind, LayerId};

use crate::codec::{Decoder, Encoder};
use crate::store::LayerFile;

/// What an entry of a payload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A regular file.
    File {
        /// Where its content begins in the layer.
        offset: u64,
        /// In bytes.
        length: u64,
        /// Of its content.
        sha256: Digest,
    },
    /// Another name for a file before this one, by that entry's path.
    Hardlink(Vec<u8>),
    /// What the link says: not empty, without NUL.
    Symlink(Vec<u8>),
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
}

impl EntryKind {
    /// What a node of a tree is that has its content in `layer`. A hard link is no node: of one, the path of the entry that it is a name of.
    pub(crate) fn in_tree(&self, layer: LayerId) -> Result<Kind, &[u8]> {
        Ok(match self {
            Self::Directory => Kind::directory(),
            Self::File { offset, length, sha256 } => {
                let content = Content::At { layer, offset: *offset };
                Kind::File(FileContent { length: *length, content, sha256: Some(*sha256), dense: false })
            }
            Self::Hardlink(target) => return Err(target),
            Self::Symlink(target) => Kind::Symlink(target.as_slice().into()),
            Self::CharDevice { major, minor } => Kind::CharDevice { major: *major, minor: *minor },
            Self::BlockDevice { major, minor } => Kind::BlockDevice { major: *major, minor: *minor },
            Self::Fifo => Kind::Fifo,
        })
    }

    /// Its place in the layer, if it is a regular file.
    pub(crate) fn file(&self) -> Option<LayerFile> {
        match *self {
            Self::File { offset, length, sha256 } => Some(LayerFile { offset, length, sha256 }),
            _ => None,
        }
    }

    /// Writes it into a layer's index.
    pub(crate) fn encode(&self, out: &mut Encoder) {
        match self {
            Self::Directory => out.array(b"d"),
            Self::File { offset, length, sha256 } => {
                out.array(b"f");
                out.u64(*offset);
                out.u64(*length);
                out.array(&sha256.0);
            }
            Self::Hardlink(target) => {
                out.array(b"h");
                out.text(target);
            }
            Self::Symlink(target) => {
                out.array(b"l");
                out.text(target);
            }
            Self::CharDevice { major, minor } => out.device(b'c', *major, *minor),
            Self::BlockDevice { major, minor } => out.device(b'b', *major, *minor),
            Self::Fifo => out.array(b"p"),
        }
    }

    /// What [`EntryKind::encode`] wrote; none for anything else.
    pub(crate) fn decode(input: &mut Decoder<'_>) -> Option<Self> {
        Some(match input.array()? {
            [b'd'] => Self::Directory,
            [b'f'] => Self::File { offset: input.u64()?, length: input.u64()?, sha256: Digest(input.array()?) },
            [b'h'] => Self::Hardlink(input.text()?),
            [b'l'] => Self::Symlink(input.text()?),
            [b'c'] => Self::CharDevice { major: input.u32()?, minor: input.u32()? },
            [b'b'] => Self::BlockDevice { major: input.u32()?, minor: input.u32()? },
            [b'p'] => Self::Fifo,
            _ => return None,
        })
    }

    /// One of each, with numbers and texts that codecs have trouble with.
    #[cfg(test)]
    pub(crate) fn samples() -> [Self; 7] {
        [
            Self::Directory,
            Self::File { offset: 512, length: u64::MAX, sha256: Digest([7; 32]) },
            Self::Hardlink(b"a/b".to_vec()),
            Self::Symlink(b"../x\xff".to_vec()),
            Self::CharDevice { major: 1, minor: 3 },
            Self::BlockDevice { major: 8, minor: u32::MAX },
            Self::Fifo,
        ]
    }
}
