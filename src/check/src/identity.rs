//! What every guest must have for itself, and no image may have.

use rootfs_tree::{Kind, Tree};

use crate::finding::Fault;
use crate::rule::Verdict;

/// Where ids are: systemd's, and what D-Bus kept before it used that one.
const MACHINE_IDS: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/// An id is 33 bytes; whatever is longer is none, and is not read.
const LONGEST_ID: u64 = 4096;

/// Directory, beginning and end of the names of private host keys.
const HOST_KEYS: [(&str, &str, &str); 2] = [("/etc/ssh", "ssh_host_", "_key"), ("/etc/dropbear", "dropbear_", "_host_key")];

/// machine-id(5): empty, or `uninitialized`, or not there.
pub(crate) fn machine_id(tree: &Tree) -> Verdict {
    let mut faults = Vec::new();
    for path in MACHINE_IDS {
        // A link to the other one is looked at there.
        let Some(id) = tree.lookup(path.as_bytes()).ok().filter(|id| tree.file(*id).is_some()) else {
            continue;
        };
        let content = match tree.file(id) {
            Some(file) if file.length <= LONGEST_ID => tree.read(id, LONGEST_ID)?,
            _ => b"too long".to_vec(),
        };
        if !matches!(content.trim_ascii(), b"" | b"uninitialized") {
            let reason = "holds a machine id, which every guest made from the image would share";
            faults.push(Fault::new(path.as_bytes(), reason, "make it empty: the guest then gets its own at its first boot"));
        }
    }
    if is_missing(tree, MACHINE_IDS[0]) && has_systemd(tree) {
        let reason = "does not exist, and systemd can't make it where the root is read-only";
        faults.push(Fault::new(MACHINE_IDS[0].as_bytes(), reason, "make it an empty file"));
    }
    Ok(faults)
}

fn is_missing(tree: &Tree, path: &str) -> bool {
    tree.lookup(path.as_bytes()).is_err()
}

fn has_systemd(tree: &Tree) -> bool {
    ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"].iter().any(|path| tree.resolve(path.as_bytes()).is_ok())
}

/// Private keys by their names; an empty file is none.
pub(crate) fn ssh_host_keys(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (directory, beginning, end) in HOST_KEYS {
        let Ok(id) = tree.resolve(directory.as_bytes()) else {
            continue;
        };
        let Kind::Directory(entries) = &tree.node(id).kind else {
            continue;
        };
        let keys = entries.iter().filter(|(name, _)| name.starts_with(beginning.as_bytes()) && name.ends_with(end.as_bytes()));
        for (name, _) in keys.filter(|(_, id)| tree.file(**id).is_some_and(|file| file.length > 0)) {
            let path = [directory.as_bytes(), b"/", name].concat();
            let reason = "is a private host key: a secret in the image, and the same for every guest made from it";
            faults.push(Fault::new(&path, reason, "remove it, and have the guest make its own at its first boot"));
        }
    }
    faults
}
