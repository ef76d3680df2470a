//! Identifiers that are the same for the same tree, since chance must not be in an image.

use rootfs_tree::{Kind, Metadata, Time, Tree};
use sha2::{Digest, Sha256};

use super::layout::Census;
use super::options::{Ext4Options, Holes, Journal, Profile, Size};
use crate::guid::name_based;

/// Bytes that are gathered before they are hashed.
const BUFFER: usize = 1 << 16;

/// What tells one filesystem from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) uuid: [u8; 16],
    pub(crate) hash_seed: [u8; 16],
}

impl Identity {
    /// From the options, and where they leave it open from all metadata and names of the tree. Contents are not read: two trees that differ in
    /// nothing else have one identity.
    pub(crate) fn derive(tree: &Tree, census: &Census, options: &Ext4Options) -> Self {
        if let (Some(uuid), Some(hash_seed)) = (options.uuid, options.hash_seed) {
            return Self { uuid, hash_seed };
        }
        let mut feed = Feed { hasher: Sha256::new(), buffer: b"rootfs-image ext4 2\n".to_vec() };
        feed.options(options);
        for directory in census.directories() {
            feed.number(directory.inode.into());
            if let Some(Kind::Directory(entries)) = census.inode(directory.inode).node.map(|id| &tree.node(id).kind) {
                feed.number(entries.len() as u64);
                for (name, child) in entries {
                    feed.bytes(name);
                    feed.number(census.number(*child).into());
                }
            }
        }
        for (inode, counted) in census.inodes() {
            let Some(node) = counted.node.map(|id| tree.node(id)) else { continue };
            feed.number(inode.into());
            feed.metadata(&node.metadata);
            feed.kind(&node.kind);
        }
        let digest: [u8; 32] = feed.finish();
        Self {
            uuid: options.uuid.unwrap_or_else(|| name_based(&digest[..16])),
            hash_seed: options.hash_seed.unwrap_or_else(|| name_based(&digest[16..])),
        }
    }
}

/// Values on their way into a hash, each so that no two sequences look alike.
struct Feed {
    hasher: Sha256,
    buffer: Vec<u8>,
}

impl Feed {
    /// Seven bits a byte, lowest first; the last has the eighth clear.
    fn number(&mut self, number: u64) {
        let mut rest = number;
        while rest > 0x7F {
            self.buffer.push(rest.to_le_bytes()[0] | 0x80);
            rest >>= 7;
        }
        self.buffer.push(rest.to_le_bytes()[0]);
        if self.buffer.len() >= BUFFER {
            self.hasher.update(&self.buffer);
            self.buffer.clear();
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.buffer.extend_from_slice(bytes);
    }

    fn options(&mut self, options: &Ext4Options) {
        self.bytes(&options.label);
        let (kind, bytes) = match options.size {
            Size::Minimal => (0, 0),
            Size::Free(bytes) => (1, bytes),
            Size::Fixed(bytes) => (2, bytes),
        };
        let (journal, blocks) = match options.journal {
            Journal::Auto => (0, 0),
            Journal::None => (1, 0),
            Journal::Blocks(blocks) => (2, blocks),
        };
        let holes = match options.holes {
            Holes::Reported => 0,
            Holes::Zeros => 1,
            Holes::Never => 2,
        };
        let profile = match options.profile {
            Profile::Default => 0,
            Profile::ReadOnly => 1,
            Profile::Compat => 2,
        };
        let block_size = options.block_size.bytes();
        [kind, bytes, journal, blocks.into(), holes, profile, block_size.into()].into_iter().for_each(|number| self.number(number));
        if let Some(time) = options.time {
            self.time(time);
        }
    }

    fn time(&mut self, time: Time) {
        self.number(time.seconds.cast_unsigned());
        self.number(time.nanoseconds.into());
    }

    fn metadata(&mut self, metadata: &Metadata) {
        let numbers: [u32; 3] = [metadata.mode.into(), metadata.uid, metadata.gid];
        numbers.into_iter().for_each(|number| self.number(number.into()));
        self.time(metadata.mtime);
        self.number(metadata.xattrs.as_ref().map_or(0, |xattrs| xattrs.len() as u64));
        for (name, value) in metadata.xattrs.iter().flat_map(|xattrs| xattrs.iter()) {
            self.bytes(name);
            self.bytes(value);
        }
    }

    fn kind(&mut self, kind: &Kind) {
        let numbers: [u64; 3] = match kind {
            Kind::Directory(_) => [0, 0, 0],
            Kind::File(file) => [1, file.length, 0],
            Kind::Symlink(_) => [2, 0, 0],
            Kind::CharDevice { major, minor } => [3, (*major).into(), (*minor).into()],
            Kind::BlockDevice { major, minor } => [4, (*major).into(), (*minor).into()],
            Kind::Fifo => [5, 0, 0],
            Kind::Socket => [6, 0, 0],
        };
        numbers.into_iter().for_each(|number| self.number(number));
        if let Kind::Symlink(target) = kind {
            self.bytes(target);
        }
    }

    fn finish(mut self) -> [u8; 32] {
        self.hasher.update(&self.buffer);
        self.hasher.finalize().into()
    }
}
