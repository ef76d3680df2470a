use std::collections::{BTreeMap, BTreeSet};

use super::Ext4ReadError;
use super::check::Check;
use super::directory::entries;
use super::problem::Ext4Place;
use crate::ext4::layout::ROOT_INODE;

/// Directories between the root and what a path is told of; what lies deeper has none.
const DEPTH_LIMIT: usize = 4096;

impl Check<'_> {
    /// Tells the paths of inodes with problems.
    pub(super) fn name_paths(&mut self) -> Result<(), Ext4ReadError> {
        let mut wanted = BTreeSet::new();
        for problem in &self.report.problems {
            let Ext4Place::Inode { inode, .. } = problem.place else { continue };
            let mut at = inode;
            // The way up from what is already there is there too.
            while at != 0 && at != ROOT_INODE && wanted.insert(at) {
                at = self.inodes.get(&at).map_or(0, |known| known.parent);
            }
        }
        let mut names: BTreeMap<u32, Box<[u8]>> = BTreeMap::new();
        for listing in self.directories.iter().filter(|_| !wanted.is_empty()) {
            for (_, physical) in listing.blocks() {
                let block = self.volume.block(physical)?;
                for entry in entries(&block[..self.entry_space()]).0 {
                    let is_parent = || self.inodes.get(&entry.inode).is_some_and(|known| known.parent == listing.inode);
                    if wanted.contains(&entry.inode) && !matches!(entry.name, b"." | b"..") && is_parent() {
                        names.entry(entry.inode).or_insert_with(|| entry.name.into());
                    }
                }
            }
        }
        let paths: Vec<Option<String>> = self.report.problems.iter().map(|problem| self.path_of(&problem.place, &names)).collect();
        for (problem, found) in self.report.problems.iter_mut().zip(paths) {
            if let Ext4Place::Inode { path, .. } = &mut problem.place {
                *path = found;
            }
        }
        Ok(())
    }

    fn path_of(&self, place: &Ext4Place, names: &BTreeMap<u32, Box<[u8]>>) -> Option<String> {
        let Ext4Place::Inode { inode, .. } = place else { return None };
        let mut parts = Vec::new();
        let mut at = *inode;
        while at != ROOT_INODE {
            parts.push(names.get(&at)?.escape_ascii().to_string());
            at = self.inodes.get(&at)?.parent;
            if parts.len() > DEPTH_LIMIT {
                return None;
            }
        }
        parts.reverse();
        Some(format!("/{}", parts.join("/")))
    }
}
