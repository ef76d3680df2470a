use rootfs_tree::Time;

/// What an ext4 filesystem should be like. The default is the smallest one that holds the tree, with a journal.
#[derive(Debug, Clone, Default)]
pub struct Ext4Options {
    /// What it is for, which decides its features.
    pub profile: Profile,
    /// Bytes of a block.
    pub block_size: BlockSize,
    /// How large.
    pub size: Size,
    /// The volume's name, at most 16 bytes and none of them NUL.
    pub label: Vec<u8>,
    /// When the filesystem was made; without it, the newest time in the tree. Should not be in the future of whoever runs e2fsck, which
    /// complains about that.
    pub time: Option<Time>,
    /// The filesystem's identity; without it, one derived from the tree's metadata and these options.
    pub uuid: Option<[u8; 16]>,
    /// What names in large directories are hashed with; without it, one derived as the identity is.
    pub hash_seed: Option<[u8; 16]>,
    /// How changes survive a crash.
    pub journal: Journal,
    /// Which stretches of zeros take no space.
    pub holes: Holes,
}

/// What a filesystem is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// Any use: the features that distributions give a new ext4, `has_journal`, `ext_attr`, `resize_inode`, `dir_index`, `filetype`, `extent`,
    /// `64bit`, `flex_bg`, `sparse_super`, `large_file`, `huge_file`, `dir_nlink`, `extra_isize` and `metadata_csum`.
    #[default]
    Default,
    /// To be mounted and never changed: no journal, no `resize_inode`, directories without room for more names.
    ReadOnly,
    /// For boot loaders that don't know `64bit` and `metadata_csum`; nor has it values of attributes in inodes of their own.
    Compat,
}

/// Bytes of a block. Small ones waste less behind small files; a group of them is smaller too, so that there are more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BlockSize {
    /// 1 KiB.
    K1,
    /// 2 KiB.
    K2,
    /// 4 KiB.
    #[default]
    K4,
}

impl BlockSize {
    /// All there are, smallest first.
    pub const ALL: [Self; 3] = [Self::K1, Self::K2, Self::K4];

    /// So many bytes.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::K1 => 1024,
            Self::K2 => 2048,
            Self::K4 => 4096,
        }
    }
}

/// How large a filesystem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Size {
    /// As small as the tree allows: not one block is free, but for what inode tables round up.
    #[default]
    Minimal,
    /// With at least so many bytes free, and one free inode for each 16 KiB of them.
    Free(u64),
    /// So many bytes; what is no whole block at the end stays unused.
    Fixed(u64),
}

/// The journal of a filesystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Journal {
    /// As large as the filesystem's size suggests, by the table of mke2fs; none under [`Profile::ReadOnly`] only.
    #[default]
    Auto,
    /// None: a filesystem that is never written to, or thrown away after a crash.
    None,
    /// So many blocks, at least 1024.
    Blocks(u32),
}

/// Which whole blocks of zeros in a file become holes. Contents are the same either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Holes {
    /// Those that the filesystem of a scanned file of 64 KiB or more reports; so they depend on where the file was before.
    #[default]
    Reported,
    /// Every one, wherever the content lies: each is read once more to find out.
    Zeros,
    /// None.
    Never,
}
