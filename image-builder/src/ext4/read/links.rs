use std::collections::BTreeSet;

use super::check::Check;
use super::problem::{Ext4Flaw, Ext4Place};
use crate::ext4::format::{LINK_MAX, mode};
use crate::ext4::layout::ROOT_INODE;

impl Check<'_> {
    /// Whether each inode is named as often as it says, and every directory hangs below the root.
    pub(super) fn check_links(&mut self) {
        let volume = self.volume;
        if self.inodes.get(&ROOT_INODE).is_none_or(|root| root.kind != mode::DIRECTORY) {
            self.blame_form(ROOT_INODE, "there is no root directory");
        }
        if !self.has_lost_and_found {
            self.blame_form(ROOT_INODE, "there is no directory `lost+found`");
        }
        let own = [volume.superblock().s_orphan_file_inum.get()].map(|inode| if volume.features.orphan_file { inode } else { 0 });
        let connected = self.connected();
        let mut flaws = Vec::new();
        for (inode, known) in &self.inodes {
            let is_directory = known.kind == mode::DIRECTORY;
            if *inode != ROOT_INODE && (*inode < volume.first_inode || own.contains(inode) || known.value.is_some()) {
                if known.found > 0 {
                    flaws.push((*inode, Ext4Flaw::Form { what: "it is the filesystem's own and has a name" }));
                }
                continue;
            }
            self.report.inodes += 1;
            self.report.directories += u32::from(is_directory);
            let above = if *inode == ROOT_INODE { ROOT_INODE } else { known.parent };
            let is_reached = if is_directory { connected.contains(inode) } else { known.parent != 0 };
            if !is_reached {
                flaws.push((*inode, Ext4Flaw::Form { what: "no name leads to it" }));
            } else if is_directory && known.above != above {
                flaws.push((*inode, Ext4Flaw::Count { what: "the inode of `..`", said: known.above.into(), found: above.into() }));
            }
            let (said, found) = (u64::from(known.links), known.found);
            let is_beyond = is_directory && volume.features.dir_nlink && said == 1 && found > u64::from(LINK_MAX);
            if said != found && !is_beyond {
                flaws.push((*inode, Ext4Flaw::Count { what: "the number of its names", said, found }));
            }
        }
        for (inode, flaw) in flaws {
            self.report.add(Ext4Place::Inode { inode, path: None }, flaw);
        }
    }

    /// The directories from which the way up ends at the root.
    fn connected(&self) -> BTreeSet<u32> {
        let mut connected = BTreeSet::from([ROOT_INODE]);
        let mut lost = BTreeSet::new();
        for inode in self.directories.iter().map(|listing| listing.inode) {
            let mut way = Vec::new();
            let mut at = inode;
            while !connected.contains(&at) && at != 0 && lost.insert(at) {
                way.push(at);
                at = self.inodes.get(&at).map_or(0, |known| known.parent);
            }
            if connected.contains(&at) {
                for inode in way {
                    lost.remove(&inode);
                    connected.insert(inode);
                }
            }
        }
        connected
    }
}
