use rootfs_tree::Time;
use zerocopy::{FromZeros, IntoBytes};

use super::{ErofsReadError, ErofsReader};
use crate::erofs::format::{
    CompactInode, EXTENDED, ExtendedInode, FORMAT_ALL, INODE_SLOT, LAYOUT_SHIFT, SYMLINK_MAX, XattrHeader, layout, mode,
};

/// What an inode is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErofsKind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Symlink,
    /// A character device.
    CharDevice {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A block device.
    BlockDevice {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
}

/// An inode.
#[derive(Debug, Clone)]
pub struct ErofsInode {
    /// The number by which directories name it.
    pub nid: u64,
    /// What it is.
    pub kind: ErofsKind,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u16,
    /// Names.
    pub links: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes of the content.
    pub size: u64,
    /// Last change of the content.
    pub mtime: Time,
    /// Where the content is: one of [`layout`].
    pub(super) layout: u16,
    /// `i_u`.
    pub(super) own: u32,
    /// Where its attributes begin, and how many bytes they have.
    pub(super) xattrs: (u64, u64),
    /// Where what is behind them begins.
    pub(super) body: u64,
}

impl ErofsReader<'_> {
    /// The root directory's number.
    #[must_use]
    pub fn root(&self) -> u64 {
        self.geometry.root
    }

    /// Reads an inode.
    ///
    /// # Errors
    /// When there is none, or one that can't be true.
    pub fn inode(&self, nid: u64) -> Result<ErofsInode, ErofsReadError> {
        let wrong = |field, value: u64| ErofsReadError::Inode { nid, field, value };
        let start = nid.checked_mul(INODE_SLOT).and_then(|offset| offset.checked_add(self.geometry.meta));
        let start = start.ok_or_else(|| wrong("number", nid))?;
        let mut compact = CompactInode::new_zeroed();
        self.read(start, compact.as_mut_bytes())?;
        let format = compact.i_format.get();
        let layout = format >> LAYOUT_SHIFT;
        if format & !FORMAT_ALL != 0 || layout > layout::CHUNK_BASED {
            return Err(wrong("format", format.into()));
        }
        let count = u64::from(compact.i_xattr_icount.get());
        let xattrs = if count == 0 { 0 } else { size_of::<XattrHeader>() as u64 + (count - 1) * 4 };
        let own_size = if format & EXTENDED != 0 { size_of::<ExtendedInode>() } else { size_of::<CompactInode>() } as u64;
        let mut inode = ErofsInode {
            nid,
            kind: ErofsKind::File,
            mode: compact.i_mode.get(),
            links: compact.i_nlink.get().into(),
            uid: compact.i_uid.get().into(),
            gid: compact.i_gid.get().into(),
            size: compact.i_size.get().into(),
            mtime: self.info.time,
            layout,
            own: compact.i_u.get(),
            xattrs: (start + own_size, xattrs),
            body: start + own_size + xattrs,
        };
        if format & EXTENDED != 0 {
            let mut extended = ExtendedInode::new_zeroed();
            self.read(start, extended.as_mut_bytes())?;
            inode.links = extended.i_nlink.get();
            inode.uid = extended.i_uid.get();
            inode.gid = extended.i_gid.get();
            inode.size = extended.i_size.get();
            inode.mtime = Time { seconds: extended.i_mtime.get().cast_signed(), nanoseconds: extended.i_mtime_nsec.get() };
        }
        if inode.body > self.geometry.end {
            return Err(wrong("number of extended attributes", count));
        }
        if inode.mtime.nanoseconds >= 1_000_000_000 {
            return Err(wrong("nanoseconds", inode.mtime.nanoseconds.into()));
        }
        inode.kind = kind_of(inode.mode, inode.own).ok_or_else(|| wrong("mode", inode.mode.into()))?;
        inode.mode &= 0o7777;
        let limit = match inode.kind {
            ErofsKind::File => i64::MAX.cast_unsigned(),
            // Neither is longer than the image; what a target is for has its own limit.
            ErofsKind::Directory => self.geometry.end,
            ErofsKind::Symlink => SYMLINK_MAX as u64,
            _ => 0,
        };
        let least = u64::from(matches!(inode.kind, ErofsKind::Symlink));
        if (least..=limit).contains(&inode.size) { Ok(inode) } else { Err(wrong("size", inode.size)) }
    }

    /// What a link says.
    ///
    /// # Errors
    /// When it is none, or can't be read.
    pub fn target(&self, inode: &ErofsInode) -> Result<Vec<u8>, ErofsReadError> {
        let damaged = |reason| ErofsReadError::Content { nid: inode.nid, reason };
        if inode.kind != ErofsKind::Symlink {
            return Err(damaged("it is no link"));
        }
        let mut target = vec![0; usize::try_from(inode.size).unwrap_or(0)];
        self.content(inode)?.read_at(0, &mut target)?;
        if target.contains(&0) { Err(damaged("a link leads to nowhere")) } else { Ok(target) }
    }
}

fn kind_of(bits: u16, own: u32) -> Option<ErofsKind> {
    // `new_decode_dev` of the kernel.
    let (major, minor) = (own >> 8 & 0xFFF, own & 0xFF | own >> 12 & 0xF_FF00);
    Some(match bits & mode::TYPE {
        mode::DIRECTORY => ErofsKind::Directory,
        mode::REGULAR => ErofsKind::File,
        mode::SYMLINK => ErofsKind::Symlink,
        mode::CHAR_DEVICE => ErofsKind::CharDevice { major, minor },
        mode::BLOCK_DEVICE => ErofsKind::BlockDevice { major, minor },
        mode::FIFO => ErofsKind::Fifo,
        mode::SOCKET => ErofsKind::Socket,
        _ => return None,
    })
}
