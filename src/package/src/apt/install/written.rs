use std::collections::{HashMap, HashSet};

use rootfs_tree::{Digest, FileState, Known};

/// The files that unpacking wrote, with the hashes their layers keep: what no script has touched need not be read again.
#[derive(Debug, Clone, Default)]
pub struct Written {
    by_state: HashMap<FileState, Digest>,
}

impl Written {
    /// The hashes of all of them.
    pub(crate) fn digests(&self) -> HashSet<Digest> {
        self.by_state.values().copied().collect()
    }
}

impl Extend<(FileState, Digest)> for Written {
    fn extend<T: IntoIterator<Item = (FileState, Digest)>>(&mut self, files: T) {
        self.by_state.extend(files);
    }
}

impl Known for Written {
    fn digest(&self, state: &FileState) -> Option<Digest> {
        self.by_state.get(state).copied()
    }
}
