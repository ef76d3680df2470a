use std::os::fd::AsFd;
use std::path::Path;

use rayon::prelude::*;

use crate::TreeError;
use crate::disk::create::{Creator, Place};
use crate::disk::{Disk, join};
use crate::links::Links;
use crate::node::Kind;
use crate::tree::{Entry, NodeId, Tree};
use crate::xattrs::AtName;

/// A directory that exists on disk, with what is made in it next.
struct Job {
    path: Vec<u8>,
    children: Vec<(Vec<u8>, NodeId)>,
}

/// A later name of an inode, and its first.
type Link = (Vec<u8>, Vec<u8>);

impl Tree {
    /// Puts the tree into a directory, which is made if it is missing and must be empty. Owners, modes, attributes and times are the tree's, whatever
    /// the umask; no link is followed below `dir`.
    ///
    /// # Errors
    /// When `dir` is not empty, a content can't be read, or something can't be made (without privilege: other owners, devices). What was made is left there.
    pub fn materialise(&self, dir: &Path) -> Result<(), TreeError> {
        fs_err::create_dir_all(dir).map_err(|error| TreeError::io("make the target", error))?;
        let disk = Disk::open(dir)?;
        if fs_err::read_dir(dir).map_err(|error| TreeError::io("read the target", error))?.next().is_some() {
            return Err(TreeError::NotEmpty { path: dir.to_owned() });
        }
        self.fill(&disk)
    }

    /// Puts the tree into an empty directory.
    pub(crate) fn fill(&self, disk: &Disk) -> Result<(), TreeError> {
        // A default ACL of the target would be inherited by everything in it.
        AtName::new(disk.root(), b".").replace(None).map_err(disk.failed("clear the attributes of", b"/"))?;
        let creator = Creator::new(self, disk, false);
        let mut links = Links::of(self);
        let mut second_names = Vec::new();
        let mut levels = Vec::new();
        let mut level = vec![Entry { path: b"/".to_vec(), id: Self::ROOT }];
        while !level.is_empty() {
            let mut next = Vec::new();
            let jobs: Vec<Job> = level.iter().map(|entry| self.plan_job(entry, &mut links, &mut second_names, &mut next)).collect();
            jobs.par_iter().try_for_each(|job| make_children(disk, &creator, job))?;
            levels.push(std::mem::replace(&mut level, next));
        }
        second_names.iter().try_for_each(|(name, first)| creator.link(name, first))?;
        // Directories last, and children before parents: an entry made in one changes its time, and its mode may shut us out.
        let finish = |level: &Vec<Entry>| level.par_iter().try_for_each(|entry| creator.finish_directory(&entry.path, entry.id));
        levels.iter().rev().try_for_each(finish)
    }

    fn plan_job(&self, directory: &Entry, links: &mut Links, second_names: &mut Vec<Link>, next: &mut Vec<Entry>) -> Job {
        let mut job = Job { path: directory.path.clone(), children: Vec::new() };
        let Kind::Directory(entries) = &self.node(directory.id).kind else { return job };
        for (name, id) in entries {
            let entry = Entry { path: join(&directory.path, name), id: *id };
            if let Some(first) = links.first(&entry) {
                second_names.push((entry.path, first.to_vec()));
                continue;
            }
            if matches!(self.node(*id).kind, Kind::Directory(_)) {
                next.push(entry);
            }
            job.children.push((name.to_vec(), *id));
        }
        job
    }
}

fn make_children(disk: &Disk, creator: &Creator<'_>, job: &Job) -> Result<(), TreeError> {
    if job.children.is_empty() {
        return Ok(());
    }
    let directory = disk.directory(&job.path)?;
    // Files of one directory are independent; a directory of thousands must not be one thread's.
    job.children
        .par_iter()
        .with_min_len(16)
        .try_for_each(|(name, id)| creator.create(Place { directory: directory.as_fd(), name, path: &join(&job.path, name) }, *id))
}
