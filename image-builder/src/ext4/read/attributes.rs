use zerocopy::FromBytes;

use super::Ext4ReadError;
use super::check::{AttributeBlock, Check, ValueUse};
use super::claims::Claims;
use super::inode::RawInode;
use super::problem::{Ext4Flaw, Ext4Place};
use super::volume::join;
use crate::ext4::attribute_hash::{attribute_hash, signed_attribute_hash};
use crate::ext4::format::{XATTR_MAGIC, XattrEntry, XattrHeader};

/// Where the checksum is in a block of attributes.
const CHECKSUM: std::ops::Range<usize> = 16..20;
/// Name spaces have numbers up to this.
const INDEX_LIMIT: u8 = 10;

/// What the attributes of one place come to.
#[derive(Debug, Default)]
struct Sum {
    /// Blocks of the values elsewhere.
    value_blocks: u64,
    /// Over the hashes of all.
    hash: u32,
    /// Whether all have hashes.
    is_hashed: bool,
}

impl Check<'_> {
    /// The attributes of an inode; gives how many blocks they take, with those of values elsewhere.
    pub(super) fn check_attributes(&mut self, raw: &RawInode<'_>) -> Result<u64, Ext4ReadError> {
        let mut blocks = 0;
        let place = Ext4Place::Inode { inode: raw.number, path: None };
        let own = raw.bytes.get(raw.fields_end()..).unwrap_or_default();
        if let Some((magic, entries)) = own.split_first_chunk::<4>()
            && *magic == XATTR_MAGIC.to_le_bytes()
        {
            blocks += self.check_entries(&place, entries, 0, false).value_blocks;
        }
        let block = join(raw.fields.i_file_acl_lo.get(), raw.fields.i_file_acl_high.get().into());
        if block == 0 {
            return Ok(blocks);
        }
        if let Some(known) = self.attribute_blocks.get_mut(&block) {
            known.found += 1;
            return Ok(blocks + 1 + known.value_blocks);
        }
        if !self.claim(raw.number, block, 1) {
            return Ok(blocks + 1);
        }
        Ok(blocks + 1 + self.check_attribute_block(block)?)
    }

    fn check_attribute_block(&mut self, block: u64) -> Result<u64, Ext4ReadError> {
        let mut bytes = self.volume.block(block)?;
        let place = Ext4Place::Attributes { block };
        let Ok((header, _)) = XattrHeader::read_from_prefix(&bytes) else { return Ok(0) };
        if header.h_magic.get() != XATTR_MAGIC || header.h_blocks.get() != 1 {
            self.report.add(place, Ext4Flaw::Form { what: "it has no attributes" });
            return Ok(0);
        }
        if self.volume.features.checksums {
            bytes[CHECKSUM].fill(0);
            if self.volume.checksum.with(&block.to_le_bytes()).with(&bytes).value() != header.h_checksum.get() {
                self.report.add(place.clone(), Ext4Flaw::Checksum { what: "the block" });
            }
        }
        let sum = self.check_entries(&place, &bytes, size_of::<XattrHeader>(), true);
        // libext2fs leaves it out: the kernel doesn't share such a block.
        if sum.is_hashed && header.h_hash.get() != 0 && sum.hash != header.h_hash.get() {
            self.report.add(place, Ext4Flaw::Checksum { what: "all attributes" });
        }
        let known = AttributeBlock { said: header.h_refcount.get(), found: 1, value_blocks: sum.value_blocks };
        self.attribute_blocks.insert(block, known);
        Ok(sum.value_blocks)
    }

    /// Entries from `start` on; values count from the first byte.
    fn check_entries(&mut self, place: &Ext4Place, bytes: &[u8], start: usize, needs_hash: bool) -> Sum {
        let mut sum = Sum { is_hashed: true, ..Sum::default() };
        let mut taken = Claims::default();
        let mut at = start;
        // Four zeros are the end; an inode may be full to its last byte.
        while bytes.get(at..at + 4).is_some_and(|end| end != [0; 4]) {
            let entry = bytes.get(at..).and_then(|rest| XattrEntry::read_from_prefix(rest).ok());
            let name = entry.as_ref().and_then(|(entry, rest)| rest.get(..usize::from(entry.e_name_len)));
            let (Some((entry, _)), Some(name)) = (&entry, name) else {
                self.report.add(place.clone(), Ext4Flaw::Form { what: "an attribute has no end" });
                return sum;
            };
            let next = at + (size_of::<XattrEntry>() + name.len()).next_multiple_of(4);
            if !(1..INDEX_LIMIT).contains(&entry.e_name_index) || name.contains(&0) {
                self.report
                    .add(place.clone(), Ext4Flaw::Range { what: "the kind of an attribute's name", value: entry.e_name_index.into() });
            }
            if taken.claim(at as u64..next as u64).is_some() {
                self.report.add(place.clone(), Ext4Flaw::Form { what: "an attribute lies on another's value" });
            }
            self.check_value(place, bytes, entry, name, needs_hash, &mut taken, &mut sum);
            at = next;
        }
        sum
    }

    #[expect(clippy::too_many_arguments, reason = "an entry, and what it adds to")]
    fn check_value(
        &mut self,
        place: &Ext4Place,
        bytes: &[u8],
        entry: &XattrEntry,
        name: &[u8],
        needs_hash: bool,
        taken: &mut Claims,
        sum: &mut Sum,
    ) {
        let (size, said) = (entry.e_value_size.get(), entry.e_hash.get());
        sum.hash = sum.hash.rotate_left(16) ^ said;
        sum.is_hashed &= said != 0;
        let inode = entry.e_value_inum.get();
        if inode != 0 {
            sum.value_blocks += u64::from(size).div_ceil(self.volume.block_size.into());
            self.values.push(ValueUse { place: place.clone(), inode, size, name: name.into(), hash: said });
            return;
        }
        let offset = u64::from(entry.e_value_offs.get());
        let end = offset + u64::from(size).next_multiple_of(4);
        let value = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..offset + usize::try_from(size).ok()?));
        let Some(value) = value.filter(|_| size == 0 || end <= bytes.len() as u64) else {
            self.report.add(place.clone(), Ext4Flaw::Range { what: "the place of an attribute's value", value: offset });
            return;
        };
        if taken.claim(if size == 0 { 0..0 } else { offset..end }).is_some() {
            self.report.add(place.clone(), Ext4Flaw::Form { what: "an attribute lies on another's value" });
        }
        let is_right = said == attribute_hash(name, value) || said == signed_attribute_hash(name, value);
        if !is_right && (needs_hash || said != 0) {
            self.report.add(place.clone(), Ext4Flaw::Checksum { what: "an attribute" });
        }
    }

    /// How many inodes have each block of attributes.
    pub(super) fn check_attribute_blocks(&mut self) {
        for (block, known) in &self.attribute_blocks {
            if known.said != known.found {
                let (said, found) = (known.said.into(), known.found.into());
                self.report.add(
                    Ext4Place::Attributes { block: *block },
                    Ext4Flaw::Count { what: "the number of inodes that have it", said, found },
                );
            }
        }
    }

    /// Whether values elsewhere are there.
    pub(super) fn check_values(&mut self) {
        let mut found: std::collections::BTreeMap<u32, u64> = std::collections::BTreeMap::new();
        for used in std::mem::take(&mut self.values) {
            let Some(value) = self.inodes.get(&used.inode).and_then(|known| known.value) else {
                self.report.add(used.place, Ext4Flaw::Range { what: "the inode of an attribute's value", value: used.inode.into() });
                continue;
            };
            *found.entry(used.inode).or_default() += 1;
            if value.size != u64::from(used.size) {
                let (said, found) = (used.size.into(), value.size);
                self.report.add(used.place.clone(), Ext4Flaw::Count { what: "the size of an attribute's value", said, found });
            }
            let of_value = value.hash.to_le_bytes();
            if used.hash != attribute_hash(&used.name, &of_value) && used.hash != signed_attribute_hash(&used.name, &of_value) {
                self.report.add(used.place, Ext4Flaw::Checksum { what: "an attribute" });
            }
        }
        let values: Vec<(u32, u64)> = self.inodes.iter().filter_map(|(inode, known)| Some((*inode, known.value?.references))).collect();
        for (inode, said) in values {
            let found = found.get(&inode).copied().unwrap_or(0);
            if said != found {
                self.blame(inode, Ext4Flaw::Count { what: "the number of attributes with this value", said, found });
            }
        }
    }
}
