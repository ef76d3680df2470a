use super::inode::{DirectoryHead, Listing, read_target};
use super::metadata::Cursor;
use super::{SquashfsReadError, SquashfsReader};
use crate::squashfs::format::{BaseInode, kind};

/// Bytes of listings that one look reads at most: two directories with three hundred thousand entries.
const LOOK_MAX: u32 = 16 << 20;

/// What stands under a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SquashfsEntry {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Symlink {
        /// As it is written there.
        target: Vec<u8>,
    },
    /// A device, a pipe or a socket.
    Other,
}

/// An inode as far as a way through the tree needs it.
enum Node {
    Directory(Listing),
    Entry(SquashfsEntry),
}

impl SquashfsReader<'_> {
    /// What stands under a path from the root, with `/` between names; none when nothing does. No link is followed: nothing stands below one. `.` and `..`
    /// are names like others, which no directory has.
    ///
    /// # Errors
    /// When what lies on the way can't be true, or a directory there is larger than any that is looked through here.
    pub fn lookup(&self, path: &[u8]) -> Result<Option<SquashfsEntry>, SquashfsReadError> {
        let mut inodes = Cursor::new(self, "table of inodes", self.layout.inodes.clone());
        let mut listings = Cursor::new(self, "table of directories", self.layout.directories.clone());
        let mut left = LOOK_MAX;
        let mut node = self.node(&mut inodes, self.layout.root_inode)?;
        for name in path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            let Node::Directory(listing) = &node else { return Ok(None) };
            let too_long = SquashfsReadError::Directory { number: listing.number, reason: "it is too large to look through" };
            left = left.checked_sub(listing.length).ok_or(too_long)?;
            let mut found = None;
            listing.verify(&mut listings, |each, named| {
                found = found.or((each == name).then_some(named.reference));
                Ok(())
            })?;
            let Some(reference) = found else { return Ok(None) };
            node = self.node(&mut inodes, reference)?;
        }
        Ok(Some(match node {
            Node::Directory(_) => SquashfsEntry::Directory,
            Node::Entry(entry) => entry,
        }))
    }

    /// The inode at a place of the table.
    fn node(&self, cursor: &mut Cursor<'_>, reference: u64) -> Result<Node, SquashfsReadError> {
        cursor.seek(reference)?;
        let base: BaseInode = cursor.get()?;
        let (number, inode_type) = (base.inode_number.get(), base.inode_type.get());
        if inode_type == 0 || inode_type > 2 * kind::LONG {
            return Err(SquashfsReadError::Inode { number, field: "type", value: inode_type.into() });
        }
        Ok(match (inode_type - 1) % kind::LONG + 1 {
            kind::DIRECTORY => {
                let (head, _xattr, _count) = DirectoryHead::read(cursor, number, inode_type > kind::LONG)?;
                Node::Directory(head.listing)
            }
            kind::SYMLINK => Node::Entry(SquashfsEntry::Symlink { target: read_target(cursor, number)?.1 }),
            kind::REGULAR => Node::Entry(SquashfsEntry::File),
            _ => Node::Entry(SquashfsEntry::Other),
        })
    }
}
