use rootfs_tree::{Kind, Tree};
use zerocopy::IntoBytes;

use super::format::{BLOCK, Dirent, file_type};
use crate::census::{Census, ROOT_INODE};

/// The entries of a directory in the order of their names, `.` and `..` among them, with the numbers they stand for.
pub(super) fn entries<'a>(tree: &'a Tree, census: &Census, number: u32) -> Vec<(&'a [u8], u32)> {
    let inode = census.inode(number);
    let Kind::Directory(children) = &tree.node(inode.node).kind else { return Vec::new() };
    let parent = if number == ROOT_INODE { ROOT_INODE } else { inode.parent };
    let mut entries: Vec<(&[u8], u32)> = children.iter().map(|(name, child)| (&**name, census.number(*child))).collect();
    for (name, number) in [(&b"."[..], number), (b"..", parent)] {
        let place = entries.partition_point(|(other, _)| *other < name);
        entries.insert(place, (name, number));
    }
    entries
}

/// Bytes of a directory: as many as [`encode`] gives.
pub(super) fn size(entries: &[(&[u8], u32)]) -> u64 {
    let (blocks, last) = blocks(entries).fold((0_u64, 0), |(blocks, _), block| (blocks + 1, used(block)));
    blocks.saturating_sub(1) * BLOCK + last as u64
}

/// A directory. `nid` says where the inode of a number is, `file_type` of what type it is.
pub(super) fn encode(entries: &[(&[u8], u32)], nid: impl Fn(u32) -> u64, file_type: impl Fn(u32) -> u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    for block in blocks(entries) {
        bytes.resize(bytes.len().next_multiple_of(BLOCK_SIZE), 0);
        let mut name_offset = block.len() * size_of::<Dirent>();
        for (name, number) in block {
            // Within a block.
            let nameoff = u16::try_from(name_offset).unwrap_or(u16::MAX);
            let dirent = Dirent { nid: nid(*number).into(), nameoff: nameoff.into(), file_type: file_type(*number), reserved: 0 };
            bytes.extend_from_slice(dirent.as_bytes());
            name_offset += name.len();
        }
        block.iter().for_each(|(name, _)| bytes.extend_from_slice(name));
    }
    bytes
}

/// [`BLOCK`] in memory.
const BLOCK_SIZE: usize = 4096;
const _: () = assert!(BLOCK_SIZE as u64 == BLOCK);

fn used(block: &[(&[u8], u32)]) -> usize {
    block.iter().map(|(name, _)| size_of::<Dirent>() + name.len()).sum()
}

/// As many entries in each block as fit.
fn blocks<'a, 'b>(entries: &'b [(&'a [u8], u32)]) -> impl Iterator<Item = &'b [(&'a [u8], u32)]> {
    let mut rest = entries;
    std::iter::from_fn(move || {
        let mut room = BLOCK_SIZE;
        let fits = |(name, _): &&(&[u8], u32)| {
            let left = room.checked_sub(size_of::<Dirent>() + name.len());
            room = left.unwrap_or(0);
            left.is_some()
        };
        let count = rest.iter().take_while(fits).count();
        let (block, later) = rest.split_at_checked(count)?;
        rest = later;
        (!block.is_empty()).then_some(block)
    })
}

/// What directories call the type of an inode.
pub(super) fn type_of(kind: &Kind) -> u8 {
    match kind {
        Kind::Directory(_) => file_type::DIRECTORY,
        Kind::File(_) => file_type::REGULAR,
        Kind::Symlink(_) => file_type::SYMLINK,
        Kind::CharDevice { .. } => file_type::CHAR_DEVICE,
        Kind::BlockDevice { .. } => file_type::BLOCK_DEVICE,
        Kind::Fifo => file_type::FIFO,
        Kind::Socket => file_type::SOCKET,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_bytes() {
        let names: Vec<Vec<u8>> = (0..1000_usize).map(|index| vec![b'n'; index % 255 + 1]).collect();
        for count in [1, 2, 20, 21, 300, 1000] {
            let entries: Vec<(&[u8], u32)> = names[..count].iter().map(|name| (&**name, 7)).collect();
            let bytes = encode(&entries, u64::from, |_| 1);
            assert_eq!(size(&entries), bytes.len() as u64);
        }
        // 273 entries of 15 bytes are a block less one byte.
        let full: Vec<(&[u8], u32)> = vec![(b"abc", 1); 273];
        assert_eq!((size(&full), size(&[&full[..], &full[..1]].concat())), (4095, 4096 + 15));
    }
}
