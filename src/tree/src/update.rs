mod plan;
mod staging;

use std::os::fd::AsFd;
use std::path::Path;

use rayon::prelude::*;
use rustix::fs::AtFlags;

use crate::TreeError;
use crate::disk::create::{Creator, Place};
use crate::disk::{Disk, split};
use crate::node::Kind;
use crate::tree::{Entry, Tree};
use plan::{Plan, Removal};
use staging::Staging;

impl Tree {
    /// Makes a directory that holds exactly `from` (a scan of it) hold this tree, and touches only what differs: inodes with the same content stay and get
    /// their owner, mode, attributes and time in place; others are written aside first, so that contents may come from anywhere in `dir`, and then renamed.
    /// What is known by the same hash, or lies at the same place of the same layer, counts as the same content.
    ///
    /// Contents of this tree that lie in `dir` may be elsewhere or gone afterwards: scan again to read them.
    ///
    /// # Errors
    /// When `dir` holds something else than `from`, a content can't be read, or something can't be made. Until all contents are written nothing is changed.
    pub fn update(&self, dir: &Path, from: &Tree) -> Result<(), TreeError> {
        let disk = Disk::open(dir)?;
        if from.entries(Self::ROOT).next().is_none() {
            return self.fill(&disk);
        }
        let plan = Plan::between(from, self);
        let creator = Creator::new(self, &disk, true);
        let staging = if plan.make.is_empty() && plan.links.is_empty() { None } else { Some(Staging::make(&disk, [self, from])?) };
        if let Some(staging) = &staging {
            let file = |(number, entry): (usize, &Entry)| staging.create(&creator, number, entry);
            plan.make.par_iter().enumerate().try_for_each(file)?;
        }
        plan.remove.iter().rev().try_for_each(|removal| remove(&disk, removal))?;
        plan.directories.iter().try_for_each(|entry| in_place(&disk, &entry.path, |place| creator.create(place, entry.id)))?;
        if let Some(staging) = &staging {
            plan.make
                .iter()
                .enumerate()
                .try_for_each(|(number, entry)| in_place(&disk, &entry.path, |place| staging.publish(number, place)))?;
            plan.links.iter().try_for_each(|(path, first)| in_place(&disk, path, |place| staging.link(first, place)))?;
        }
        for entry in &plan.describe {
            in_place(&disk, &entry.path, |place| creator.describe(place, &self.node(entry.id).metadata, None))?;
        }
        if let Some(staging) = staging {
            staging.finish()?;
        }
        // Children before parents; the byte order has a directory before what is in it.
        plan.touched.iter().rev().filter_map(|path| Some((path, self.entry(path)?))).try_for_each(|(path, id)| match self.node(id).kind {
            Kind::Directory(_) => creator.finish_directory(path, id),
            _ => Ok(()),
        })
    }
}

fn in_place(disk: &Disk, path: &[u8], act: impl FnOnce(Place<'_>) -> Result<(), TreeError>) -> Result<(), TreeError> {
    let (directory, name) = split(path);
    let directory = disk.directory(directory)?;
    act(Place { directory: directory.as_fd(), name, path })
}

fn remove(disk: &Disk, removal: &Removal) -> Result<(), TreeError> {
    let flags = if removal.is_directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
    in_place(disk, &removal.path, |place| {
        rustix::fs::unlinkat(place.directory, place.name, flags).map_err(disk.failed("remove", place.path))
    })
}
