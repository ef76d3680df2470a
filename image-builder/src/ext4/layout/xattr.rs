use std::borrow::Cow;

use rootfs_tree::Xattrs;
use zerocopy::IntoBytes;
use zerocopy::little_endian::{U16, U32};

use super::acl;
use super::check::Defect;
use crate::ext4::format::{EXTRA_ISIZE, INODE_SIZE, XATTR_MAGIC, XattrEntry, XattrHeader};

/// What may begin a name, and the number it is kept as (`EXT4_XATTR_INDEX_*`). Longer ones first.
const PREFIXES: [(&[u8], u8); 4] = [(b"user.", 1), (b"trusted.", 4), (b"security.", 6), (b"system.", 7)];
/// Names that are a number alone.
const ACCESS_CONTROL_LISTS: [(&[u8], u8); 2] = [(b"system.posix_acl_access", 2), (b"system.posix_acl_default", 3)];
/// Where attributes begin in a block, and what an inode has before them.
const BLOCK_HEADER: usize = size_of::<XattrHeader>();
const INODE_HEADER: usize = size_of::<u32>();
/// Zeros after the last entry.
const END: usize = 4;

/// The attributes of one inode as they lie on disk.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    /// All there is after the inode's fields; empty without attributes.
    pub(crate) in_inode: Vec<u8>,
    /// One block, its checksum not filled in.
    pub(crate) block: Option<Vec<u8>>,
}

/// Puts as many attributes as fit into the inode, and the rest into a block.
pub(crate) fn place(xattrs: &Xattrs, block_size: u32) -> Result<Placed, Defect> {
    let mut attributes = xattrs.iter().map(|(name, value)| Attribute::new(name, value)).collect::<Result<Vec<_>, _>>()?;
    attributes.sort_unstable_by(|a, b| a.key().cmp(&b.key()));
    let mut room = INODE_SIZE - 128 - usize::from(EXTRA_ISIZE) - INODE_HEADER - END;
    let (inside, outside): (Vec<_>, Vec<_>) = attributes.into_iter().partition(|attribute| {
        let fits = attribute.size() <= room;
        if fits {
            room -= attribute.size();
        }
        fits
    });
    let limit = block_size as usize - BLOCK_HEADER - END;
    let size = outside.iter().map(Attribute::size).sum();
    if size > limit {
        return Err(Defect::AttributesTooLarge { size, limit });
    }
    Ok(Placed { in_inode: in_inode(&inside), block: (!outside.is_empty()).then(|| in_block(&outside, block_size)) })
}

#[derive(Debug)]
struct Attribute<'a> {
    index: u8,
    name: &'a [u8],
    value: Cow<'a, [u8]>,
}

impl<'a> Attribute<'a> {
    fn new(full_name: &'a [u8], value: &'a [u8]) -> Result<Self, Defect> {
        let shown = || full_name.escape_ascii().to_string();
        if let Some((_, index)) = ACCESS_CONTROL_LISTS.into_iter().find(|(name, _)| *name == full_name) {
            let value = acl::to_disk(value).ok_or_else(|| Defect::AccessControlList { name: shown() })?;
            return Ok(Self { index, name: b"", value: Cow::Owned(value) });
        }
        let found = PREFIXES.into_iter().find_map(|(prefix, index)| full_name.strip_prefix(prefix).map(|name| (index, name)));
        let (index, name) = found
            .filter(|(_, name)| (1..=255).contains(&name.len()) && !name.contains(&0))
            .ok_or_else(|| Defect::AttributeName { name: shown() })?;
        Ok(Self { index, name, value: Cow::Borrowed(value) })
    }

    /// The order that a block needs, since the kernel searches it.
    fn key(&self) -> (u8, usize, &[u8]) {
        (self.index, self.name.len(), self.name)
    }

    fn entry_size(&self) -> usize {
        (size_of::<XattrEntry>() + self.name.len()).next_multiple_of(4)
    }

    fn size(&self) -> usize {
        self.entry_size() + self.value.len().next_multiple_of(4)
    }

    /// Over name and value, the value filled up with zeros to whole words.
    fn hash(&self) -> u32 {
        let over_name = self.name.iter().fold(0_u32, |hash, byte| hash.rotate_left(5) ^ u32::from(*byte));
        self.value.chunks(4).fold(over_name, |hash, chunk| {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            hash.rotate_left(16) ^ u32::from_le_bytes(word)
        })
    }
}

fn in_inode(attributes: &[Attribute<'_>]) -> Vec<u8> {
    if attributes.is_empty() {
        return Vec::new();
    }
    let mut bytes = vec![0; INODE_SIZE - 128 - usize::from(EXTRA_ISIZE)];
    bytes[..INODE_HEADER].copy_from_slice(&XATTR_MAGIC.to_le_bytes());
    // Offsets in an inode count from the first entry.
    fill(&mut bytes[INODE_HEADER..], 0, attributes);
    bytes
}

fn in_block(attributes: &[Attribute<'_>], block_size: u32) -> Vec<u8> {
    let mut bytes = vec![0; block_size as usize];
    fill(&mut bytes, BLOCK_HEADER, attributes);
    let header = XattrHeader {
        h_magic: U32::new(XATTR_MAGIC),
        h_refcount: U32::new(1),
        h_blocks: U32::new(1),
        h_hash: U32::new(attributes.iter().fold(0_u32, |hash, attribute| hash.rotate_left(16) ^ attribute.hash())),
        h_checksum: U32::ZERO,
        h_reserved: [U32::ZERO; 3],
    };
    bytes[..BLOCK_HEADER].copy_from_slice(header.as_bytes());
    bytes
}

/// Entries from `start` on, their values from the end down.
fn fill(space: &mut [u8], start: usize, attributes: &[Attribute<'_>]) {
    let mut at = start;
    let mut values = space.len();
    for attribute in attributes {
        values -= attribute.value.len().next_multiple_of(4);
        let offset = if attribute.value.is_empty() { 0 } else { values };
        let entry = XattrEntry {
            // Checked: 255 at most, and no offset or size beyond a block.
            e_name_len: u8::try_from(attribute.name.len()).unwrap_or(u8::MAX),
            e_name_index: attribute.index,
            e_value_offs: U16::new(u16::try_from(offset).unwrap_or(u16::MAX)),
            e_value_inum: U32::ZERO,
            e_value_size: U32::new(u32::try_from(attribute.value.len()).unwrap_or(u32::MAX)),
            e_hash: U32::new(attribute.hash()),
        };
        let head = size_of::<XattrEntry>();
        space[at..at + head].copy_from_slice(entry.as_bytes());
        space[at + head..at + head + attribute.name.len()].copy_from_slice(attribute.name);
        space[values..values + attribute.value.len()].copy_from_slice(&attribute.value);
        at += attribute.entry_size();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(sizes: &[usize]) -> Result<Placed, Defect> {
        let named = sizes.iter().enumerate();
        place(&named.map(|(index, size)| (format!("user.{index}").into_bytes().into(), vec![1; *size].into())).collect(), 4096)
    }

    #[test]
    fn the_inode_is_filled_first() {
        // 88 bytes: an entry with a name of one byte takes 20, so a value of 68 is the largest.
        assert!(placed(&[68]).unwrap().block.is_none());
        assert!(placed(&[69]).unwrap().in_inode.is_empty());
        assert!(placed(&[24, 24]).unwrap().block.is_none());
        let both = placed(&[25, 25, 25]).unwrap();
        assert!(!both.in_inode.is_empty() && both.block.is_some());
    }

    #[test]
    fn more_than_a_block_is_refused() {
        // 4096 - 32 - 4 - 20 = 4040.
        assert!(placed(&[4040]).is_ok());
        assert!(matches!(placed(&[4041]), Err(Defect::AttributesTooLarge { size: 4064, limit: 4060 })));
        assert!(placed(&[68, 4040]).is_ok());
    }

    #[test]
    fn names_have_a_known_prefix() {
        for name in ["user.", "os2.a", "user", "", "security.\0", "system.posix_acl_access"] {
            let xattrs = [(name.as_bytes().into(), b"x"[..].into())].into();
            assert!(place(&xattrs, 4096).is_err(), "{name}");
        }
    }
}
