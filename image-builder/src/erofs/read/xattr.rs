use rootfs_tree::Xattrs;
use zerocopy::FromBytes;

use super::{ErofsInode, ErofsReadError, ErofsReader};
use crate::erofs::format::{ACCESS_CONTROL_LISTS, Incompat, LONG_PREFIX, PREFIXES, XATTR_ALIGN, XattrEntry, XattrHeader};

/// An attribute by its full name, its value, and how many bytes it takes.
type Attribute = (Vec<u8>, Vec<u8>, usize);

impl ErofsReader<'_> {
    /// The extended attributes of an inode.
    ///
    /// # Errors
    /// When they can't be true.
    pub fn xattrs(&self, inode: &ErofsInode) -> Result<Xattrs, ErofsReadError> {
        let wrong = |reason| ErofsReadError::Xattrs { nid: inode.nid, reason };
        let (start, length) = inode.xattrs;
        let mut xattrs = Xattrs::new();
        if length == 0 {
            return Ok(xattrs);
        }
        if self.geometry.features.has(Incompat::XATTR_PREFIXES) {
            return Err(ErofsReadError::Unsupported { what: "longer prefixes of attributes" });
        }
        let bytes = self.read_vec(start, length)?;
        let Ok((header, mut rest)) = XattrHeader::read_from_prefix(&bytes) else { return Err(wrong("they are cut off")) };
        let mut add = |(name, value, _): Attribute| match xattrs.insert(name.into(), value.into()) {
            None => Ok(()),
            Some(_) => Err(wrong("two have the same name")),
        };
        for _ in 0..header.h_shared_count {
            let (id, later) = rest.split_first_chunk().ok_or_else(|| wrong("they are cut off"))?;
            rest = later;
            let offset = self.geometry.xattr + u64::from(u32::from_le_bytes(*id)) * XATTR_ALIGN as u64;
            let head = self.read_vec(offset, size_of::<XattrEntry>() as u64)?;
            let length = XattrEntry::read_from_bytes(&head).map_or(0, |entry| length_of(&entry));
            add(attribute(&self.read_vec(offset, length as u64)?).map_err(wrong)?)?;
        }
        while !rest.is_empty() {
            let found = attribute(rest).map_err(wrong)?;
            let length = found.2.next_multiple_of(XATTR_ALIGN);
            add(found)?;
            rest = rest.get(length..).ok_or_else(|| wrong("they are cut off"))?;
        }
        Ok(xattrs)
    }
}

fn length_of(entry: &XattrEntry) -> usize {
    size_of::<XattrEntry>() + usize::from(entry.e_name_len) + usize::from(entry.e_value_size.get())
}

/// The attribute that some bytes begin with.
fn attribute(bytes: &[u8]) -> Result<Attribute, &'static str> {
    let Ok((entry, rest)) = XattrEntry::read_from_prefix(bytes) else { return Err("they are cut off") };
    let length = length_of(&entry);
    let (name, rest) = rest.split_at_checked(entry.e_name_len.into()).ok_or("they are cut off")?;
    let value = rest.get(..entry.e_value_size.get().into()).ok_or("they are cut off")?;
    let index = entry.e_name_index;
    let list = ACCESS_CONTROL_LISTS.into_iter().find(|(_, known)| *known == index).map(|(name, _)| name);
    let prefix = PREFIXES.into_iter().find(|(_, known)| *known == index).map(|(prefix, _)| prefix);
    let full = match (list, prefix) {
        (Some(list), _) if name.is_empty() => list.to_vec(),
        (None, Some(prefix)) if !name.is_empty() && !name.contains(&0) => [prefix, name].concat(),
        _ if index & LONG_PREFIX != 0 => return Err("one begins with a prefix that is not there"),
        _ => return Err("a name can't be one"),
    };
    Ok((full, value.to_vec(), length))
}
