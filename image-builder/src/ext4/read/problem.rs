use std::fmt;

/// Problems that are told one by one; more are counted.
const LIMIT: usize = 100;

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ext4Report {
    /// What is wrong, in the order it was found; at most 100.
    pub problems: Vec<Ext4Problem>,
    /// How many more there are.
    pub more_problems: u64,
    /// What could not be verified, since this reader doesn't know it.
    pub unchecked: Vec<&'static str>,
    /// Inodes in use, without those that the filesystem reserves.
    pub inodes: u32,
    /// Of these, directories.
    pub directories: u32,
    /// Blocks in use.
    pub blocks: u64,
}

impl Ext4Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn add(&mut self, place: Ext4Place, flaw: Ext4Flaw) {
        if self.problems.len() < LIMIT {
            self.problems.push(Ext4Problem { place, flaw });
        } else {
            self.more_problems += 1;
        }
    }

    pub(super) fn leave_out(&mut self, what: &'static str) {
        if !self.unchecked.contains(&what) {
            self.unchecked.push(what);
        }
    }
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ext4Problem {
    /// With what.
    pub place: Ext4Place,
    /// What it is.
    pub flaw: Ext4Flaw,
}

impl fmt::Display for Ext4Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.flaw)
    }
}

/// Where a problem is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are what the names say")]
pub enum Ext4Place {
    /// The superblock that a group keeps; 0 is the one in use.
    Superblock { group: u32 },
    /// The descriptor of a group, in the table that the group `copy` keeps.
    Descriptor { group: u32, copy: u32 },
    /// The bitmap of a group's blocks.
    BlockBitmap { group: u32 },
    /// The bitmap of a group's inodes.
    InodeBitmap { group: u32 },
    /// A file of any type. The path has unprintable bytes escaped, and is absent where none leads there.
    Inode { inode: u32, path: Option<String> },
    /// A block of extended attributes.
    Attributes { block: u64 },
    /// The journal's own superblock.
    Journal,
}

impl fmt::Display for Ext4Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Superblock { group: 0 } => write!(f, "superblock"),
            Self::Superblock { group } => write!(f, "superblock of group {group}"),
            Self::Descriptor { group, copy: 0 } => write!(f, "descriptor of group {group}"),
            Self::Descriptor { group, copy } => write!(f, "descriptor of group {group} in group {copy}"),
            Self::BlockBitmap { group } => write!(f, "block bitmap of group {group}"),
            Self::InodeBitmap { group } => write!(f, "inode bitmap of group {group}"),
            Self::Inode { inode, path: Some(path) } => write!(f, "`{path}` (inode {inode})"),
            Self::Inode { inode, path: None } => write!(f, "inode {inode}"),
            Self::Attributes { block } => write!(f, "block of attributes {block}"),
            Self::Journal => write!(f, "journal"),
        }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum Ext4Flaw {
    /// Bytes are not those that were written.
    #[error("the checksum of {what} is wrong")]
    Checksum { what: &'static str },
    /// A number that can be counted.
    #[error("{what} should be {found} and is said to be {said}")]
    Count { what: &'static str, said: u64, found: u64 },
    /// A number that stands for nothing.
    #[error("{what} can't be {value}")]
    Range { what: &'static str, value: u64 },
    /// Something has it already.
    #[error("block {block} belongs to something else too")]
    Shared { block: u64 },
    /// Marked as free.
    #[error("{count} {what} in use are marked as free, the first is {first}")]
    MarkedFree { what: &'static str, first: u64, count: u64 },
    /// Marked as in use.
    #[error("{count} free {what} are marked as in use, the first is {first}")]
    MarkedUsed { what: &'static str, first: u64, count: u64 },
    /// A name in a directory, with unprintable bytes escaped.
    #[error("the name `{name}` {what}")]
    Name { name: String, what: &'static str },
    /// Anything else.
    #[error("{what}")]
    Form { what: &'static str },
}
