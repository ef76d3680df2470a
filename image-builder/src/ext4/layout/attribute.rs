use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::acl;
use super::check::Defect;
use crate::ext4::format::XattrEntry;

/// What may begin a name, and the number it is kept as (`EXT4_XATTR_INDEX_*`). Longer ones first.
const PREFIXES: [(&[u8], u8); 4] = [(b"user.", 1), (b"trusted.", 4), (b"security.", 6), (b"system.", 7)];
/// Names that are a number alone.
const ACCESS_CONTROL_LISTS: [(&[u8], u8); 2] = [(b"system.posix_acl_access", 2), (b"system.posix_acl_default", 3)];

/// An extended attribute as the disk has it.
#[derive(Debug, Clone)]
pub(crate) struct Attribute<'a> {
    pub(crate) index: u8,
    /// What follows the prefix that the index stands for.
    pub(crate) name: &'a [u8],
    pub(crate) value: Cow<'a, [u8]>,
    /// Whether the value has an inode of its own.
    pub(crate) is_large: bool,
}

impl<'a> Attribute<'a> {
    pub(crate) fn new(full_name: &'a [u8], value: &'a [u8]) -> Result<Self, Defect> {
        let shown = || full_name.escape_ascii().to_string();
        if let Some((_, index)) = ACCESS_CONTROL_LISTS.into_iter().find(|(name, _)| *name == full_name) {
            let value = acl::to_disk(value).ok_or_else(|| Defect::AccessControlList { name: shown() })?;
            return Ok(Self { index, name: b"", value: Cow::Owned(value), is_large: false });
        }
        let found = PREFIXES.into_iter().find_map(|(prefix, index)| full_name.strip_prefix(prefix).map(|name| (index, name)));
        let (index, name) = found
            .filter(|(_, name)| (1..=255).contains(&name.len()) && !name.contains(&0))
            .ok_or_else(|| Defect::AttributeName { name: shown() })?;
        Ok(Self { index, name, value: Cow::Borrowed(value), is_large: false })
    }

    /// The order that a block needs, since the kernel searches it.
    pub(crate) fn key(&self) -> (u8, usize, &[u8]) {
        (self.index, self.name.len(), self.name)
    }

    /// Bytes of the entry and the name.
    pub(crate) fn entry_size(&self) -> usize {
        (size_of::<XattrEntry>() + self.name.len()).next_multiple_of(4)
    }

    /// Bytes of the value where the entry is.
    pub(crate) fn value_size(&self) -> usize {
        if self.is_large { 0 } else { self.value.len().next_multiple_of(4) }
    }

    pub(crate) fn size(&self) -> usize {
        self.entry_size() + self.value_size()
    }

    /// What tells the value from others.
    pub(crate) fn value_digest(&self) -> [u8; 32] {
        Sha256::digest(&self.value).into()
    }

    /// Puts into a hash what tells the attribute from others.
    pub(crate) fn feed(&self, hasher: &mut Sha256) {
        hasher.update([self.index, u8::from(self.is_large)]);
        for bytes in [self.name, &self.value] {
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        }
    }
}
