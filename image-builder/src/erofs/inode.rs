use rootfs_tree::{Kind, NodeId, Tree};
use zerocopy::IntoBytes;

use super::ErofsError;
use super::compress::Codec;
use super::data::{Form, Stored};
use super::format::{BLOCK, CompactInode, EXTENDED, ExtendedInode, LAYOUT_SHIFT, layout, mode};
use super::layout::{Layout, Sizes};
use super::xattr::Xattrs;
use super::{chunks, directory, index};
use crate::census::Census;
use crate::contents::Contents;
use crate::limits::encode_device;

/// All that inodes say.
#[derive(Debug)]
pub(super) struct Inodes<'a> {
    pub(super) tree: &'a Tree,
    pub(super) census: &'a Census,
    pub(super) sizes: &'a Sizes,
    pub(super) xattrs: &'a Xattrs<'a>,
    pub(super) stored: &'a Stored,
    pub(super) layout: &'a Layout,
    pub(super) contents: &'a Contents<'a>,
    pub(super) codec: Option<&'a Codec>,
}

/// An inode with what stands beside it, and the blocks of a directory.
#[derive(Debug, Default)]
pub(super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    pub(super) blocks: Vec<u8>,
}

impl Inodes<'_> {
    /// Encodes an inode. The end of a file is read into `buffer`, unless it was read before.
    pub(super) fn encode(&self, number: u32, tail: Option<Vec<u8>>, buffer: &mut Vec<u8>) -> Result<Encoded, ErofsError> {
        let id = self.census.inode(number).node;
        let stored = self.stored.files[number as usize - 1];
        let mut encoded = Encoded { bytes: self.head(number, id), blocks: Vec::new() };
        encoded.bytes.extend_from_slice(&self.xattrs.own(number));
        let head = self.sizes.head(number);
        match (stored.form, self.codec) {
            (Form::Clusters { .. }, Some(codec)) => {
                let index = index::encode(codec.form(), head, self.stored.clusters_of(number), self.block_of(number));
                encoded.bytes.extend_from_slice(&index);
                return Ok(encoded);
            }
            (Form::Chunks { .. }, _) => {
                encoded.bytes.extend_from_slice(&chunks::encode(head, self.stored.runs_of(number), stored.blocks));
                return Ok(encoded);
            }
            _ => {}
        }
        match (&self.tree.node(id).kind, tail) {
            (Kind::File(_), Some(tail)) => encoded.bytes.extend_from_slice(&tail),
            (Kind::File(_), None) => {
                let length = self.sizes.length(number);
                let tail = self.contents.read(buffer, id, length - self.sizes.flat_tail(number), length)?;
                encoded.bytes.extend_from_slice(tail);
            }
            (Kind::Directory(_), _) => self.place(number, &self.directory(number), &mut encoded),
            (Kind::Symlink(target), _) => self.place(number, target, &mut encoded),
            _ => {}
        }
        Ok(encoded)
    }

    /// Whole blocks go to their place, what is left beside the inode.
    fn place(&self, number: u32, content: &[u8], encoded: &mut Encoded) {
        let tail = usize::try_from(self.sizes.flat_tail(number)).unwrap_or(0);
        let (blocks, tail) = content.split_at(content.len().saturating_sub(tail));
        encoded.blocks.extend_from_slice(blocks);
        encoded.bytes.extend_from_slice(tail);
    }

    fn directory(&self, number: u32) -> Vec<u8> {
        let entries = directory::entries(self.tree, self.census, number);
        let type_of = |number| directory::type_of(&self.tree.node(self.census.inode(number).node).kind);
        directory::encode(&entries, |number| self.layout.nid(number), type_of)
    }

    /// The first block of a content.
    pub(super) fn block_of(&self, number: u32) -> u32 {
        // Less than 2³²: the layout is checked.
        match self.layout.directories[number as usize - 1] {
            0 => u32::try_from(self.stored.files[number as usize - 1].start).unwrap_or(u32::MAX),
            block => block,
        }
    }

    fn head(&self, number: u32, id: NodeId) -> Vec<u8> {
        let node = self.tree.node(id);
        let metadata = &node.metadata;
        let stored = self.stored.files[number as usize - 1];
        let layout = match stored.form {
            Form::Clusters { .. } => layout::COMPRESSED_COMPACT,
            Form::Chunks { .. } => layout::CHUNK_BASED,
            Form::Flat if self.sizes.flat_tail(number) > 0 => layout::FLAT_INLINE,
            Form::Flat => layout::FLAT_PLAIN,
        };
        let is_extended = self.sizes.is_extended(number);
        let format = layout << LAYOUT_SHIFT | if is_extended { EXTENDED } else { 0 };
        let own = match (&node.kind, stored.form) {
            (Kind::CharDevice { major, minor } | Kind::BlockDevice { major, minor }, _) => encode_device(*major, *minor),
            (_, Form::Clusters { .. }) => u32::try_from(stored.blocks).unwrap_or(u32::MAX),
            (_, Form::Chunks { .. }) => chunks::format(self.stored.runs_of(number), stored.blocks),
            (_, Form::Flat) => self.block_of(number),
        };
        let links = self.census.inode(number).links;
        let i_mode = metadata.mode & 0o7777 | type_bits(&node.kind);
        let i_xattr_icount = match self.xattrs.own_size(number) {
            0 => 0,
            // Checked before.
            size => u16::try_from((size - 8) / 4).unwrap_or(u16::MAX),
        };
        let length = self.sizes.length(number);
        if is_extended {
            let inode = ExtendedInode {
                i_format: format.into(),
                i_xattr_icount: i_xattr_icount.into(),
                i_mode: i_mode.into(),
                i_reserved: 0.into(),
                i_size: length.into(),
                i_u: own.into(),
                i_ino: number.into(),
                i_uid: metadata.uid.into(),
                i_gid: metadata.gid.into(),
                i_mtime: metadata.mtime.seconds.cast_unsigned().into(),
                i_mtime_nsec: metadata.mtime.nanoseconds.into(),
                i_nlink: links.into(),
                i_reserved2: [0; 16],
            };
            return inode.as_bytes().to_vec();
        }
        // That these fit is what makes the inode a compact one.
        let short = |value: u32| u16::try_from(value).unwrap_or(u16::MAX);
        let inode = CompactInode {
            i_format: format.into(),
            i_xattr_icount: i_xattr_icount.into(),
            i_mode: i_mode.into(),
            i_nlink: short(links).into(),
            i_size: u32::try_from(length).unwrap_or(u32::MAX).into(),
            i_reserved: 0.into(),
            i_u: own.into(),
            i_ino: number.into(),
            i_uid: short(metadata.uid).into(),
            i_gid: short(metadata.gid).into(),
            i_reserved2: 0.into(),
        };
        inode.as_bytes().to_vec()
    }

    /// Where a directory's blocks begin in the image, in bytes.
    pub(super) fn blocks_offset(&self, number: u32) -> u64 {
        u64::from(self.block_of(number)) * BLOCK
    }
}

fn type_bits(kind: &Kind) -> u16 {
    match kind {
        Kind::Directory(_) => mode::DIRECTORY,
        Kind::File(_) => mode::REGULAR,
        Kind::Symlink(_) => mode::SYMLINK,
        Kind::CharDevice { .. } => mode::CHAR_DEVICE,
        Kind::BlockDevice { .. } => mode::BLOCK_DEVICE,
        Kind::Fifo => mode::FIFO,
        Kind::Socket => mode::SOCKET,
    }
}
