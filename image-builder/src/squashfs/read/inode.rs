use super::metadata::Cursor;
use super::{SquashfsReadError, SquashfsReader, blocks::Block};
use crate::squashfs::format::{
    BaseInode, DevInode, DirIndex, DirInode, IpcInode, LISTING_EXTRA, LongDirInode, LongRegInode, NO_FRAGMENT, NO_XATTR, RegInode,
    SYMLINK_MAX, SymlinkInode, XattrIndex, kind,
};

/// Longest name.
const NAME_MAX: usize = 255;

/// What every inode says.
#[derive(Debug, Clone)]
pub(super) struct Inode {
    pub(super) number: u32,
    /// `inode_type` of the short form.
    pub(super) kind: u16,
    pub(super) links: u32,
    pub(super) directory: Option<Listing>,
    pub(super) length: u64,
    /// Permission bits.
    pub(super) mode: u16,
    /// User and group by their places in the table of ids.
    pub(super) owner: (u16, u16),
    pub(super) mtime: u32,
    /// [`NO_XATTR`] for none.
    pub(super) xattr: u32,
    /// Of a link.
    pub(super) target: Vec<u8>,
    /// Of a device, as `new_encode_dev` puts it.
    pub(super) device: u32,
    /// Where a file begins, and where its end is in a fragment.
    pub(super) place: (u64, Option<(u32, u32)>),
}

/// Where a directory's entries are.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    pub(super) number: u32,
    pub(super) parent: u32,
    /// As a cursor takes it.
    pub(super) reference: u64,
    pub(super) length: u32,
    /// Where in the listing, in which block, and the name.
    pub(super) index: Vec<(u32, u32, Vec<u8>)>,
}

/// What inodes may refer to.
#[derive(Debug)]
pub(super) struct Limits<'a> {
    /// Lengths of fragments.
    pub(super) fragments: &'a [u32],
    pub(super) xattr_sets: u32,
}

/// Reads one inode after another.
#[derive(Debug)]
pub(super) struct Inodes<'a> {
    pub(super) reader: &'a SquashfsReader<'a>,
    pub(super) cursor: Cursor<'a>,
    pub(super) limits: Limits<'a>,
    /// Of all files so far, but for zeros; each with its offset in its file.
    pub(super) blocks: Vec<(Block, u64)>,
}

impl Inodes<'_> {
    /// The inode at the cursor.
    pub(super) fn next(&mut self) -> Result<Inode, SquashfsReadError> {
        let base: BaseInode = self.cursor.get()?;
        let (number, inode_type) = (base.inode_number.get(), base.inode_type.get());
        let wrong = |field, value: u64| SquashfsReadError::Inode { number, field, value };
        if inode_type == 0 || inode_type > 2 * kind::LONG {
            return Err(wrong("type", inode_type.into()));
        }
        if number == 0 || number > self.reader.info.inodes {
            return Err(wrong("number", number.into()));
        }
        for id in [base.uid.get(), base.guid.get()] {
            if id >= self.reader.info.ids {
                return Err(wrong("owner", id.into()));
            }
        }
        if base.mode.get() > 0o7777 {
            return Err(wrong("mode", base.mode.get().into()));
        }
        let is_long = inode_type > kind::LONG;
        let mut inode = Inode {
            number,
            kind: (inode_type - 1) % kind::LONG + 1,
            links: 1,
            directory: None,
            length: 0,
            mode: base.mode.get(),
            owner: (base.uid.get(), base.guid.get()),
            mtime: base.mtime.get(),
            xattr: NO_XATTR,
            target: Vec::new(),
            device: 0,
            place: (0, None),
        };
        match inode.kind {
            kind::DIRECTORY => self.directory(&mut inode, is_long)?,
            kind::REGULAR => self.file(&mut inode, is_long)?,
            kind::SYMLINK => {
                (inode.links, inode.target) = read_target(&mut self.cursor, number)?;
                inode.xattr = self.xattr(number, is_long)?;
            }
            kind::BLOCK_DEVICE | kind::CHAR_DEVICE => {
                let head: DevInode = self.cursor.get()?;
                (inode.links, inode.device) = (head.nlink.get(), head.rdev.get());
                inode.xattr = self.xattr(number, is_long)?;
            }
            _ => {
                inode.links = self.cursor.get::<IpcInode>()?.nlink.get();
                inode.xattr = self.xattr(number, is_long)?;
            }
        }
        Ok(inode)
    }

    fn xattr(&mut self, number: u32, is_there: bool) -> Result<u32, SquashfsReadError> {
        if is_there {
            let index = self.cursor.get::<XattrIndex>()?.xattr.get();
            return self.check_xattr(number, index);
        }
        Ok(NO_XATTR)
    }

    fn check_xattr(&self, number: u32, index: u32) -> Result<u32, SquashfsReadError> {
        let is_good = index == NO_XATTR || index < self.limits.xattr_sets;
        if is_good { Ok(index) } else { Err(SquashfsReadError::Inode { number, field: "set of attributes", value: index.into() }) }
    }

    fn directory(&mut self, inode: &mut Inode, is_long: bool) -> Result<(), SquashfsReadError> {
        let number = inode.number;
        let (head, xattr, count) = DirectoryHead::read(&mut self.cursor, number, is_long)?;
        inode.xattr = self.check_xattr(number, xattr)?;
        let mut index = Vec::new();
        for _ in 0..count {
            let head: DirIndex = self.cursor.get()?;
            let length = head.size.get() as usize + 1;
            if length > NAME_MAX {
                return Err(SquashfsReadError::Inode { number, field: "index", value: length as u64 });
            }
            let mut name = vec![0; length];
            self.cursor.read(&mut name)?;
            index.push((head.index.get(), head.start_block.get(), name));
        }
        inode.links = head.links;
        inode.directory = Some(Listing { index, ..head.listing });
        Ok(())
    }

    fn file(&mut self, inode: &mut Inode, is_long: bool) -> Result<(), SquashfsReadError> {
        let number = inode.number;
        let (start, length, fragment, offset) = if is_long {
            let head: LongRegInode = self.cursor.get()?;
            inode.xattr = self.check_xattr(number, head.xattr.get())?;
            inode.links = head.nlink.get();
            (head.start_block.get(), head.file_size.get(), head.fragment.get(), head.offset.get())
        } else {
            let head: RegInode = self.cursor.get()?;
            (head.start_block.get().into(), head.file_size.get().into(), head.fragment.get(), head.offset.get())
        };
        inode.length = length;
        let wrong = |field, value: u64| SquashfsReadError::Inode { number, field, value };
        let block_size = u64::from(self.reader.info.block_size);
        let mut left = length;
        if fragment != NO_FRAGMENT {
            let end = length % block_size;
            let held = self.limits.fragments.get(fragment as usize).ok_or_else(|| wrong("fragment", fragment.into()))?;
            if end == 0 || u64::from(offset) + end > u64::from(*held) {
                return Err(wrong("place in its fragment", offset.into()));
            }
            left -= end;
            inode.place.1 = Some((fragment, offset));
        }
        inode.place.0 = start;
        let (mut place, mut at) = (start, 0);
        while left > 0 {
            let mut size = [0; 4];
            self.cursor.read(&mut size)?;
            let here = left.min(block_size);
            left -= here;
            let block = Block { start: place, size: u32::from_le_bytes(size), length: u32::try_from(here).unwrap_or(u32::MAX) };
            let here_at = at;
            at += here;
            if block.size == 0 {
                continue;
            }
            place = block.place(&self.reader.layout.data).ok_or_else(|| wrong("block", place))?.end;
            self.blocks.push((block, here_at));
        }
        Ok(())
    }
}

/// What a directory's inode says, but for its index.
#[derive(Debug)]
pub(super) struct DirectoryHead {
    links: u32,
    /// Without its index.
    pub(super) listing: Listing,
}

impl DirectoryHead {
    /// Reads what comes after the base; gives the set of attributes and how many places of the index follow, too.
    pub(super) fn read(cursor: &mut Cursor<'_>, number: u32, is_long: bool) -> Result<(Self, u32, u16), SquashfsReadError> {
        let (links, size, block, offset, parent, xattr, count) = if is_long {
            let head: LongDirInode = cursor.get()?;
            (head.nlink, head.file_size.get(), head.start_block, head.offset, head.parent_inode, head.xattr.get(), head.i_count.get())
        } else {
            let head: DirInode = cursor.get()?;
            (head.nlink, head.file_size.get().into(), head.start_block, head.offset, head.parent_inode, NO_XATTR, 0)
        };
        let length = size.checked_sub(LISTING_EXTRA).filter(|_| size <= i32::MAX.unsigned_abs());
        let length = length.ok_or(SquashfsReadError::Inode { number, field: "size", value: size.into() })?;
        let reference = u64::from(block.get()) << 16 | u64::from(offset.get());
        let listing = Listing { number, parent: parent.get(), reference, length, index: Vec::new() };
        Ok((Self { links: links.get(), listing }, xattr, count))
    }
}

/// Reads what comes after the base of a link, but for its attributes: how many names it has, and its target.
pub(super) fn read_target(cursor: &mut Cursor<'_>, number: u32) -> Result<(u32, Vec<u8>), SquashfsReadError> {
    let head: SymlinkInode = cursor.get()?;
    let length = head.symlink_size.get() as usize;
    let wrong = SquashfsReadError::Inode { number, field: "target's length", value: length as u64 };
    if length == 0 || length > SYMLINK_MAX {
        return Err(wrong);
    }
    let mut target = vec![0; length];
    cursor.read(&mut target)?;
    if target.contains(&0) { Err(wrong) } else { Ok((head.nlink.get(), target)) }
}
