use rootfs_tree::{Layer, Metadata, Node, Time, Tree, TreeError};

use super::capabilities::ATTRIBUTE;
use super::{RpmEntry, RpmLayer};
use crate::payload::EntryKind;

/// The numbers of users and groups, which packages name. Whoever is not known is root, as for rpm.
#[derive(Debug, Default)]
pub struct Owners {
    users: Vec<(Vec<u8>, u32)>,
    groups: Vec<(Vec<u8>, u32)>,
}

impl Owners {
    /// Those of a root's `/etc/passwd` and `/etc/group`.
    #[must_use]
    pub fn of(passwd: &[u8], group: &[u8]) -> Self {
        Self { users: numbers(passwd), groups: numbers(group) }
    }

    fn find(known: &[(Vec<u8>, u32)], name: &[u8]) -> u32 {
        known.iter().find(|(known, _)| known == name).map_or(0, |(_, number)| *number)
    }
}

/// The first and the third field of lines with colons.
fn numbers(text: &[u8]) -> Vec<(Vec<u8>, u32)> {
    let line = |line: &[u8]| {
        let mut fields = line.split(|byte| *byte == b':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let number = str::from_utf8(fields.nth(1)?).ok()?.parse().ok()?;
        Some((name.to_vec(), number))
    };
    text.split(|byte| *byte == b'\n').filter_map(line).collect()
}

impl RpmLayer {
    /// Puts the payload into a tree, over what is there: no script is run, and nothing is removed. Where the tree has a link to a directory and the package a
    /// directory, the link stays.
    ///
    /// # Errors
    /// When a file lies below what is no directory in the tree, or takes the place of one.
    pub fn lay_over(&self, tree: &mut Tree, owners: &Owners) -> Result<(), TreeError> {
        let layer = tree.add_layer(Layer { path: self.data.clone() });
        let entries = &self.content.entries;
        // Directories first, so that links to them lead somewhere: /lib, then what is in it.
        for entry in entries.iter().filter(|entry| entry.kind == EntryKind::Directory) {
            let id = tree.make_directory(&absolute(&entry.path), Time::from_seconds(entry.mtime))?;
            tree.node_mut(id).metadata = metadata(entry, owners);
        }
        let is_link = |entry: &&RpmEntry| matches!(entry.kind, EntryKind::Symlink(_));
        let links = entries.iter().filter(is_link);
        let others = entries.iter().filter(|entry| !is_link(entry) && entry.kind != EntryKind::Directory);
        for entry in links.chain(others) {
            let path = absolute(&entry.path);
            match entry.kind.in_tree(layer) {
                Ok(kind) => drop(tree.place(&path, Node { metadata: metadata(entry, owners), kind, package: None })?),
                Err(target) => tree.link(tree.lookup(&absolute(target))?, &path, Time::from_seconds(entry.mtime))?,
            }
        }
        Ok(())
    }
}

fn absolute(path: &[u8]) -> Vec<u8> {
    [b"/", path].concat()
}

fn metadata(entry: &RpmEntry, owners: &Owners) -> Metadata {
    let xattrs = entry.capability.as_deref().map(|value| Box::new([(ATTRIBUTE.into(), value.into())].into()));
    Metadata {
        mode: entry.mode,
        uid: Owners::find(&owners.users, &entry.user),
        gid: Owners::find(&owners.groups, &entry.group),
        mtime: Time::from_seconds(entry.mtime),
        xattrs,
    }
}
