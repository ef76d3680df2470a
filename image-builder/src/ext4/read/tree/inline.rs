//! Contents in the inode itself (`fs/ext4/inline.c`): the first bytes where blocks would be named, the rest as the value of an attribute.

use super::damaged;
use crate::ext4::read::inode::RawInode;
use crate::ext4::read::problem::Ext4Flaw;
use crate::read::ReadError;

/// All bytes of a file or link.
pub(super) fn bytes(raw: &RawInode<'_>, rest: Option<&[u8]>) -> Result<Vec<u8>, ReadError> {
    let mut bytes = raw.fields.i_block.to_vec();
    bytes.extend_from_slice(rest.unwrap_or_default());
    let length = usize::try_from(raw.size()).ok().filter(|length| *length <= bytes.len());
    let length = length.ok_or_else(|| damaged(raw.number, Ext4Flaw::Range { what: "its size", value: raw.size() }))?;
    bytes.truncate(length);
    Ok(bytes)
}

/// The two stretches of records of a directory: after the number of its parent, and in the attribute.
pub(super) fn records<'a>(raw: &'a RawInode<'_>, rest: Option<&'a [u8]>) -> [&'a [u8]; 2] {
    [&raw.fields.i_block[4..], rest.unwrap_or_default()]
}
