use std::collections::BTreeMap;

use rayon::prelude::*;

use super::decompress::Buffers;
use super::extents::{Packed, Place};
use super::{ErofsInode, ErofsKind, ErofsReadError, ErofsReader};

/// What an erofs that can be read has in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ErofsVerified {
    /// Regular files, each once.
    pub files: u64,
    /// Directories.
    pub directories: u64,
    /// Links, devices, pipes and sockets, each once.
    pub others: u64,
    /// Bytes of all files, as stat(2) tells them.
    pub bytes: u64,
    /// Compressed clusters, each once.
    pub clusters: u64,
}

/// An inode that was read.
#[derive(Debug, Clone, Copy)]
struct Seen {
    kind: ErofsKind,
    links: u32,
    /// Entries that name it.
    names: u32,
}

/// All there is, as it is walked through.
struct Walk<'a> {
    reader: &'a ErofsReader<'a>,
    seen: BTreeMap<u64, Seen>,
    /// Directories that are still to be read, with what they are in.
    pending: Vec<(ErofsInode, u64)>,
    clusters: Vec<Packed>,
    /// Bytes of directories, attributes and places that may still be read: none of them is in two inodes.
    left: u64,
    found: ErofsVerified,
}

impl ErofsReader<'_> {
    /// Reads all directories, inodes and attributes, and unpacks every compressed cluster, by all of rayon's threads. What is not compressed has nothing
    /// that could be wrong, and is not read.
    ///
    /// # Errors
    /// What is found first of what can't be true.
    pub fn verify(&self) -> Result<ErofsVerified, ErofsReadError> {
        let root = self.root();
        let mut walk = Walk {
            reader: self,
            seen: BTreeMap::new(),
            pending: Vec::new(),
            clusters: Vec::new(),
            left: self.geometry.end,
            found: ErofsVerified::default(),
        };
        walk.visit(root, root)?;
        if walk.pending.is_empty() {
            return Err(ErofsReadError::Superblock { field: "root", value: root });
        }
        while let Some((directory, parent)) = walk.pending.pop() {
            walk.read(&directory, parent)?;
        }
        walk.check()?;
        let Walk { mut clusters, mut found, .. } = walk;
        clusters.par_sort_unstable();
        clusters.dedup();
        found.clusters = clusters.len() as u64;
        clusters.par_iter().try_for_each_init(Buffers::default, |buffers, cluster| self.unpack(cluster, buffers))?;
        Ok(found)
    }
}

impl Walk<'_> {
    /// Takes note of an entry that leads to an inode, in a directory.
    fn visit(&mut self, nid: u64, parent: u64) -> Result<ErofsKind, ErofsReadError> {
        if let Some(seen) = self.seen.get_mut(&nid) {
            seen.names = seen.names.saturating_add(1);
            return Ok(seen.kind);
        }
        let inode = self.reader.inode(nid)?;
        self.seen.insert(nid, Seen { kind: inode.kind, links: inode.links, names: 1 });
        if self.seen.len() as u64 > self.reader.info.inodes {
            return Err(ErofsReadError::Superblock { field: "number of inodes", value: self.reader.info.inodes });
        }
        self.spend(&inode, inode.xattrs.1)?;
        self.reader.xattrs(&inode)?;
        self.places(&inode)?;
        match inode.kind {
            ErofsKind::File => self.found.files += 1,
            ErofsKind::Directory => self.found.directories += 1,
            _ => self.found.others += 1,
        }
        match inode.kind {
            ErofsKind::File => self.found.bytes = self.found.bytes.saturating_add(inode.size),
            ErofsKind::Symlink => drop(self.reader.target(&inode)?),
            ErofsKind::Directory => self.pending.push((inode.clone(), parent)),
            _ => {}
        }
        Ok(inode.kind)
    }

    fn spend(&mut self, inode: &ErofsInode, bytes: u64) -> Result<(), ErofsReadError> {
        let shared = ErofsReadError::Content { nid: inode.nid, reason: "what belongs to it belongs to others too" };
        self.left = self.left.checked_sub(bytes).ok_or(shared)?;
        Ok(())
    }

    /// Where the content is.
    fn places(&mut self, inode: &ErofsInode) -> Result<(), ErofsReadError> {
        if inode.kind != ErofsKind::File {
            return self.spend(inode, inode.size);
        }
        let content = self.reader.content(inode)?;
        // Each has two bytes in the image at least.
        self.spend(inode, content.extents().len() as u64 * 2)?;
        for extent in content.extents() {
            if let Place::Packed(cluster) = extent.place {
                self.clusters.push(cluster);
            }
        }
        Ok(())
    }

    /// Reads a directory.
    fn read(&mut self, directory: &ErofsInode, parent: u64) -> Result<(), ErofsReadError> {
        let wrong = |reason| ErofsReadError::Directory { nid: directory.nid, reason };
        let reader = self.reader;
        let (mut own, mut above, mut inner) = (0, 0, 0_u32);
        reader.read_directory(directory, |entry| {
            match &*entry.name {
                b"." => own += u32::from(entry.nid == directory.nid && entry.is_of(ErofsKind::Directory)),
                b".." => above += u32::from(entry.nid == parent && entry.is_of(ErofsKind::Directory)),
                _ => {
                    let kind = self.visit(entry.nid, directory.nid)?;
                    if !entry.is_of(kind) {
                        return Err(wrong("a name is that of something else"));
                    }
                    inner = inner.saturating_add(u32::from(kind == ErofsKind::Directory));
                }
            }
            Ok(())
        })?;
        if (own, above) != (1, 1) {
            return Err(wrong("`.` or `..` leads elsewhere"));
        }
        // Some writers count none.
        if directory.links != inner.saturating_add(2) && directory.links != 1 {
            return Err(ErofsReadError::Inode { nid: directory.nid, field: "number of names", value: directory.links.into() });
        }
        Ok(())
    }

    /// Whether everything has as many names as it says.
    fn check(&self) -> Result<(), ErofsReadError> {
        for (nid, seen) in &self.seen {
            let expected = if seen.kind == ErofsKind::Directory { 1 } else { seen.links };
            if seen.names != expected {
                return Err(ErofsReadError::Inode { nid: *nid, field: "number of names", value: seen.names.into() });
            }
        }
        // The inode that has the ends of files is in no directory.
        let expected = self.seen.len() as u64 + u64::from(self.reader.geometry.packed.is_some());
        if self.reader.info.inodes != expected {
            return Err(ErofsReadError::Superblock { field: "number of inodes", value: self.reader.info.inodes });
        }
        Ok(())
    }
}
