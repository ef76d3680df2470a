use super::options::{BlockSize, Ext4Options, Journal, Profile};

/// What a filesystem is like, whatever size it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    profile: Profile,
    pub(crate) block_size: u32,
}

impl Form {
    pub(crate) fn new(options: &Ext4Options) -> Self {
        Self::of(options.profile, options.block_size)
    }

    pub(crate) const fn of(profile: Profile, block_size: BlockSize) -> Self {
        Self { profile, block_size: block_size.bytes() }
    }

    /// `64bit`
    pub(crate) fn is_64bit(self) -> bool {
        !matches!(self.profile, Profile::Compat)
    }

    /// `metadata_csum`
    pub(crate) fn has_checksums(self) -> bool {
        !matches!(self.profile, Profile::Compat)
    }

    /// `resize_inode`
    pub(crate) fn has_resize_inode(self) -> bool {
        !matches!(self.profile, Profile::ReadOnly)
    }

    /// `ea_inode`, where an attribute needs it: whoever doesn't know it must not mount.
    pub(crate) fn may_have_value_inodes(self) -> bool {
        !matches!(self.profile, Profile::Compat)
    }

    /// Whether somebody may want to add names and files.
    pub(crate) fn is_written_to(self) -> bool {
        !matches!(self.profile, Profile::ReadOnly)
    }

    /// What [`Journal::Auto`] means.
    pub(crate) fn journal(self, wish: Journal) -> Journal {
        if wish == Journal::Auto && !self.is_written_to() { Journal::None } else { wish }
    }

    /// Bytes of a group's descriptor.
    pub(crate) fn descriptor_size(self) -> u32 {
        if self.is_64bit() { 64 } else { 32 }
    }

    /// As many as one block of bitmap has bits.
    pub(crate) fn blocks_per_group(self) -> u32 {
        8 * self.block_size
    }

    /// `s_first_data_block`: the one with the superblock. Smaller ones belong to no group.
    pub(crate) fn first_block(self) -> u64 {
        u64::from(self.block_size == 1024)
    }

    /// Block numbers that one block holds, where files are mapped without extents.
    pub(crate) fn addresses(self) -> u32 {
        self.block_size / 4
    }
}
