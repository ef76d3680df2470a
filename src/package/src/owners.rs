//! Who is who in a tree.

use std::collections::HashMap;

use rootfs_tree::Tree;

/// No list of users is longer.
const LONGEST: u64 = 16 << 20;

/// Numbers of users and groups by name, as the root has them.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    users: HashMap<Vec<u8>, u32>,
    groups: HashMap<Vec<u8>, u32>,
}

impl Owners {
    /// Reads `/etc/passwd` and `/etc/group`; who isn't there has no number.
    pub(crate) fn read(tree: &Tree) -> Self {
        Self { users: read_ids(tree, b"/etc/passwd"), groups: read_ids(tree, b"/etc/group") }
    }

    /// Owner and group of an archive's entry: by name where the root knows it, else by the number in the archive.
    pub(crate) fn of(&self, (user, uid): (&[u8], u32), (group, gid): (&[u8], u32)) -> (u32, u32) {
        (*self.users.get(user).unwrap_or(&uid), *self.groups.get(group).unwrap_or(&gid))
    }

    pub(crate) fn group(&self, name: &str) -> Option<u32> {
        self.groups.get(name.as_bytes()).copied()
    }
}

fn read_ids(tree: &Tree, path: &[u8]) -> HashMap<Vec<u8>, u32> {
    let content = tree.resolve(path).and_then(|id| tree.read(id, LONGEST)).unwrap_or_default();
    let mut ids = HashMap::new();
    for line in content.split(|byte| *byte == b'\n') {
        let mut fields = line.split(|byte| *byte == b':');
        let (name, id) = (fields.next(), fields.nth(1));
        let id = id.and_then(|id| str::from_utf8(id).ok()?.parse().ok());
        if let (Some(name), Some(id)) = (name.filter(|name| !name.is_empty()), id) {
            // The first one counts, as for who reads the file from its start.
            ids.entry(name.to_vec()).or_insert(id);
        }
    }
    ids
}
