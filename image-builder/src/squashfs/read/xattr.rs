use zerocopy::{FromZeros, IntoBytes};

use super::metadata::Cursor;
use super::{SquashfsReadError, SquashfsReader};
use crate::squashfs::format::{
    PREFIXES, VALUE_OUT_OF_LINE, XATTR_NAME_MAX, XATTR_VALUE_MAX, XattrEntry, XattrId, XattrIdTable, XattrValue,
};

impl SquashfsReader<'_> {
    /// Reads all extended attributes; gives how many sets there are.
    pub(super) fn verify_xattrs(&self) -> Result<u32, SquashfsReadError> {
        let Some(place) = self.layout.xattrs else { return Ok(0) };
        let damaged = || SquashfsReadError::Table { table: "table of extended attributes", offset: place };
        let mut head = XattrIdTable::new_zeroed();
        self.read(place, head.as_mut_bytes())?;
        let (start, count) = (head.xattr_table_start.get(), head.xattr_ids.get());
        let size = size_of::<XattrIdTable>() as u64;
        let mut ids = self.indexed("table of sets of extended attributes", place, size, u64::from(count) * size_of::<XattrId>() as u64)?;
        let end = ids.start();
        if start < self.layout.inodes.end || start >= end {
            return Err(damaged());
        }
        let table = || Cursor::new(self, "table of extended attributes", start..end);
        // Sets have nothing in common: what is read is bounded by the table.
        let mut left = table().drain()?;
        let (mut cursor, mut values) = (table(), table());
        for set in 0..count {
            let id: XattrId = ids.get()?;
            cursor.seek(id.xattr.get())?;
            for _ in 0..id.count.get() {
                let read = verify_attribute(&mut cursor, &mut values, set)?;
                left = left.checked_sub(read).ok_or(SquashfsReadError::Xattrs { set, reason: "it overlaps others" })?;
            }
        }
        Ok(count)
    }
}

/// Reads an attribute; gives its length in the table.
fn verify_attribute(cursor: &mut Cursor<'_>, values: &mut Cursor<'_>, set: u32) -> Result<u64, SquashfsReadError> {
    let wrong = |reason| Err(SquashfsReadError::Xattrs { set, reason });
    let entry: XattrEntry = cursor.get()?;
    let (kind, length) = (entry.entry_type.get(), usize::from(entry.size.get()));
    if usize::from(kind & !VALUE_OUT_OF_LINE) >= PREFIXES.len() || length == 0 || length > XATTR_NAME_MAX {
        return wrong("a name can't be one");
    }
    let mut name = vec![0; length];
    cursor.read(&mut name)?;
    if name.contains(&0) {
        return wrong("a name can't be one");
    }
    let size = cursor.get::<XattrValue>()?.vsize.get() as usize;
    if size > XATTR_VALUE_MAX {
        return wrong("a value is too long");
    }
    let mut value = vec![0; size];
    cursor.read(&mut value)?;
    if kind & VALUE_OUT_OF_LINE != 0 {
        let Ok(reference) = <[u8; 8]>::try_from(&*value) else { return wrong("a reference is none") };
        values.seek(u64::from_le_bytes(reference))?;
        // All of the table has been read before: that its length is possible is enough.
        if values.get::<XattrValue>()?.vsize.get() as usize > XATTR_VALUE_MAX {
            return wrong("a value is too long");
        }
    }
    Ok((size_of::<XattrEntry>() + length + size_of::<XattrValue>() + size) as u64)
}
