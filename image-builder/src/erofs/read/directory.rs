use zerocopy::FromBytes;

use super::{ErofsInode, ErofsKind, ErofsReadError, ErofsReader};
use crate::erofs::format::{Dirent, NAME_MAX, file_type};

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErofsName {
    /// Without slash and NUL; `.` and `..` among them.
    pub name: Vec<u8>,
    /// The inode's number.
    pub nid: u64,
    /// As [`file_type`] has it.
    pub(super) file_type: u8,
}

impl ErofsName {
    /// Whether it stands for what an inode is.
    pub(super) fn is_of(&self, kind: ErofsKind) -> bool {
        let expected = match kind {
            ErofsKind::File => file_type::REGULAR,
            ErofsKind::Directory => file_type::DIRECTORY,
            ErofsKind::CharDevice { .. } => file_type::CHAR_DEVICE,
            ErofsKind::BlockDevice { .. } => file_type::BLOCK_DEVICE,
            ErofsKind::Fifo => file_type::FIFO,
            ErofsKind::Socket => file_type::SOCKET,
            ErofsKind::Symlink => file_type::SYMLINK,
        };
        self.file_type == expected
    }
}

impl ErofsReader<'_> {
    /// Gives all entries of a directory, in their order, `.` and `..` among them. One block is in memory at a time.
    ///
    /// # Errors
    /// When it is none, can't be read or can't be true; and what `found` fails with.
    pub fn read_directory(
        &self,
        inode: &ErofsInode,
        mut found: impl FnMut(ErofsName) -> Result<(), ErofsReadError>,
    ) -> Result<(), ErofsReadError> {
        let wrong = |reason| ErofsReadError::Directory { nid: inode.nid, reason };
        if inode.kind != ErofsKind::Directory {
            return Err(wrong("it is none"));
        }
        let mut content = self.content(inode)?;
        let mut last: Vec<u8> = Vec::new();
        let mut block = Vec::new();
        let mut at = 0;
        while at < inode.size {
            let length = (inode.size - at).min(self.geometry.block_size());
            block.resize(usize::try_from(length).unwrap_or(0), 0);
            content.read_at(at, &mut block)?;
            at += length;
            for entry in entries(&block) {
                let entry = entry.map_err(wrong)?;
                if entry.name <= last {
                    return Err(wrong("its names are not sorted"));
                }
                last.clone_from(&entry.name);
                found(entry)?;
            }
        }
        Ok(())
    }
}

/// The entries of a block.
fn entries(block: &[u8]) -> impl Iterator<Item = Result<ErofsName, &'static str>> + '_ {
    const SIZE: usize = size_of::<Dirent>();
    let first = Dirent::read_from_prefix(block).map_or(0, |(dirent, _)| usize::from(dirent.nameoff.get()));
    let is_good = first >= SIZE && first.is_multiple_of(SIZE) && first < block.len();
    let count = if is_good { first / SIZE } else { 1 };
    (0..count).map(move |index| {
        if !is_good {
            return Err("a block of it has no number of entries");
        }
        let dirent = |index: usize| Dirent::read_from_prefix(block.get(index * SIZE..).unwrap_or_default()).map(|(dirent, _)| dirent);
        let Ok(own) = dirent(index) else { return Err("an entry is cut off") };
        let start = usize::from(own.nameoff.get());
        let end = match dirent(index + 1) {
            Ok(next) if index + 1 < count => usize::from(next.nameoff.get()),
            _ => block.len(),
        };
        let name = block.get(start..end).filter(|_| start >= first).ok_or("a name is not in its block")?;
        // Behind the last name there may be zeros.
        let name = if index + 1 == count { name.split(|byte| *byte == 0).next().unwrap_or_default() } else { name };
        if name.is_empty() || name.len() > NAME_MAX || name.iter().any(|byte| matches!(byte, 0 | b'/')) {
            return Err("a name can't be one");
        }
        Ok(ErofsName { name: name.to_vec(), nid: own.nid.get(), file_type: own.file_type })
    })
}
