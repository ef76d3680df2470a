use std::collections::BTreeMap;

use rootfs_tree::{NodeId, Tree};
use zerocopy::IntoBytes;

use super::format::{
    ABSENT, NO_XATTR, PREFIXES, VALUE_OUT_OF_LINE, XATTR_NAME_MAX, XATTR_VALUE_MAX, XattrEntry, XattrId, XattrIdTable, XattrValue,
};
use super::metadata::Metadata;
use super::options::OtherXattrs;
use super::table::Tables;
use super::{LeftOut, SquashfsError};
use crate::census::{Census, path_of};

/// Longest value that is stored again rather than referred to, in bytes. A reference costs its reader another block of metadata.
const INLINE_MAX: usize = 128;

/// The extended attributes of all inodes; those with the same share a set.
#[derive(Debug, Default)]
pub(super) struct Sets<'a> {
    /// By number less one; [`NO_XATTR`] for most.
    by_number: Vec<u32>,
    sets: Vec<Vec<Attribute<'a>>>,
    /// What can't be kept.
    pub(super) left_out: Vec<LeftOut>,
}

/// One attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Attribute<'a> {
    prefix: u16,
    /// Without its prefix.
    name: &'a [u8],
    value: &'a [u8],
}

impl<'a> Sets<'a> {
    /// Collects them.
    pub(super) fn of(tree: &'a Tree, census: &Census, others: OtherXattrs) -> Result<Self, SquashfsError> {
        let mut sets = Self::default();
        let mut known: BTreeMap<Vec<Attribute<'a>>, u32> = BTreeMap::new();
        for (_, inode) in census.inodes() {
            let set = sets.set_of(tree, inode.node, others)?;
            let mut index = NO_XATTR;
            if !set.is_empty() {
                index = known.get(&set).copied().unwrap_or_else(|| sets.add(&mut known, set));
            }
            sets.by_number.push(index);
        }
        Ok(sets)
    }

    fn add(&mut self, known: &mut BTreeMap<Vec<Attribute<'a>>, u32>, set: Vec<Attribute<'a>>) -> u32 {
        // Fewer than inodes, whose numbers have as many bits.
        let index = u32::try_from(self.sets.len()).unwrap_or(NO_XATTR);
        self.sets.push(set.clone());
        known.insert(set, index);
        index
    }

    fn set_of(&mut self, tree: &'a Tree, id: NodeId, others: OtherXattrs) -> Result<Vec<Attribute<'a>>, SquashfsError> {
        let mut set = Vec::new();
        for (name, value) in tree.node(id).metadata.xattrs.iter().flat_map(|xattrs| xattrs.iter()) {
            let shown = || (path_of(tree, id), name.escape_ascii().to_string());
            if value.len() > XATTR_VALUE_MAX {
                let (path, name) = shown();
                return Err(SquashfsError::AttributeTooLarge { path, name, length: value.len(), limit: XATTR_VALUE_MAX });
            }
            match (split(name), others) {
                (Some((prefix, name)), _) => set.push(Attribute { prefix, name, value }),
                (None, OtherXattrs::LeaveOut) => {
                    let (path, name) = shown();
                    self.left_out.push(LeftOut { path, name });
                }
                (None, OtherXattrs::Refuse) => {
                    let (path, name) = shown();
                    return Err(SquashfsError::AttributeName { path, name });
                }
            }
        }
        Ok(set)
    }

    /// `xattr` of an inode.
    pub(super) fn index(&self, number: u32) -> u32 {
        self.by_number[number as usize - 1]
    }

    /// How many different ones there are.
    pub(super) fn count(&self) -> usize {
        self.sets.len()
    }

    /// Appends the attributes and the table that tells where each set begins; gives where that is.
    pub(super) fn write(&self, tables: &mut Tables<'_>) -> Result<u64, SquashfsError> {
        if self.sets.is_empty() {
            return Ok(ABSENT);
        }
        let mut metadata = Metadata::new(tables.codec, "table of extended attributes");
        let mut values = BTreeMap::new();
        let mut stretches = Vec::with_capacity(self.sets.len());
        for set in &self.sets {
            let start = metadata.position();
            set.iter().try_for_each(|attribute| attribute.write(&mut metadata, &mut values))?;
            stretches.push((start, set));
        }
        metadata.finish()?;
        let xattr_table_start = tables.append(metadata.bytes())?;
        let mut ids = Vec::new();
        for (start, set) in stretches {
            let size: usize = set.iter().map(Attribute::length).sum();
            let id = XattrId {
                xattr: metadata.place(start)?.reference().into(),
                // A set of an inode has less than 2³² of anything in Linux.
                count: u32::try_from(set.len()).unwrap_or(u32::MAX).into(),
                size: u32::try_from(size).unwrap_or(u32::MAX).into(),
            };
            ids.extend_from_slice(id.as_bytes());
        }
        let count = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        let head = XattrIdTable { xattr_table_start: xattr_table_start.into(), xattr_ids: count.into(), unused: 0.into() };
        tables.append_indexed("table of sets of extended attributes", &ids, head.as_bytes())
    }
}

impl<'a> Attribute<'a> {
    /// As [`XattrId::size`] counts it.
    fn length(&self) -> usize {
        PREFIXES[usize::from(self.prefix)].len() + self.name.len() + 1 + self.value.len()
    }

    /// Appends the attribute. `values` has where long ones were stored.
    fn write(&self, metadata: &mut Metadata<'_>, values: &mut BTreeMap<&'a [u8], u64>) -> Result<(), SquashfsError> {
        let known = values.get(self.value).copied();
        let entry_type = if known.is_some() { self.prefix | VALUE_OUT_OF_LINE } else { self.prefix };
        let size = u16::try_from(self.name.len()).unwrap_or(u16::MAX);
        metadata.push(XattrEntry { entry_type: entry_type.into(), size: size.into() }.as_bytes())?;
        metadata.push(self.name)?;
        let reference;
        let stored = if let Some(position) = known {
            metadata.compress()?;
            reference = metadata.place(position)?.reference().to_le_bytes();
            &reference[..]
        } else {
            if self.value.len() > INLINE_MAX {
                values.insert(self.value, metadata.position());
            }
            self.value
        };
        let vsize = u32::try_from(stored.len()).unwrap_or(u32::MAX);
        metadata.push(XattrValue { vsize: vsize.into() }.as_bytes())?;
        metadata.push(stored).map(drop)
    }
}

/// A name's prefix by its number, and the rest.
fn split(name: &[u8]) -> Option<(u16, &[u8])> {
    let found = (0..).zip(PREFIXES).find_map(|(number, prefix)| Some((number, name.strip_prefix(prefix)?)));
    found.filter(|(_, rest)| !rest.is_empty() && name.len() <= XATTR_NAME_MAX)
}
