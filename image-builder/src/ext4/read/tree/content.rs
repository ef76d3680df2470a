use rootfs_tree::{FileContent, Kind, Metadata, Node, Time};

use super::attributes::Attributes;
use super::{Reader, damaged, damaged_form, inline};
use crate::ext4::format::{EXTENTS_FL, mode};
use crate::ext4::layout::FAST_SYMLINK;
use crate::ext4::read::extents;
use crate::ext4::read::inode::RawInode;
use crate::ext4::read::problem::Ext4Flaw;
use crate::read::{Piece, ReadError};

/// `EXT4_ENCRYPT_FL`
const ENCRYPT_FL: u32 = 0x800;
/// `EXT4_INLINE_DATA_FL`
pub(super) const INLINE_DATA_FL: u32 = 0x1000_0000;
/// Longest target of a link that Linux takes.
const LONGEST_TARGET: u64 = 4095;
/// Bytes of an inode without the fields of larger ones.
const OLD_SIZE: usize = 128;

impl Reader<'_, '_, '_> {
    /// An inode, a directory without its entries.
    pub(super) fn node(&mut self, raw: &RawInode<'_>) -> Result<Node, ReadError> {
        let fields = &raw.fields;
        if fields.i_links_count.get() == 0 {
            return Err(damaged_form(raw.number, "it has a name and is free"));
        }
        if self.volume.features.checksums && !raw.is_checksum_right(self.volume.checksum) {
            return Err(damaged(raw.number, Ext4Flaw::Checksum { what: "the inode" }));
        }
        if raw.has(ENCRYPT_FL) {
            return Err(damaged_form(raw.number, "it is encrypted, which can't be read"));
        }
        let Attributes { all, inline_data } = self.attributes(raw)?;
        let kind = match raw.kind() {
            mode::DIRECTORY => Kind::directory(),
            mode::REGULAR => Kind::File(self.file(raw, inline_data.as_deref())?),
            mode::SYMLINK => Kind::Symlink(self.target(raw, inline_data.as_deref())?.into()),
            mode::CHAR_DEVICE => {
                let (major, minor) = device(raw);
                Kind::CharDevice { major, minor }
            }
            mode::BLOCK_DEVICE => {
                let (major, minor) = device(raw);
                Kind::BlockDevice { major, minor }
            }
            mode::FIFO => Kind::Fifo,
            mode::SOCKET => Kind::Socket,
            kind => return Err(damaged(raw.number, Ext4Flaw::Range { what: "the type", value: kind.into() })),
        };
        let wide = |low: u16, high: u16| u32::from(high) << 16 | u32::from(low);
        let metadata = Metadata {
            mode: fields.i_mode.get() & 0o7777,
            uid: wide(fields.i_uid.get(), fields.i_uid_high.get()),
            gid: wide(fields.i_gid.get(), fields.i_gid_high.get()),
            mtime: mtime(raw),
            xattrs: (!all.is_empty()).then(|| Box::new(all)),
        };
        Ok(Node { metadata, kind, package: None })
    }

    /// The blocks of an inode, in the order of the file.
    pub(super) fn pieces(&mut self, raw: &RawInode<'_>) -> Result<Vec<extents::Piece>, ReadError> {
        let mapping = self.check.map(raw, true)?;
        self.sound()?;
        Ok(mapping.pieces)
    }

    fn file(&mut self, raw: &RawInode<'_>, inline_data: Option<&[u8]>) -> Result<FileContent, ReadError> {
        let length = raw.size();
        if length > i64::MAX.unsigned_abs() {
            return Err(damaged(raw.number, Ext4Flaw::Range { what: "its size", value: length }));
        }
        if raw.has(INLINE_DATA_FL) {
            let Kind::File(file) = Kind::inline(inline::bytes(raw, inline_data)?) else {
                return Err(damaged_form(raw.number, "it is no file"));
            };
            return Ok(file);
        }
        if length == 0 {
            return Ok(FileContent { length, content: rootfs_tree::Content::Inline([].into()), sha256: None, dense: false });
        }
        let block_size = u64::from(self.volume.block_size);
        let pieces: Vec<Piece> = self
            .pieces(raw)?
            .iter()
            .map(|piece| Piece { at: piece.logical * block_size, from: piece.physical * block_size, length: piece.length * block_size })
            .collect();
        self.contents.pieces(length, &pieces)
    }

    fn target(&mut self, raw: &RawInode<'_>, inline_data: Option<&[u8]>) -> Result<Vec<u8>, ReadError> {
        let size = raw.size();
        let wrong = || damaged(raw.number, Ext4Flaw::Range { what: "the length of the link's target", value: size });
        let length = usize::try_from(size).ok().filter(|_| (1..=LONGEST_TARGET).contains(&size)).ok_or_else(wrong)?;
        let target = if raw.has(INLINE_DATA_FL) {
            inline::bytes(raw, inline_data)?
        } else if size <= FAST_SYMLINK as u64 && !raw.has(EXTENTS_FL) {
            raw.fields.i_block.to_vec()
        } else {
            let pieces = self.pieces(raw)?;
            let first = pieces.first().filter(|piece| piece.logical == 0).ok_or_else(wrong)?;
            self.volume.block(first.physical)?
        };
        let target = target.get(..length).filter(|target| !target.contains(&0)).ok_or_else(wrong)?;
        Ok(target.to_vec())
    }
}

/// Of larger inodes to the nanosecond, and beyond 2038.
fn mtime(raw: &RawInode<'_>) -> Time {
    let seconds = i64::from(raw.fields.i_mtime.get().cast_signed());
    let end = std::mem::offset_of!(crate::ext4::format::Inode, i_mtime_extra) + 4;
    if raw.bytes.len() <= OLD_SIZE || raw.fields_end() < end {
        return Time::from_seconds(seconds);
    }
    let extra = raw.fields.i_mtime_extra.get();
    // The kernel takes what is too much as it is; no tree does.
    Time { seconds: seconds + (i64::from(extra & 3) << 32), nanoseconds: (extra >> 2).min(999_999_999) }
}

/// Numbers in the form of old, 8 bits each, or as `new_encode_dev` of `include/linux/kdev_t.h` puts them.
fn device(raw: &RawInode<'_>) -> (u32, u32) {
    let word = |at: usize| raw.fields.i_block.as_chunks::<4>().0.get(at).map_or(0, |word| u32::from_le_bytes(*word));
    match word(0) {
        0 => (word(1) >> 8 & 0xFFF, word(1) & 0xFF | word(1) >> 12 & 0xF_FF00),
        old => (old >> 8 & 0xFF, old & 0xFF),
    }
}
