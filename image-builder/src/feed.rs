//! Metadata of a tree on its way into a hash, from which identifiers are derived.

use std::collections::BTreeMap;

use rootfs_tree::{Kind, Metadata, Time, Tree};
use sha2::{Digest, Sha256};

/// Bytes that are gathered before they are hashed.
const BUFFER: usize = 1 << 16;

/// Values on their way into a hash, each so that no two sequences look alike.
pub(crate) struct Feed {
    hasher: Sha256,
    buffer: Vec<u8>,
}

impl Feed {
    /// `purpose` tells one use from all others.
    pub(crate) fn new(purpose: &str) -> Self {
        Self { hasher: Sha256::new(), buffer: format!("rootfs-image {purpose}\n").into_bytes() }
    }

    /// Seven bits a byte, lowest first; the last has the eighth clear.
    pub(crate) fn number(&mut self, number: u64) {
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

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.buffer.extend_from_slice(bytes);
    }

    pub(crate) fn time(&mut self, time: Time) {
        self.number(time.seconds.cast_unsigned());
        self.number(time.nanoseconds.into());
    }

    pub(crate) fn metadata(&mut self, metadata: &Metadata) {
        let numbers: [u32; 3] = [metadata.mode.into(), metadata.uid, metadata.gid];
        numbers.into_iter().for_each(|number| self.number(number.into()));
        self.time(metadata.mtime);
        self.number(metadata.xattrs.as_ref().map_or(0, |xattrs| xattrs.len() as u64));
        for (name, value) in metadata.xattrs.iter().flat_map(|xattrs| xattrs.iter()) {
            self.bytes(name);
            self.bytes(value);
        }
    }

    pub(crate) fn kind(&mut self, kind: &Kind) {
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

    /// All names and metadata of a tree; contents are not read.
    pub(crate) fn tree(&mut self, tree: &Tree) {
        // In the order of the names: the arena's order is that of how the tree came about.
        let mut numbers = BTreeMap::new();
        for entry in tree.walk() {
            let node = tree.node(entry.id);
            let next = numbers.len() as u64;
            self.bytes(&entry.path);
            self.number(*numbers.entry(entry.id).or_insert(next));
            self.metadata(&node.metadata);
            self.kind(&node.kind);
        }
    }

    pub(crate) fn finish(mut self) -> [u8; 32] {
        self.hasher.update(&self.buffer);
        self.hasher.finalize().into()
    }
}
