use super::pax::{decimal, parse, parse_time, xattr_name};
use super::sparse;
use crate::node::{Time, Xattrs};
use crate::xattrs::belongs;

/// What extended headers say about the entry after them.
#[derive(Debug, Clone, Default)]
pub(super) struct Extension {
    pub(super) name: Option<Vec<u8>>,
    pub(super) target: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) mtime: Option<Time>,
    pub(super) xattrs: Xattrs,
    /// Of a sparse file, whose other name tells where it was packed.
    pub(super) sparse_name: Option<Vec<u8>>,
    pub(super) sparse: sparse::Records,
}

impl Extension {
    /// Takes what a pax header says; an empty value takes back what was said. Keys that say nothing about a tree are passed over.
    pub(super) fn take(&mut self, header: &[u8]) -> Result<(), &'static str> {
        for (key, value) in parse(header)? {
            let bytes = || (!value.is_empty()).then(|| value.to_vec());
            match key {
                b"path" => self.name = bytes(),
                b"linkpath" => self.target = bytes(),
                b"size" => self.size = unless_empty(value, decimal).ok_or("its size is not a number")?,
                b"uid" => self.uid = unless_empty(value, id).ok_or("its owner is not one")?,
                b"gid" => self.gid = unless_empty(value, id).ok_or("its group is not one")?,
                b"mtime" => self.mtime = unless_empty(value, parse_time).ok_or("its time is not one")?,
                b"GNU.sparse.name" => self.sparse_name = bytes(),
                _ if key.starts_with(b"GNU.sparse.") => self.sparse.take(key, value)?,
                _ => self.take_xattr(key, value),
            }
        }
        Ok(())
    }

    /// Takes what a header says of all entries after it, which can only be what many have in common: a large value would be kept once for each.
    pub(super) fn take_global(&mut self, header: &[u8]) -> Result<(), &'static str> {
        self.take(header)?;
        let is_one = self.name.is_some() || self.target.is_some() || self.size.is_some() || self.sparse_name.is_some();
        if is_one || self.sparse.is_some() || !self.xattrs.is_empty() {
            return Err("its global header says of all entries what only one can have");
        }
        Ok(())
    }

    fn take_xattr(&mut self, key: &[u8], value: &[u8]) {
        if let Some(name) = xattr_name(key).filter(|name| belongs(name)) {
            self.xattrs.insert(name.into(), value.into());
        }
    }
}

fn id(text: &[u8]) -> Option<u32> {
    // The last one means none.
    decimal(text).and_then(|id| u32::try_from(id).ok()).filter(|id| *id != u32::MAX)
}

fn unless_empty<T>(text: &[u8], parse: impl FnOnce(&[u8]) -> Option<T>) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { parse(text).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_records_win_and_empty_ones_take_back() {
        let mut extension = Extension::default();
        extension.take(b"10 uid=12\n10 uid=13\n10 size=5\n8 size=\n").unwrap();
        assert_eq!((extension.uid, extension.size), (Some(13), None));
    }

    #[test]
    fn absurd_values_are_refused() {
        for bad in ["18 uid=4294967296\n", "18 uid=4294967295\n", "10 gid=-1\n", "11 size=-1\n", "11 mtime=x\n", "22 GNU.sparse.major=x\n"]
        {
            assert_eq!(bad.len().to_string(), bad.split(' ').next().unwrap(), "{bad:?}");
            Extension::default().take(bad.as_bytes()).unwrap_err();
        }
    }
}
