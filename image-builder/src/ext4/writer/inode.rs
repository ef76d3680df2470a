use rootfs_tree::{Kind, Metadata, Time};
use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromZeros, IntoBytes};

use super::Writer;
use super::format::{
    EA_INODE_FL, EXTENTS_FL, EXTRA_ISIZE, INDEX_FL, INODE_SIZE, Inode, LINK_MAX, high_half, high_word, low_half, low_word, mode,
};
use crate::ext4::Ext4Error;
use crate::ext4::layout::{FAST_SYMLINK, FIRST_INODE, JOURNAL_INODE, LargeValue, PlacedXattrs, RESIZE_INODE};

/// `i_blocks` counts sectors of 512 bytes.
const SECTOR: u32 = 512;

impl Writer<'_> {
    /// Writes all inode tables as far as they are in use.
    pub(super) fn write_inodes(&self) -> Result<(), Ext4Error> {
        let geometry = &self.layout.fit.geometry;
        let places = &self.layout.fit.allocation.ground.places;
        self.for_inodes(|batch, inode| {
            let group = (inode - 1) / geometry.inodes_per_group;
            let index = (inode - 1) % geometry.inodes_per_group;
            let table = self.offset(places[group as usize].inode_table);
            let bytes = batch.zeros(table + u64::from(index) * INODE_SIZE as u64, INODE_SIZE)?;
            if let Some(content) = self.inode(inode)? {
                bytes.copy_from_slice(content.as_bytes());
            }
            Ok(())
        })
    }

    /// Nothing for those that the filesystem reserves and doesn't use.
    fn inode(&self, inode: u32) -> Result<Option<Inode>, Ext4Error> {
        let counted = self.layout.census.inode(inode);
        let mut raw = Inode::new_zeroed();
        raw.i_extra_isize = U16::new(EXTRA_ISIZE);
        raw.i_links_count = U16::new(if counted.links > LINK_MAX { 1 } else { low_half(counted.links) });
        let mut blocks = self.layout.fit.allocation.blocks(inode);
        match counted.node {
            Some(id) => {
                let node = self.tree.node(id);
                let kind = self.set_kind(&mut raw, inode, &node.kind);
                set_metadata(&mut raw, kind, &node.metadata);
                blocks += self.set_xattrs(&mut raw, inode, &node.metadata)?;
            }
            None if inode == FIRST_INODE => {
                self.set_directory(&mut raw, inode);
                set_metadata(&mut raw, mode::DIRECTORY, &Metadata::root(0o700, self.layout.time));
            }
            None if inode == JOURNAL_INODE && self.layout.fit.journal > 0 => {
                set_size(&mut raw, self.layout.journal_size());
                self.set_extents(&mut raw, inode);
                set_metadata(&mut raw, mode::REGULAR, &Metadata::root(0o600, self.layout.time));
                raw.i_links_count = U16::new(1);
            }
            None if inode == RESIZE_INODE && self.form().has_resize_inode() => {
                blocks += self.set_resize(&mut raw);
                set_metadata(&mut raw, mode::REGULAR, &Metadata::root(0o600, self.layout.time));
            }
            None => match self.layout.census.sharing().value(inode) {
                Some(value) => self.set_value(&mut raw, inode, value),
                None => return Ok(None),
            },
        }
        self.set_blocks(&mut raw, blocks);
        let checksum = self.checksum.of_inode(inode).with(raw.as_bytes());
        raw.i_checksum_lo = U16::new(checksum.low());
        raw.i_checksum_hi = U16::new(checksum.high());
        Ok(Some(raw))
    }

    /// Sets what only its type has; gives the type's bits of the mode.
    fn set_kind(&self, raw: &mut Inode, inode: u32, kind: &Kind) -> u16 {
        match kind {
            Kind::Directory(_) => {
                self.set_directory(raw, inode);
                mode::DIRECTORY
            }
            Kind::File(file) => {
                set_size(raw, file.length);
                self.set_extents(raw, inode);
                mode::REGULAR
            }
            Kind::Symlink(target) => {
                set_size(raw, target.len() as u64);
                if target.len() > FAST_SYMLINK {
                    self.set_extents(raw, inode);
                } else {
                    raw.i_block[..target.len()].copy_from_slice(target);
                }
                mode::SYMLINK
            }
            Kind::CharDevice { major, minor } => set_device(raw, *major, *minor, mode::CHAR_DEVICE),
            Kind::BlockDevice { major, minor } => set_device(raw, *major, *minor, mode::BLOCK_DEVICE),
            Kind::Fifo => mode::FIFO,
            Kind::Socket => mode::SOCKET,
        }
    }

    fn set_directory(&self, raw: &mut Inode, inode: u32) {
        let directory = self.layout.census.directory(inode);
        let blocks = directory.map_or(0, |directory| directory.blocks);
        set_size(raw, u64::from(blocks) * u64::from(self.block_size()));
        self.set_extents(raw, inode);
        // What has no node is a `lost+found` of ours: several blocks, but empty ones.
        if blocks > 1 && self.layout.census.inode(inode).node.is_some() {
            raw.i_flags = U32::new(raw.i_flags.get() | INDEX_FL);
        }
    }

    fn set_extents(&self, raw: &mut Inode, inode: u32) {
        raw.i_flags = U32::new(raw.i_flags.get() | EXTENTS_FL);
        raw.i_block = self.extent_root(inode);
    }

    /// Gives the blocks that count as the inode's: what it shares counts for each that shares it.
    fn set_xattrs(&self, raw: &mut Inode, inode: u32, metadata: &Metadata) -> Result<u64, Ext4Error> {
        let Some(xattrs) = &metadata.xattrs else { return Ok(0) };
        let placed = PlacedXattrs::new(xattrs, self.form()).map_err(|_planned| Ext4Error::TreeChanged)?;
        let in_inode = self.attributes_in_inode(&placed)?;
        raw.xattrs[..in_inode.len()].copy_from_slice(&in_inode);
        let Some(index) = self.layout.census.sharing().block(inode) else { return Ok(0) };
        let values: u64 = placed.large().map(|attribute| attribute.value.len().div_ceil(self.block_size() as usize) as u64).sum();
        let block = self.layout.fit.allocation.xattr_block(index);
        raw.i_file_acl_lo = U32::new(low_word(block));
        raw.i_file_acl_high = U16::new(low_half(high_word(block)));
        Ok(values + 1)
    }

    /// The value of an attribute: its hash is where others have a time, and how often it is referred to in two more fields, as `fs/ext4/xattr.c` has
    /// them.
    fn set_value(&self, raw: &mut Inode, inode: u32, value: LargeValue) {
        set_size(raw, value.length.into());
        self.set_extents(raw, inode);
        raw.i_flags = U32::new(raw.i_flags.get() | EA_INODE_FL);
        set_metadata(raw, mode::REGULAR, &Metadata::root(0o600, self.layout.time));
        let (hash, extra) = timestamp(Time::from_seconds(self.value_hash(inode).into()));
        (raw.i_atime, raw.i_atime_extra) = (U32::new(hash), U32::new(extra));
        (raw.i_ctime, raw.i_ctime_extra) = (U32::ZERO, U32::ZERO);
        raw.i_version = U32::new(value.references);
    }

    fn set_blocks(&self, raw: &mut Inode, blocks: u64) {
        let sectors = blocks * u64::from(self.block_size() / SECTOR);
        raw.i_blocks_lo = U32::new(low_word(sectors));
        raw.i_blocks_high = U16::new(low_half(high_word(sectors)));
    }
}

fn set_metadata(raw: &mut Inode, kind: u16, metadata: &Metadata) {
    raw.i_mode = U16::new(kind | metadata.mode & 0o7777);
    raw.i_uid = U16::new(low_half(metadata.uid));
    raw.i_uid_high = U16::new(high_half(metadata.uid));
    raw.i_gid = U16::new(low_half(metadata.gid));
    raw.i_gid_high = U16::new(high_half(metadata.gid));
    let (seconds, extra) = timestamp(metadata.mtime);
    for field in [&mut raw.i_atime, &mut raw.i_ctime, &mut raw.i_mtime, &mut raw.i_crtime] {
        *field = U32::new(seconds);
    }
    for field in [&mut raw.i_atime_extra, &mut raw.i_ctime_extra, &mut raw.i_mtime_extra, &mut raw.i_crtime_extra] {
        *field = U32::new(extra);
    }
}

/// 32 signed bits of seconds; then two bits that carry on where those end, under 30 of nanoseconds.
fn timestamp(time: Time) -> (u32, u32) {
    let seconds = low_word(time.seconds.cast_unsigned());
    let epoch = (time.seconds - i64::from(seconds.cast_signed())) >> 32;
    (seconds, low_word(epoch.cast_unsigned()) & 3 | time.nanoseconds << 2)
}

fn set_size(raw: &mut Inode, size: u64) {
    raw.i_size_lo = U32::new(low_word(size));
    raw.i_size_high = U32::new(high_word(size));
}

/// Numbers of 8 bits in the old form, others in the new one, as `ext4_iget` reads them.
fn set_device(raw: &mut Inode, major: u32, minor: u32, kind: u16) -> u16 {
    let is_old = major < 256 && minor < 256;
    let number = if is_old { major << 8 | minor } else { minor & 0xFF | major << 8 | (minor & !0xFF) << 12 };
    let start = if is_old { 0 } else { 4 };
    raw.i_block[start..start + 4].copy_from_slice(&number.to_le_bytes());
    kind
}

#[cfg(test)]
mod tests {
    use super::*;

    // The table of `Documentation/filesystems/ext4/inodes.rst`, "Inode Timestamps".
    #[test]
    fn times_reach_from_1901_to_2446() {
        for (seconds, low, epoch) in [
            (-0x8000_0000, 0x8000_0000, 0),
            (-1, 0xFFFF_FFFF, 0),
            (0, 0, 0),
            (0x7FFF_FFFF, 0x7FFF_FFFF, 0),
            (0x8000_0000, 0x8000_0000, 1),
            (0xFFFF_FFFF, 0xFFFF_FFFF, 1),
            (0x1_0000_0000, 0, 1),
            (0x1_8000_0000, 0x8000_0000, 2),
            (0x3_7FFF_FFFF, 0x7FFF_FFFF, 3),
        ] {
            assert_eq!(timestamp(Time { seconds, nanoseconds: 999_999_999 }), (low, epoch | 999_999_999 << 2), "{seconds}");
        }
    }

    #[test]
    fn devices_have_two_forms() {
        for (major, minor, expected) in
            [(1, 3, [0x103, 0]), (255, 255, [0xFFFF, 0]), (256, 0, [0, 0x1_0000]), (4095, 1_048_575, [0, 0xFFFF_FFFF])]
        {
            let mut raw = Inode::new_zeroed();
            set_device(&mut raw, major, minor, 0);
            let words =
                [0, 4].map(|at| u32::from_le_bytes([raw.i_block[at], raw.i_block[at + 1], raw.i_block[at + 2], raw.i_block[at + 3]]));
            assert_eq!(words, expected, "{major}:{minor}");
        }
    }
}
