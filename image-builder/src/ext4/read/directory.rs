use std::collections::BTreeSet;

use zerocopy::FromBytes;

use super::Ext4ReadError;
use super::check::Check;
use super::extents::Piece;
use super::hash_tree::Role;
use super::problem::Ext4Flaw;
use crate::ext4::checksum::Checksum;
use crate::ext4::format::{DirEntryHead, DirTail, FILE_TYPE_TAIL, file_type, mode};
use crate::ext4::layout::ROOT_INODE;

/// A directory to be read.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) inode: u32,
    /// Of the inode's number and generation.
    pub(super) checksum: Checksum,
    pub(super) pieces: Vec<Piece>,
    pub(super) blocks: u64,
    pub(super) is_hashed: bool,
}

impl Listing {
    /// Where a block of it is.
    pub(super) fn physical(&self, logical: u64) -> Option<u64> {
        let at = self.pieces.partition_point(|piece| piece.logical + piece.length <= logical);
        let piece = self.pieces.get(at).filter(|piece| piece.logical <= logical)?;
        Some(piece.physical + (logical - piece.logical))
    }

    /// All blocks, each with its number in the directory.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.pieces.iter().flat_map(Piece::blocks)
    }
}

/// A name.
#[derive(Debug, Clone, Copy)]
pub(super) struct DirEntry<'a> {
    /// 0 where a name was.
    pub(super) inode: u32,
    pub(super) name: &'a [u8],
    file_type: u8,
}

/// The names in a block; the flag is whether all of the block could be read.
pub(super) fn entries(block: &[u8]) -> (Vec<DirEntry<'_>>, bool) {
    let mut entries = Vec::new();
    let mut at = 0;
    while at < block.len() {
        let Some((head, rest)) = block.get(at..).and_then(|rest| DirEntryHead::read_from_prefix(rest).ok()) else {
            return (entries, false);
        };
        let length = record_length(head.rec_len.get());
        let name = rest.get(..usize::from(head.name_len)).filter(|name| size_of::<DirEntryHead>() + name.len() <= length);
        let (Some(name), true) = (name, length >= 12 && length.is_multiple_of(4) && length <= block.len() - at) else {
            return (entries, false);
        };
        entries.push(DirEntry { inode: head.inode.get(), name, file_type: head.file_type });
        at += length;
    }
    (entries, true)
}

/// Blocks of 64 KiB have records that 16 bits can't tell.
fn record_length(raw: u16) -> usize {
    if raw == u16::MAX || raw == 0 { 1 << 16 } else { usize::from(raw) }
}

impl Check<'_> {
    /// All directories: their blocks and what is in them.
    pub(super) fn check_directories(&mut self) -> Result<(), Ext4ReadError> {
        let directories = std::mem::take(&mut self.directories);
        for listing in &directories {
            self.check_directory(listing)?;
        }
        self.directories = directories;
        Ok(())
    }

    fn check_directory(&mut self, listing: &Listing) -> Result<(), Ext4ReadError> {
        let roles = if listing.is_hashed { self.check_hash_tree(listing)? } else { None };
        let mut names = BTreeSet::new();
        for (index, physical) in listing.blocks() {
            let role = roles.as_ref().and_then(|roles| roles.get(usize::try_from(index).ok()?)).copied().unwrap_or(Role::Free);
            if matches!(role, Role::Index) && index > 0 {
                continue;
            }
            let block = self.volume.block(physical)?;
            // The index says that it is longer than the names in it.
            let is_root = matches!(role, Role::Index);
            let space = if is_root { block.len() } else { self.entry_space() };
            if !is_root {
                self.check_tail(listing, &block);
            }
            let (entries, is_whole) = entries(&block[..space]);
            if !is_whole {
                self.blame_form(listing.inode, "the directory has a block with records of impossible lengths");
            }
            if index == 0 {
                self.check_own(listing, &entries);
            }
            for entry in entries.iter().skip(if index == 0 { 2 } else { 0 }).filter(|entry| entry.inode != 0) {
                self.check_entry(listing.inode, entry);
                if !names.insert(Box::<[u8]>::from(entry.name)) {
                    self.blame_name(listing.inode, entry.name, "is there twice");
                }
                if let Role::Leaf { .. } = role
                    && !self.is_in_leaf(entry.name, role)
                {
                    self.blame_name(listing.inode, entry.name, "is in a block that the hash tree doesn't lead to");
                }
            }
        }
        Ok(())
    }

    /// Bytes of a block that are entries.
    pub(super) fn entry_space(&self) -> usize {
        let tail = if self.volume.features.checksums { size_of::<DirTail>() } else { 0 };
        self.volume.block_size as usize - tail
    }

    fn check_tail(&mut self, listing: &Listing, block: &[u8]) {
        if !self.volume.features.checksums {
            return;
        }
        let (entries, tail) = block.split_at(self.entry_space());
        let Ok(tail) = DirTail::read_from_bytes(tail) else { return };
        let is_tail = tail.det_reserved_zero1.get() == 0
            && tail.det_rec_len.get() == 12
            && tail.det_reserved_zero2 == 0
            && tail.det_reserved_ft == FILE_TYPE_TAIL;
        if !is_tail || tail.det_checksum.get() != listing.checksum.with(entries).value() {
            self.blame(listing.inode, Ext4Flaw::Checksum { what: "a block of the directory" });
        }
    }

    /// `.` and `..`
    fn check_own(&mut self, listing: &Listing, entries: &[DirEntry<'_>]) {
        let [dot, dot_dot, ..] = entries else {
            self.blame_form(listing.inode, "the directory doesn't begin with `.` and `..`");
            return;
        };
        if dot.name != b"." || dot.inode != listing.inode || dot_dot.name != b".." {
            self.blame_form(listing.inode, "the directory doesn't begin with `.` and `..`");
        }
        for entry in [dot, dot_dot] {
            if let Some(known) = self.inodes.get_mut(&entry.inode) {
                known.found += 1;
            }
            if self.volume.features.filetype && entry.file_type != file_type::DIRECTORY {
                self.blame_name(listing.inode, entry.name, "has the wrong type");
            }
        }
        if let Some(known) = self.inodes.get_mut(&listing.inode) {
            known.above = dot_dot.inode;
        }
    }

    fn check_entry(&mut self, directory: u32, entry: &DirEntry<'_>) {
        if entry.name.is_empty() || entry.name.iter().any(|byte| matches!(byte, 0 | b'/')) || matches!(entry.name, b"." | b"..") {
            self.blame_name(directory, entry.name, "can't be one");
        }
        let Some(known) = self.inodes.get_mut(&entry.inode) else {
            self.blame_name(directory, entry.name, "is of an inode that isn't in use");
            return;
        };
        known.found += 1;
        let is_directory = known.kind == mode::DIRECTORY;
        let has_other_name = is_directory && known.parent != 0;
        if known.parent == 0 {
            known.parent = directory;
        }
        let expected = if self.volume.features.filetype { file_type_of(known.kind) } else { 0 };
        if entry.file_type != expected {
            self.blame_name(directory, entry.name, "has the wrong type");
        }
        if has_other_name {
            self.blame_name(directory, entry.name, "is of a directory that has another name too");
        }
        if directory == ROOT_INODE && entry.name == b"lost+found" && is_directory {
            self.has_lost_and_found = true;
        }
    }

    pub(super) fn blame_name(&mut self, directory: u32, name: &[u8], what: &'static str) {
        self.blame(directory, Ext4Flaw::Name { name: name.escape_ascii().to_string(), what });
    }
}

fn file_type_of(kind: u16) -> u8 {
    match kind {
        mode::REGULAR => file_type::REGULAR,
        mode::DIRECTORY => file_type::DIRECTORY,
        mode::CHAR_DEVICE => file_type::CHAR_DEVICE,
        mode::BLOCK_DEVICE => file_type::BLOCK_DEVICE,
        mode::FIFO => file_type::FIFO,
        mode::SOCKET => file_type::SOCKET,
        mode::SYMLINK => file_type::SYMLINK,
        _ => 0,
    }
}
