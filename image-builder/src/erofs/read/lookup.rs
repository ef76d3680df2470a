use super::{ErofsKind, ErofsReadError, ErofsReader};

/// Bytes of directories that one look reads at most.
const LOOK_MAX: u64 = 16 << 20;

/// What stands under a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErofsEntry {
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

impl ErofsReader<'_> {
    /// What stands under a path from the root, with `/` between names; none when nothing does. No link is followed: nothing stands below one. `.` and `..`
    /// are no names here.
    ///
    /// # Errors
    /// When what lies on the way can't be true, or a directory there is larger than any that is looked through here.
    pub fn lookup(&self, path: &[u8]) -> Result<Option<ErofsEntry>, ErofsReadError> {
        let mut left = LOOK_MAX;
        let mut inode = self.inode(self.root())?;
        for name in path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            if inode.kind != ErofsKind::Directory || matches!(name, b"." | b"..") {
                return Ok(None);
            }
            let too_long = ErofsReadError::Directory { nid: inode.nid, reason: "it is too large to look through" };
            left = left.checked_sub(inode.size).ok_or(too_long)?;
            let mut found = None;
            self.read_directory(&inode, |entry| {
                found = found.or((entry.name == name).then_some(entry.nid));
                Ok(())
            })?;
            let Some(nid) = found else { return Ok(None) };
            inode = self.inode(nid)?;
        }
        Ok(Some(match inode.kind {
            ErofsKind::Directory => ErofsEntry::Directory,
            ErofsKind::File => ErofsEntry::File,
            ErofsKind::Symlink => ErofsEntry::Symlink { target: self.target(&inode)? },
            _ => ErofsEntry::Other,
        }))
    }
}
