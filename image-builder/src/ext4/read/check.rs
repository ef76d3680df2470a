use std::collections::BTreeMap;

use super::Ext4ReadError;
use super::claims::Claims;
use super::directory::Listing;
use super::extents::Piece;
use super::problem::{Ext4Flaw, Ext4Place, Ext4Report};
use super::volume::{Volume, is_checksum_right};

/// `s_state`: the kernel has found errors.
const ERROR_FS: u16 = 2;

/// A verification under way.
#[derive(Debug)]
pub(super) struct Check<'a> {
    pub(super) volume: &'a Volume<'a>,
    pub(super) report: Ext4Report,
    /// All blocks in use.
    pub(super) claims: Claims,
    /// Those of superblocks, descriptors, bitmaps and tables.
    pub(super) ground: Claims,
    /// Inodes in use, with those reserved that have something.
    pub(super) inodes: BTreeMap<u32, Known>,
    pub(super) directories: Vec<Listing>,
    /// By their numbers.
    pub(super) attribute_blocks: BTreeMap<u64, AttributeBlock>,
    pub(super) values: Vec<ValueUse>,
    /// Where the journal is.
    pub(super) journal: Vec<Piece>,
    pub(super) has_lost_and_found: bool,
}

/// What an inode says of itself, and what others say of it.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The type in `i_mode`.
    pub(super) kind: u16,
    pub(super) links: u16,
    /// Entries that name it.
    pub(super) found: u64,
    /// The directory that names it; 0 if none does.
    pub(super) parent: u32,
    /// What a directory says is above it.
    pub(super) above: u32,
    /// Of an inode that holds the value of an attribute.
    pub(super) value: Option<Value>,
}

/// The value of an attribute in an inode of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value {
    pub(super) size: u64,
    pub(super) references: u64,
    pub(super) hash: u32,
}

/// An attribute whose value is elsewhere.
#[derive(Debug)]
pub(super) struct ValueUse {
    pub(super) place: Ext4Place,
    pub(super) inode: u32,
    pub(super) size: u32,
    pub(super) name: Box<[u8]>,
    pub(super) hash: u32,
}

/// A block of attributes.
#[derive(Debug)]
pub(super) struct AttributeBlock {
    /// Inodes that it says have it.
    pub(super) said: u32,
    pub(super) found: u32,
    /// Blocks of the values elsewhere.
    pub(super) value_blocks: u64,
}

impl<'a> Check<'a> {
    pub(super) fn new(volume: &'a Volume<'a>) -> Self {
        Self {
            volume,
            report: Ext4Report::default(),
            claims: Claims::default(),
            ground: Claims::default(),
            inodes: BTreeMap::new(),
            directories: Vec::new(),
            attribute_blocks: BTreeMap::new(),
            values: Vec::new(),
            journal: Vec::new(),
            has_lost_and_found: false,
        }
    }

    pub(super) fn run(mut self) -> Result<Ext4Report, Ext4ReadError> {
        self.check_superblock();
        self.check_groups()?;
        self.ground = self.claims.clone();
        self.check_inodes()?;
        self.check_attribute_blocks();
        self.check_values();
        self.check_directories()?;
        self.check_links();
        self.check_usage()?;
        self.check_journal()?;
        self.name_paths()?;
        Ok(self.report)
    }

    fn check_superblock(&mut self) {
        let superblock = self.volume.superblock();
        let place = || Ext4Place::Superblock { group: 0 };
        let form = |what| Ext4Flaw::Form { what };
        if self.volume.features.checksums {
            if superblock.s_checksum_type != 1 {
                let value = superblock.s_checksum_type.into();
                self.report.add(place(), Ext4Flaw::Range { what: "the kind of checksums", value });
            }
            if !is_checksum_right(superblock) {
                self.report.add(place(), Ext4Flaw::Checksum { what: "the superblock" });
            }
        }
        if superblock.s_log_cluster_size.get() != superblock.s_log_block_size.get() {
            let value = superblock.s_log_cluster_size.get().into();
            self.report.add(place(), Ext4Flaw::Range { what: "the size of clusters", value });
        }
        if superblock.s_block_group_nr.get() != 0 {
            self.report.add(place(), Ext4Flaw::Range { what: "the group", value: superblock.s_block_group_nr.get().into() });
        }
        if superblock.s_state.get() & ERROR_FS != 0 {
            self.report.add(place(), form("the kernel has found errors"));
        }
        if superblock.s_last_orphan.get() != 0 {
            self.report.add(place(), form("there are files that were deleted while they were open"));
        }
        if self.volume.features.needs_recovery {
            self.report.add(place(), form("the journal has changes that are not yet where they belong"));
        }
        if self.volume.features.quota {
            self.report.leave_out("quotas");
        }
        if self.volume.features.orphan_file {
            self.report.leave_out("what is in the file of orphans");
        }
        if self.volume.features.group_checksums && self.volume.features.checksums {
            self.report.add(place(), form("descriptors can't have both kinds of checksums"));
        }
    }

    /// Adds a problem with an inode.
    pub(super) fn blame(&mut self, inode: u32, flaw: Ext4Flaw) {
        self.report.add(Ext4Place::Inode { inode, path: None }, flaw);
    }

    pub(super) fn blame_form(&mut self, inode: u32, what: &'static str) {
        self.blame(inode, Ext4Flaw::Form { what });
    }
}
