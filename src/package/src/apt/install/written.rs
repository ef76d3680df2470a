use std::collections::HashMap;

use rootfs_tree::{Digest, FileState, Known};

/// The files that unpacking wrote, with the hashes their layers keep: what no script has touched need not be read again.
#[derive(Debug, Clone, Default)]
pub struct Written {
    by_state: HashMap<FileState, Digest>,
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
