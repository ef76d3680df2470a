//! Results of stages, by the inputs they were made of.
//!
//! A result is a file of three parts: a line of JSON with the inputs, the result, and the SHA-256 of the two; a file that is cut off or damaged
//! is as good as none.

use std::path::{Path, PathBuf};

use fs_err as fs;
use rootfs_tree::Digest;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW};
use sha2::{Digest as _, Sha256};

use super::temporary::read_if_there;
use super::{Store, StoreError};
use crate::inputs::Inputs;

/// How many results of one stage stay; those used last.
const KEPT: usize = 24;

/// A stage whose results are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// From indexes and wishes to a lock.
    Resolve,
    /// From packages to a tree.
    Install,
    /// From programs and what they read to what they write.
    Tools,
}

impl Stage {
    pub(super) const ALL: [Self; 3] = [Self::Resolve, Self::Install, Self::Tools];

    /// As a person calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Install => "install",
            Self::Tools => "tools",
        }
    }

    fn directory(self) -> &'static str {
        match self {
            Self::Resolve => "locks",
            Self::Install => "trees",
            Self::Tools => "made",
        }
    }
}

impl Store {
    /// What the stage made of these inputs; none when nobody has kept it, or it is damaged.
    pub(crate) fn result(&self, stage: Stage, inputs: &Inputs) -> Option<Vec<u8>> {
        let path = self.result_path(stage, &inputs.key(), "");
        let (found, result) = open_seal(read_if_there(&path).ok()??)?;
        if found != *inputs {
            return None;
        }
        // It is used: it stays longer. Where that can't be noted it goes earlier.
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        let times = Timestamps { last_access: now, last_modification: now };
        let _noted = rustix::fs::utimensat(CWD, &path, &times, AtFlags::empty());
        Some(result)
    }

    /// Keeps what the stage made.
    ///
    /// # Errors
    /// When the store can't be written.
    pub(crate) fn keep_result(&self, stage: Stage, inputs: &Inputs, result: &[u8]) -> Result<(), StoreError> {
        let path = self.result_path(stage, &inputs.key(), "");
        let line = serde_json::to_vec(inputs).map_err(|error| StoreError::writing(&path, 0, error.into()))?;
        let mut bytes = [&line[..], b"\n", result].concat();
        bytes.extend_from_slice(&Sha256::digest(&bytes));
        self.write(&path, &bytes)
    }

    /// The inputs of the kept result that are most like these, and like them in all of `alike`: what a person takes for the result of the time before.
    pub(crate) fn nearest_inputs(&self, stage: Stage, inputs: &Inputs) -> Option<Inputs> {
        let files = results(&self.root().join(stage.directory()));
        let all = files.iter().filter_map(|path| open_seal(fs::read(path).ok()?).map(|(inputs, _)| inputs));
        all.min_by_key(|other| inputs.distance(other))
    }

    /// Where a result, or with a suffix what belongs to it, lies.
    pub(super) fn result_path(&self, stage: Stage, key: &Digest, suffix: &str) -> PathBuf {
        self.root().join(stage.directory()).join(format!("{key}{suffix}"))
    }
}

/// Removes all but the results that were used last; only when no other build has the store open. What can't be removed stays.
pub(super) fn trim(root: &Path) {
    for stage in Stage::ALL {
        let mut files = results(&root.join(stage.directory()));
        files.sort_by_cached_key(|path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok());
        for path in files.iter().rev().skip(KEPT) {
            for path in [path.clone(), path.with_extension("data")] {
                let _stays = fs::remove_file(path);
            }
        }
    }
}

/// Every result of a stage, in the order of their names.
fn results(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_none()).collect();
    paths.sort();
    paths
}

fn open_seal(mut bytes: Vec<u8>) -> Option<(Inputs, Vec<u8>)> {
    let (sealed, seal) = bytes.split_last_chunk::<32>()?;
    if Sha256::digest(sealed)[..] != seal[..] {
        return None;
    }
    let line = sealed.iter().position(|byte| *byte == b'\n')?;
    let inputs = serde_json::from_slice(&sealed[..line]).ok()?;
    bytes.truncate(bytes.len() - 32);
    bytes.drain(..=line);
    Some((inputs, bytes))
}
