use zerocopy::IntoBytes;
use zerocopy::little_endian::{U16, U32};

use super::format::{CountLimit, DirEntryHead, DirTail, DxEntry, DxRootInfo, DxTail, FILE_TYPE_TAIL, HASH_HALF_MD4, file_type};
use crate::ext4::checksum::Checksum;
use crate::ext4::form::Form;
use crate::ext4::hash::HashSeed;
use crate::ext4::layout::{Entry, HashTree, Shape, entry_space, node_limit, record_length, root_limit};

/// A directory whose blocks can be made.
#[derive(Debug)]
pub(super) struct DirectoryBlocks<'a> {
    inode: u32,
    parent: u32,
    entries: Vec<Entry<'a>>,
    shape: Shape,
    form: Form,
    /// Of the inode.
    checksum: Checksum,
}

impl<'a> DirectoryBlocks<'a> {
    pub(super) fn new(inode: u32, parent: u32, mut entries: Vec<Entry<'a>>, form: Form, seed: HashSeed, checksum: Checksum) -> Self {
        let shape = Shape::choose(&mut entries, form, seed);
        Self { inode, parent, entries, shape, form, checksum: checksum.of_inode(inode) }
    }

    /// How many blocks there are.
    pub(super) fn count(&self) -> u64 {
        self.shape.blocks()
    }

    /// Makes the block with this number. What is beyond the last is an empty one.
    pub(super) fn fill(&self, index: u32, block: &mut [u8]) {
        match (&self.shape, index as usize) {
            (Shape::Linear, 0) => self.fill_linear(block),
            (Shape::Linear, _) => self.fill_entries(block, 0, &[]),
            (Shape::Hashed(tree), 0) => self.fill_root(tree, block),
            (Shape::Hashed(tree), index) if index <= tree.nodes => self.fill_node(tree, index - 1, block),
            (Shape::Hashed(tree), index) => self.fill_entries(block, 0, self.leaf(tree, index - 1 - tree.nodes)),
        }
    }

    fn own(&self) -> [Entry<'static>; 2] {
        [Entry::new(b".", self.inode, file_type::DIRECTORY), Entry::new(b"..", self.parent, file_type::DIRECTORY)]
    }

    fn fill_linear(&self, block: &mut [u8]) {
        let mut at = 0;
        let own = self.own();
        let space = entry_space(self.form);
        for entry in &own {
            let is_last = self.entries.is_empty() && entry.name == b"..";
            at = put_entry(block, at, entry, is_last.then_some(space));
        }
        self.fill_entries(block, at, &self.entries);
    }

    /// Entries from `start` on, the last as long as the block, and the tail.
    fn fill_entries(&self, block: &mut [u8], start: usize, entries: &[Entry<'_>]) {
        let space = entry_space(self.form);
        let mut at = start;
        for (index, entry) in entries.iter().enumerate() {
            at = put_entry(block, at, entry, (index + 1 == entries.len()).then_some(space));
        }
        if at == 0 {
            put_entry(block, 0, &Entry::new(b"", 0, 0), Some(space));
        }
        if !self.form.has_checksums() {
            return;
        }
        let sum = self.checksum.with(&block[..space]).value();
        let tail = DirTail {
            det_reserved_zero1: U32::ZERO,
            det_rec_len: U16::new(narrow(size_of::<DirTail>())),
            det_reserved_zero2: 0,
            det_reserved_ft: FILE_TYPE_TAIL,
            det_checksum: U32::new(sum),
        };
        block[space..].copy_from_slice(tail.as_bytes());
    }

    fn leaf(&self, tree: &HashTree, index: usize) -> &[Entry<'a>] {
        let start = tree.leaves.get(index).copied().unwrap_or(self.entries.len());
        let end = tree.leaves.get(index + 1).copied().unwrap_or(self.entries.len());
        &self.entries[start..end]
    }

    fn fill_root(&self, tree: &HashTree, block: &mut [u8]) {
        let [dot, dot_dot] = self.own();
        let at = put_entry(block, 0, &dot, None);
        // `..` hides the rest of the block from who knows no hash trees.
        let whole = block.len();
        put_entry(block, at, &dot_dot, Some(whole));
        let at = at + record_length(b"..");
        let info = DxRootInfo {
            reserved_zero: U32::ZERO,
            hash_version: HASH_HALF_MD4,
            info_length: u8::try_from(size_of::<DxRootInfo>()).unwrap_or(u8::MAX),
            indirect_levels: u8::from(tree.nodes > 0),
            unused_flags: 0,
        };
        block[at..at + size_of::<DxRootInfo>()].copy_from_slice(info.as_bytes());
        let start = at + size_of::<DxRootInfo>();
        let limit = root_limit(self.form);
        if tree.nodes == 0 {
            self.fill_index(tree, 0..tree.leaves.len(), 1, (start, limit), block);
        } else {
            let most = node_limit(self.form);
            let entries = (0..tree.nodes).map(|node| (self.leaf_hash(tree, node * most), 1 + node));
            self.put_index(entries, (start, limit), block);
        }
    }

    fn fill_node(&self, tree: &HashTree, node: usize, block: &mut [u8]) {
        let most = node_limit(self.form);
        let head = DirEntryHead { inode: U32::ZERO, rec_len: U16::new(narrow(block.len())), name_len: 0, file_type: 0 };
        block[..size_of::<DirEntryHead>()].copy_from_slice(head.as_bytes());
        let leaves = node * most..tree.leaves.len().min((node + 1) * most);
        self.fill_index(tree, leaves, 1 + tree.nodes, (size_of::<DirEntryHead>(), most), block);
    }

    fn fill_index(&self, tree: &HashTree, leaves: std::ops::Range<usize>, first_leaf: usize, place: (usize, usize), block: &mut [u8]) {
        self.put_index(leaves.map(|leaf| (self.leaf_hash(tree, leaf), first_leaf + leaf)), place, block);
    }

    /// Hashes with the blocks they begin, at a place with room for so many, and the tail.
    fn put_index(&self, entries: impl Iterator<Item = (u32, usize)>, (start, limit): (usize, usize), block: &mut [u8]) {
        let mut count = 0;
        for (hash, index) in entries {
            let entry = DxEntry { hash: U32::new(hash), block: U32::new(u32::try_from(index).unwrap_or(u32::MAX)) };
            let at = start + count * size_of::<DxEntry>();
            block[at..at + size_of::<DxEntry>()].copy_from_slice(entry.as_bytes());
            count += 1;
        }
        let count_limit = CountLimit { limit: U16::new(narrow(limit)), count: U16::new(narrow(count)) };
        block[start..start + size_of::<CountLimit>()].copy_from_slice(count_limit.as_bytes());
        if !self.form.has_checksums() {
            return;
        }
        let tail = DxTail { dt_reserved: U32::ZERO, dt_checksum: U32::ZERO };
        let used = start + count * size_of::<DxEntry>();
        let sum = self.checksum.with(&block[..used]).with(tail.as_bytes()).value();
        let at = start + limit * size_of::<DxEntry>();
        let tail = DxTail { dt_checksum: U32::new(sum), ..tail };
        block[at..at + size_of::<DxTail>()].copy_from_slice(tail.as_bytes());
    }

    /// What the index says of a leaf: its lowest hash, odd if the leaf before ends with the same.
    fn leaf_hash(&self, tree: &HashTree, leaf: usize) -> u32 {
        let first = tree.leaves[leaf];
        let hash = self.entries[first].hash;
        let continues = first > 0 && self.entries[first - 1].hash == hash;
        hash | u32::from(continues)
    }
}

/// Puts an entry; its record ends where the name does, or before `end`. Gives where the next begins.
fn put_entry(block: &mut [u8], at: usize, entry: &Entry<'_>, end: Option<usize>) -> usize {
    let next = end.unwrap_or(at + record_length(entry.name));
    let head = DirEntryHead {
        inode: U32::new(entry.inode),
        rec_len: U16::new(narrow(next - at)),
        name_len: u8::try_from(entry.name.len()).unwrap_or(u8::MAX),
        file_type: entry.file_type,
    };
    let name = at + size_of::<DirEntryHead>();
    block[at..name].copy_from_slice(head.as_bytes());
    block[name..name + entry.name.len()].copy_from_slice(entry.name);
    next
}

/// Lengths inside a block.
fn narrow(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}
