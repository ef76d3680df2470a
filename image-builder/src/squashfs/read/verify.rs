use std::collections::BTreeMap;

use super::directory::Named;
use super::inode::{Inodes, Limits, Listing};
use super::metadata::Cursor;
use super::{SquashfsReadError, SquashfsReader};
use crate::squashfs::format::kind;

/// What a squashfs that can be read has in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SquashfsVerified {
    /// Regular files, each once.
    pub files: u64,
    /// Directories.
    pub directories: u64,
    /// Links, devices, pipes and sockets, each once.
    pub others: u64,
    /// Bytes of all files, as stat(2) tells them.
    pub bytes: u64,
}

/// An inode that was read.
#[derive(Debug, Clone, Copy)]
struct Seen {
    reference: u64,
    kind: u16,
    links: u32,
    /// Entries that name it.
    names: u32,
}

/// Inodes by number.
type AllSeen = BTreeMap<u32, Seen>;

impl SquashfsReader<'_> {
    /// Reads everything: all tables, inodes and directories, and every block, by all of rayon's threads.
    ///
    /// # Errors
    /// What is found first of what can't be true.
    pub fn verify(&self) -> Result<SquashfsVerified, SquashfsReadError> {
        let xattr_sets = self.verify_xattrs()?;
        self.indexed("table of users and groups", self.layout.ids, 0, u64::from(self.info.ids) * 4)?;
        let fragments = self.verify_fragments()?;
        let cursor = Cursor::new(self, "table of inodes", self.layout.inodes.clone());
        let limits = Limits { fragments: &fragments, xattr_sets };
        let mut inodes = Inodes { reader: self, cursor, limits, blocks: Vec::new() };
        let mut found = SquashfsVerified { files: 0, directories: 0, others: 0, bytes: 0 };
        let (mut seen, mut listings) = (AllSeen::new(), Vec::new());
        while let Some(reference) = inodes.cursor.reference()? {
            let inode = inodes.next()?;
            let entry = Seen { reference, kind: inode.kind, links: inode.links, names: 0 };
            if seen.insert(inode.number, entry).is_some() {
                return Err(SquashfsReadError::Inode { number: inode.number, field: "number", value: inode.number.into() });
            }
            match inode.kind {
                kind::REGULAR => found.files += 1,
                kind::DIRECTORY => found.directories += 1,
                _ => found.others += 1,
            }
            found.bytes = found.bytes.saturating_add(inode.length);
            listings.extend(inode.directory);
        }
        if seen.len() as u64 != u64::from(self.info.inodes) {
            return Err(SquashfsReadError::Superblock { field: "number of inodes", value: self.info.inodes.into() });
        }
        self.verify_directories(&mut seen, &listings)?;
        self.verify_export(&seen)?;
        self.verify_blocks(inodes.blocks.into_iter().map(|(block, _)| block).collect())?;
        Ok(found)
    }

    fn verify_directories(&self, seen: &mut AllSeen, listings: &[Listing]) -> Result<(), SquashfsReadError> {
        let (mut cursor, mut left) = self.directories()?;
        let mut children = Vec::new();
        for listing in listings {
            let wrong = |reason| SquashfsReadError::Directory { number: listing.number, reason };
            // No two share one: what is read is bounded by the table.
            left = left.checked_sub(listing.length.into()).ok_or_else(|| wrong("its listing overlaps others"))?;
            listing.verify(&mut cursor, |_name, Named { number, reference, kind }| {
                let inode = seen.get_mut(&number).filter(|inode| inode.reference == reference && inode.kind == kind);
                inode.ok_or_else(|| wrong("an entry leads to no inode"))?.names += 1;
                if kind == kind::DIRECTORY {
                    children.push((listing.number, number));
                }
                Ok(())
            })?;
        }
        children.sort_unstable();
        self.verify_tree(seen, listings, &children)
    }

    /// Whether directories are a tree, and everything has the names that it says.
    fn verify_tree(&self, seen: &AllSeen, listings: &[Listing], children: &[(u32, u32)]) -> Result<(), SquashfsReadError> {
        let reference = self.layout.root_inode;
        let root = seen.iter().find(|(_, inode)| inode.reference == reference && inode.kind == kind::DIRECTORY);
        let Some((&root, _)) = root else { return Err(SquashfsReadError::Superblock { field: "root", value: reference }) };
        for (number, inode) in seen {
            let expected = if *number == root { 0 } else { 1 };
            let is_good =
                if inode.kind == kind::DIRECTORY { inode.names == expected } else { inode.names > 0 && inode.names == inode.links };
            if !is_good {
                return Err(SquashfsReadError::Inode { number: *number, field: "number of names", value: inode.names.into() });
            }
        }
        for listing in listings.iter().filter(|listing| listing.number != root) {
            if children.binary_search(&(listing.parent, listing.number)).is_err() {
                return Err(SquashfsReadError::Directory { number: listing.number, reason: "it is not in its parent" });
            }
        }
        let mut pending = vec![root];
        let mut reached = 0;
        while let Some(directory) = pending.pop() {
            reached += 1;
            let first = children.partition_point(|(parent, _)| *parent < directory);
            pending.extend(children[first..].iter().take_while(|(parent, _)| *parent == directory).map(|(_, child)| child));
        }
        if reached == listings.len() {
            Ok(())
        } else {
            Err(SquashfsReadError::Directory { number: root, reason: "not all can be reached" })
        }
    }

    fn verify_export(&self, seen: &AllSeen) -> Result<(), SquashfsReadError> {
        let Some(place) = self.layout.export else { return Ok(()) };
        let mut cursor = self.indexed("export table", place, 0, u64::from(self.info.inodes) * 8)?;
        for inode in seen.values() {
            let mut reference = [0; 8];
            cursor.read(&mut reference)?;
            if u64::from_le_bytes(reference) != inode.reference {
                return Err(cursor.damaged());
            }
        }
        Ok(())
    }
}
