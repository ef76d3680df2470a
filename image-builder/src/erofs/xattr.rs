use std::collections::BTreeMap;

use rootfs_tree::{NodeId, Tree};
use zerocopy::IntoBytes;

use super::ErofsError;
use super::format::{ACCESS_CONTROL_LISTS, PREFIXES, VALUE_MAX, XATTR_ALIGN, XattrEntry, XattrHeader};
use crate::census::{Census, path_of};

/// Most bytes of an inode's own attributes: `i_xattr_icount` counts them by four.
const OWN_MAX: usize = size_of::<XattrHeader>() + XATTR_ALIGN * (u16::MAX as usize - 1);
/// Most shared attributes of an inode: [`XattrHeader::h_shared_count`].
const SHARED_MAX: usize = u8::MAX as usize;

/// The extended attributes of all inodes. Those that several have are stored once, where that is shorter.
#[derive(Debug, Default)]
pub(super) struct Xattrs<'a> {
    /// By number of the inode; none for most.
    inodes: BTreeMap<u32, Vec<Attribute<'a>>>,
    /// The ids of those that are stored once.
    shared: BTreeMap<Attribute<'a>, u32>,
    /// Bytes of these.
    shared_size: usize,
}

/// One attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Attribute<'a> {
    index: u8,
    /// Without what the index stands for.
    name: &'a [u8],
    value: &'a [u8],
}

impl<'a> Xattrs<'a> {
    /// Collects them.
    pub(super) fn of(tree: &'a Tree, census: &Census) -> Result<Self, ErofsError> {
        let mut xattrs = Self::default();
        let mut uses: BTreeMap<Attribute<'a>, usize> = BTreeMap::new();
        for (number, inode) in census.inodes() {
            let own = attributes_of(tree, inode.node)?;
            own.iter().for_each(|attribute| *uses.entry(*attribute).or_default() += 1);
            if !own.is_empty() {
                xattrs.inodes.insert(number, own);
            }
        }
        for (attribute, count) in uses {
            let size = attribute.size();
            // An id has four bytes; what is not shared has all of it each time.
            if count * size > size + count * size_of::<u32>() {
                let Ok(id) = u32::try_from(xattrs.shared_size / XATTR_ALIGN) else { break };
                xattrs.shared.insert(attribute, id);
                xattrs.shared_size += size;
            }
        }
        for (number, inode) in census.inodes() {
            let size = xattrs.own_size(number);
            if size > OWN_MAX {
                return Err(ErofsError::AttributesTooLarge { path: path_of(tree, inode.node), size, limit: OWN_MAX });
            }
        }
        Ok(xattrs)
    }

    /// Bytes behind the inode itself.
    pub(super) fn own_size(&self, number: u32) -> usize {
        let Some(attributes) = self.inodes.get(&number) else { return 0 };
        let (shared, own) = self.split(attributes);
        size_of::<XattrHeader>() + shared.len() * size_of::<u32>() + own.iter().map(|attribute| attribute.size()).sum::<usize>()
    }

    /// What is behind the inode itself.
    pub(super) fn own(&self, number: u32) -> Vec<u8> {
        let Some(attributes) = self.inodes.get(&number) else { return Vec::new() };
        let (shared, own) = self.split(attributes);
        let count = u8::try_from(shared.len()).unwrap_or(u8::MAX);
        let mut bytes = XattrHeader { h_shared_count: count, ..XattrHeader::default() }.as_bytes().to_vec();
        shared.iter().for_each(|id| bytes.extend_from_slice(&id.to_le_bytes()));
        own.iter().for_each(|attribute| attribute.put(&mut bytes));
        bytes
    }

    /// The ids of shared attributes, and the others.
    fn split<'b>(&self, attributes: &'b [Attribute<'a>]) -> (Vec<u32>, Vec<&'b Attribute<'a>>) {
        let (mut shared, mut own) = (Vec::new(), Vec::new());
        for attribute in attributes {
            match self.shared.get(attribute) {
                Some(id) if shared.len() < SHARED_MAX => shared.push(*id),
                _ => own.push(attribute),
            }
        }
        (shared, own)
    }

    /// What several inodes have, as ids count it.
    pub(super) fn shared(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.shared_size);
        self.shared.keys().for_each(|attribute| attribute.put(&mut bytes));
        bytes
    }

    /// Bytes of it.
    pub(super) fn shared_size(&self) -> usize {
        self.shared_size
    }
}

impl Attribute<'_> {
    fn size(&self) -> usize {
        (size_of::<XattrEntry>() + self.name.len() + self.value.len()).next_multiple_of(XATTR_ALIGN)
    }

    fn put(&self, bytes: &mut Vec<u8>) {
        let entry = XattrEntry {
            // Both are checked before.
            e_name_len: u8::try_from(self.name.len()).unwrap_or(u8::MAX),
            e_name_index: self.index,
            e_value_size: u16::try_from(self.value.len()).unwrap_or(u16::MAX).into(),
        };
        let end = bytes.len() + self.size();
        bytes.extend_from_slice(entry.as_bytes());
        bytes.extend_from_slice(self.name);
        bytes.extend_from_slice(self.value);
        bytes.resize(end, 0);
    }
}

fn attributes_of(tree: &Tree, id: NodeId) -> Result<Vec<Attribute<'_>>, ErofsError> {
    let xattrs = tree.node(id).metadata.xattrs.iter().flat_map(|xattrs| xattrs.iter());
    xattrs
        .map(|(full_name, value)| {
            let shown = || (path_of(tree, id), full_name.escape_ascii().to_string());
            let Some((index, name)) = split_name(full_name) else {
                let (path, name) = shown();
                return Err(ErofsError::AttributeName { path, name });
            };
            if value.len() > VALUE_MAX {
                let (path, name) = shown();
                return Err(ErofsError::AttributeTooLarge { path, name, length: value.len(), limit: VALUE_MAX });
            }
            Ok(Attribute { index, name, value })
        })
        .collect()
}

/// The number of what a name begins with, and the rest.
fn split_name(full_name: &[u8]) -> Option<(u8, &[u8])> {
    if let Some((_, index)) = ACCESS_CONTROL_LISTS.into_iter().find(|(name, _)| *name == full_name) {
        return Some((index, b""));
    }
    let found = PREFIXES.into_iter().find_map(|(prefix, index)| Some((index, full_name.strip_prefix(prefix)?)));
    found.filter(|(_, name)| (1..=255).contains(&name.len()) && full_name.len() <= 255 && !name.contains(&0))
}
