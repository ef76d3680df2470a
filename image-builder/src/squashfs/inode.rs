use rootfs_tree::{Kind, Metadata as Attributes, NodeId, Tree};
use zerocopy::IntoBytes;

use super::check::Ids;
use super::data::Stored;
use super::format::{
    BaseInode, DevInode, DirInode, IpcInode, LISTING_EXTRA, LongDirInode, LongRegInode, NO_FRAGMENT, NO_XATTR, RegInode, SymlinkInode,
    XattrIndex, kind,
};
use super::listing::type_of;
use super::metadata::Place;
use super::plan::Plan;
use super::xattr::Sets;
use crate::census::{Census, Counted};
use crate::duplicates::Duplicates;
use crate::limits::encode_device;

/// All that inodes are made of.
#[derive(Debug)]
pub(super) struct Inodes<'a> {
    pub(super) tree: &'a Tree,
    pub(super) census: &'a Census,
    pub(super) duplicates: &'a Duplicates,
    pub(super) plan: &'a Plan,
    pub(super) stored: &'a Stored,
    pub(super) ids: &'a Ids,
    pub(super) sets: &'a Sets<'a>,
}

/// Where a directory's listing is.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) place: Place,
    /// Bytes of the listing.
    pub(super) length: u32,
    /// `i_count` entries of the index, as they lie on disk.
    pub(super) index: Vec<u8>,
    pub(super) index_count: u16,
}

impl Inodes<'_> {
    /// Anything but a directory as it lies on disk.
    pub(super) fn encode(&self, number: u32) -> Vec<u8> {
        let Counted { node, links, .. } = self.census.inode(number);
        let nlink = links.into();
        let is_long = self.sets.index(number) != NO_XATTR;
        let device = |major, minor| DevInode { nlink, rdev: encode_device(major, minor).into() }.as_bytes().to_vec();
        let body = match &self.tree.node(node).kind {
            Kind::File(file) => return self.encode_file(number, file.length),
            Kind::Symlink(target) => {
                let symlink_size = u32::try_from(target.len()).unwrap_or(u32::MAX).into();
                [SymlinkInode { nlink, symlink_size }.as_bytes(), target].concat()
            }
            Kind::BlockDevice { major, minor } | Kind::CharDevice { major, minor } => device(*major, *minor),
            Kind::Fifo | Kind::Socket | Kind::Directory(_) => IpcInode { nlink }.as_bytes().to_vec(),
        };
        let mut bytes = [self.base(number, is_long).as_bytes(), &body].concat();
        if is_long {
            bytes.extend_from_slice(XattrIndex { xattr: self.sets.index(number).into() }.as_bytes());
        }
        bytes
    }

    fn encode_file(&self, number: u32, length: u64) -> Vec<u8> {
        let first = self.duplicates.first(number).unwrap_or(number) as usize - 1;
        let (planned, stored) = (self.plan.files[first], self.stored.files[first]);
        let (fragment, offset) = planned.fragment.unwrap_or((NO_FRAGMENT, 0));
        let (xattr, links) = (self.sets.index(number), self.census.inode(number).links);
        let short = (u32::try_from(stored.start), u32::try_from(length));
        let mut bytes = match short {
            (Ok(start_block), Ok(file_size)) if xattr == NO_XATTR && links == 1 && stored.sparse == 0 => {
                let body = RegInode {
                    start_block: start_block.into(),
                    fragment: fragment.into(),
                    offset: offset.into(),
                    file_size: file_size.into(),
                };
                [self.base(number, false).as_bytes(), body.as_bytes()].concat()
            }
            _ => {
                let body = LongRegInode {
                    start_block: stored.start.into(),
                    file_size: length.into(),
                    sparse: stored.sparse.into(),
                    nlink: links.into(),
                    fragment: fragment.into(),
                    offset: offset.into(),
                    xattr: xattr.into(),
                };
                [self.base(number, true).as_bytes(), body.as_bytes()].concat()
            }
        };
        let blocks = usize::try_from(planned.blocks).unwrap_or(usize::MAX);
        bytes.extend(self.stored.sizes[stored.first..].iter().take(blocks).flat_map(|size| size.to_le_bytes()));
        bytes
    }

    /// A directory as it lies on disk.
    pub(super) fn encode_directory(&self, number: u32, listed: &Listed) -> Vec<u8> {
        let Counted { links, parent, .. } = self.census.inode(number);
        let xattr = self.sets.index(number);
        let size = listed.length + LISTING_EXTRA;
        match u16::try_from(size) {
            Ok(file_size) if xattr == NO_XATTR && listed.index_count == 0 => {
                let body = DirInode {
                    start_block: listed.place.block.into(),
                    nlink: links.into(),
                    file_size: file_size.into(),
                    offset: listed.place.offset.into(),
                    parent_inode: parent.into(),
                };
                [self.base(number, false).as_bytes(), body.as_bytes()].concat()
            }
            _ => {
                let body = LongDirInode {
                    nlink: links.into(),
                    file_size: size.into(),
                    start_block: listed.place.block.into(),
                    parent_inode: parent.into(),
                    i_count: listed.index_count.into(),
                    offset: listed.place.offset.into(),
                    xattr: xattr.into(),
                };
                [self.base(number, true).as_bytes(), body.as_bytes(), &listed.index].concat()
            }
        }
    }

    fn base(&self, number: u32, is_long: bool) -> BaseInode {
        let id: NodeId = self.census.inode(number).node;
        let Attributes { mode, uid, gid, mtime, .. } = &self.tree.node(id).metadata;
        BaseInode {
            inode_type: (type_of(self.tree, id) + if is_long { kind::LONG } else { 0 }).into(),
            mode: (mode & 0o7777).into(),
            uid: self.ids.place(*uid).into(),
            guid: self.ids.place(*gid).into(),
            // Checked before.
            mtime: u32::try_from(mtime.seconds).unwrap_or(0).into(),
            inode_number: number.into(),
        }
    }
}
