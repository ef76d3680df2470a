use crate::ext4::form::Form;
use crate::ext4::format::{CountLimit, DirEntryHead, DirTail, DxEntry, DxRootInfo, DxTail};
use crate::ext4::hash::HashSeed;

/// One name of a directory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) inode: u32,
    pub(crate) file_type: u8,
    /// Only in a hashed directory.
    pub(crate) hash: u32,
}

impl<'a> Entry<'a> {
    pub(crate) fn new(name: &'a [u8], inode: u32, file_type: u8) -> Self {
        Self { name, inode, file_type, hash: 0 }
    }
}

/// Bytes an entry takes.
pub(crate) fn record_length(name: &[u8]) -> usize {
    (size_of::<DirEntryHead>() + name.len()).next_multiple_of(4)
}

/// Bytes of a block that are entries; the rest is its tail, which is there for its checksum.
pub(crate) fn entry_space(form: Form) -> usize {
    form.block_size as usize - if form.has_checksums() { size_of::<DirTail>() } else { 0 }
}

/// How the entries of a directory share blocks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// All in one block, by name.
    Linear,
    /// In leaves of a hash tree, by hash.
    Hashed(HashTree),
}

/// The blocks of a hashed directory: the root, inner nodes if one level is not enough, the leaves.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HashTree {
    /// The first entry of each leaf.
    pub(crate) leaves: Vec<usize>,
    /// How many blocks are between the root and the leaves.
    pub(crate) nodes: usize,
}

impl Shape {
    /// One block is searched as it is; more would be slow without a tree. The entries come in the order they have in the directory.
    pub(crate) fn choose(entries: &mut [Entry<'_>], form: Form, seed: HashSeed) -> Self {
        let own = record_length(b".") + record_length(b"..");
        let total: usize = entries.iter().map(|entry| record_length(entry.name)).sum();
        if own + total <= entry_space(form) {
            return Self::Linear;
        }
        for entry in &mut *entries {
            entry.hash = seed.hash(entry.name);
        }
        entries.sort_unstable_by(|a, b| (a.hash, a.name).cmp(&(b.hash, b.name)));
        Self::Hashed(HashTree::pack(entries, form))
    }

    /// How many blocks the directory takes.
    pub(crate) fn blocks(&self) -> u64 {
        match self {
            Self::Linear => 1,
            Self::Hashed(tree) => 1 + tree.nodes as u64 + tree.leaves.len() as u64,
        }
    }
}

impl HashTree {
    fn pack(entries: &[Entry<'_>], form: Form) -> Self {
        // Full leaves would be split by the first names that are added, so each keeps an eighth free.
        let kept = if form.is_written_to() { form.block_size as usize / 8 } else { 0 };
        let room = entry_space(form) - kept;
        let mut leaves = Vec::new();
        let mut used = room;
        for (index, entry) in entries.iter().enumerate() {
            let length = record_length(entry.name);
            if used + length > room {
                leaves.push(index);
                used = 0;
            }
            used += length;
        }
        let nodes = if leaves.len() <= root_limit(form) { 0 } else { leaves.len().div_ceil(node_limit(form)) };
        Self { leaves, nodes }
    }
}

/// Blocks that the root of a hash tree can name.
pub(crate) fn root_limit(form: Form) -> usize {
    let own = record_length(b".") + record_length(b"..") + size_of::<DxRootInfo>();
    (form.block_size as usize - own - index_tail(form)) / size_of::<DxEntry>()
}

/// Blocks that an inner node can name.
pub(crate) fn node_limit(form: Form) -> usize {
    (form.block_size as usize - size_of::<DirEntryHead>() - index_tail(form)) / size_of::<DxEntry>()
}

fn index_tail(form: Form) -> usize {
    if form.has_checksums() { size_of::<DxTail>() } else { 0 }
}

/// The largest directory without `largedir`: two levels.
pub(crate) fn most_blocks(form: Form) -> u64 {
    let (root, node) = (root_limit(form) as u64, node_limit(form) as u64);
    1 + root + root * node
}

const _: () = assert!(size_of::<CountLimit>() <= size_of::<DxEntry>());

#[cfg(test)]
mod tests {
    use super::*;

    use crate::ext4::options::{BlockSize, Profile};

    const SEED: [u8; 16] = [7; 16];
    const USUAL: Form = Form::of(Profile::Default, BlockSize::K4);

    fn shape(count: usize, length: usize) -> Shape {
        shape_of(count, length, USUAL)
    }

    fn shape_of(count: usize, length: usize, form: Form) -> Shape {
        let names: Vec<Vec<u8>> = (0..count).map(|index| format!("{index:0length$}").into_bytes()).collect();
        let mut entries: Vec<Entry<'_>> = names.iter().map(|name| Entry::new(name, 12, 1)).collect();
        Shape::choose(&mut entries, form, HashSeed::new(SEED))
    }

    #[test]
    fn limits_are_the_kernels() {
        for (profile, block_size, limits) in [
            (Profile::Default, BlockSize::K4, (507, 510)),
            (Profile::Compat, BlockSize::K4, (508, 511)),
            (Profile::Default, BlockSize::K2, (251, 254)),
            (Profile::Default, BlockSize::K1, (123, 126)),
            (Profile::Compat, BlockSize::K1, (124, 127)),
        ] {
            let form = Form::of(profile, block_size);
            assert_eq!((root_limit(form), node_limit(form)), limits, "{form:?}");
        }
    }

    #[test]
    fn a_directory_is_linear_as_long_as_one_block_holds_it() {
        // 4096 - 12 (tail) - 24 (`.` and `..`) = 4060 = 253 * 16 + 12.
        assert_eq!(shape(0, 8), Shape::Linear);
        assert_eq!(shape(253, 8), Shape::Linear);
        assert!(matches!(shape(254, 8), Shape::Hashed(tree) if tree.nodes == 0 && tree.leaves.len() == 2));
    }

    #[test]
    fn leaves_are_full_where_nobody_adds_to_them() {
        // 15 names of 255 bytes in 4084 bytes.
        let form = Form::of(Profile::ReadOnly, BlockSize::K4);
        assert!(matches!(shape_of(150, 255, form), Shape::Hashed(tree) if tree.leaves.len() == 10));
        assert!(matches!(shape(150, 255), Shape::Hashed(tree) if tree.leaves.len() == 12));
    }

    #[test]
    fn a_second_level_comes_when_the_root_is_full() {
        // 13 names of 255 bytes, 264 with their heads, in 3572 bytes.
        assert!(matches!(shape(13 * 507, 255), Shape::Hashed(tree) if tree.nodes == 0 && tree.leaves.len() == 507));
        let Shape::Hashed(tree) = shape(13 * 507 + 1, 255) else { panic!("linear") };
        assert_eq!((tree.leaves.len(), tree.nodes), (508, 1));
        assert_eq!(Shape::Hashed(tree).blocks(), 510);
    }
}
