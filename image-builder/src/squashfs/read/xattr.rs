use std::ops::Range;

use rootfs_tree::Xattrs;
use zerocopy::{FromZeros, IntoBytes};

use super::metadata::Cursor;
use super::{SquashfsReadError, SquashfsReader};
use crate::squashfs::format::{
    PREFIXES, VALUE_OUT_OF_LINE, XATTR_NAME_MAX, XATTR_VALUE_MAX, XattrEntry, XattrId, XattrIdTable, XattrValue,
};

const TABLE: &str = "table of extended attributes";

/// Where attributes are.
struct Tables<'a> {
    /// Of [`XattrId`].
    ids: Cursor<'a>,
    count: u32,
    attributes: Range<u64>,
}

impl SquashfsReader<'_> {
    fn xattr_tables(&self) -> Result<Option<Tables<'_>>, SquashfsReadError> {
        let Some(place) = self.layout.xattrs else { return Ok(None) };
        let mut head = XattrIdTable::new_zeroed();
        self.read(place, head.as_mut_bytes())?;
        let (start, count) = (head.xattr_table_start.get(), head.xattr_ids.get());
        let size = size_of::<XattrIdTable>() as u64;
        let ids = self.indexed("table of sets of extended attributes", place, size, u64::from(count) * size_of::<XattrId>() as u64)?;
        let end = ids.start();
        if start < self.layout.inodes.end || start >= end {
            return Err(SquashfsReadError::Table { table: TABLE, offset: place });
        }
        Ok(Some(Tables { ids, count, attributes: start..end }))
    }

    /// Reads all extended attributes; gives how many sets there are.
    pub(super) fn verify_xattrs(&self) -> Result<u32, SquashfsReadError> {
        let Some(Tables { mut ids, count, attributes }) = self.xattr_tables()? else { return Ok(0) };
        let table = || Cursor::new(self, TABLE, attributes.clone());
        // Sets have nothing in common: what is read is bounded by the table.
        let mut left = table().drain()?;
        let (mut cursor, mut values) = (table(), table());
        for set in 0..count {
            let id: XattrId = ids.get()?;
            cursor.seek(id.xattr.get())?;
            for _ in 0..id.count.get() {
                let attribute = Attribute::read(&mut cursor, set)?;
                attribute.follow(&mut values, set)?;
                left = left.checked_sub(attribute.length).ok_or(SquashfsReadError::Xattrs { set, reason: "it overlaps others" })?;
            }
        }
        Ok(count)
    }

    /// All sets, to be read one at a time.
    pub(super) fn xattr_sets(&self) -> Result<Option<XattrSets<'_>>, SquashfsReadError> {
        let Some(Tables { mut ids, count, attributes }) = self.xattr_tables()? else { return Ok(None) };
        let mut sets = Vec::new();
        for _ in 0..count {
            let id: XattrId = ids.get()?;
            sets.push((id.xattr.get(), id.count.get()));
        }
        let table = || Cursor::new(self, TABLE, attributes.clone());
        let left = table().drain()?;
        Ok(Some(XattrSets { sets, cursor: table(), values: table(), longest: left }))
    }
}

/// Extended attributes by the numbers of their sets.
#[derive(Debug)]
pub(super) struct XattrSets<'a> {
    /// Where each begins, and how many it has.
    sets: Vec<(u64, u32)>,
    cursor: Cursor<'a>,
    values: Cursor<'a>,
    /// Bytes of the table, unpacked.
    longest: u64,
}

impl XattrSets<'_> {
    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.sets.len()).unwrap_or(u32::MAX)
    }

    /// Reads a set, which must be there.
    pub(super) fn get(&mut self, set: u32) -> Result<Xattrs, SquashfsReadError> {
        let wrong = |reason| SquashfsReadError::Xattrs { set, reason };
        let (start, count) = *self.sets.get(set as usize).ok_or_else(|| wrong("there is none"))?;
        let mut xattrs = Xattrs::new();
        let mut left = self.longest;
        self.cursor.seek(start)?;
        for _ in 0..count {
            let attribute = Attribute::read(&mut self.cursor, set)?;
            left = left.checked_sub(attribute.length).ok_or_else(|| wrong("it overlaps others"))?;
            let value = attribute.follow(&mut self.values, set)?.unwrap_or(attribute.value);
            if xattrs.insert(attribute.name.into(), value.into()).is_some() {
                return Err(wrong("a name is there twice"));
            }
        }
        Ok(xattrs)
    }
}

struct Attribute {
    /// In full.
    name: Vec<u8>,
    /// Or the reference to it.
    value: Vec<u8>,
    is_elsewhere: bool,
    /// In the table.
    length: u64,
}

impl Attribute {
    fn read(cursor: &mut Cursor<'_>, set: u32) -> Result<Self, SquashfsReadError> {
        let wrong = |reason| SquashfsReadError::Xattrs { set, reason };
        let entry: XattrEntry = cursor.get()?;
        let (kind, length) = (entry.entry_type.get(), usize::from(entry.size.get()));
        let prefix = PREFIXES.get(usize::from(kind & !VALUE_OUT_OF_LINE)).filter(|_| (1..=XATTR_NAME_MAX).contains(&length));
        let prefix = prefix.ok_or_else(|| wrong("a name can't be one"))?;
        let mut name = vec![0; length];
        cursor.read(&mut name)?;
        if name.contains(&0) {
            return Err(wrong("a name can't be one"));
        }
        let value = read_value(cursor, set)?;
        let length = (size_of::<XattrEntry>() + length + size_of::<XattrValue>() + value.len()) as u64;
        Ok(Self { name: [prefix, &*name].concat(), value, is_elsewhere: kind & VALUE_OUT_OF_LINE != 0, length })
    }

    /// The value where it is elsewhere.
    fn follow(&self, values: &mut Cursor<'_>, set: u32) -> Result<Option<Vec<u8>>, SquashfsReadError> {
        if !self.is_elsewhere {
            return Ok(None);
        }
        let reference = <[u8; 8]>::try_from(&*self.value);
        let reference = reference.map_err(|_length| SquashfsReadError::Xattrs { set, reason: "a reference is none" })?;
        values.seek(u64::from_le_bytes(reference))?;
        read_value(values, set).map(Some)
    }
}

fn read_value(cursor: &mut Cursor<'_>, set: u32) -> Result<Vec<u8>, SquashfsReadError> {
    let size = cursor.get::<XattrValue>()?.vsize.get() as usize;
    if size > XATTR_VALUE_MAX {
        return Err(SquashfsReadError::Xattrs { set, reason: "a value is too long" });
    }
    let mut value = vec![0; size];
    cursor.read(&mut value)?;
    Ok(value)
}
