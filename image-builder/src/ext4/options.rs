use rootfs_tree::Time;

/// What an ext4 filesystem should be like. The default is the smallest one that holds the tree, with a journal.
#[derive(Debug, Clone, Default)]
pub struct Ext4Options {
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
    /// As large as the filesystem's size suggests, by the table of mke2fs; never none.
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
