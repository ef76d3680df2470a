//! What apk itself puts into an empty root.

use rootfs_tree::{Kind, Metadata, Node, Time, Tree};

use super::{InstallError, Request};
use crate::apk::compare_names;

/// Directories of `apk --initdb`, with their modes.
const DIRECTORIES: [(&str, u16); 14] = [
    ("/tmp", 0o1777),
    ("/dev", 0o755),
    ("/etc", 0o755),
    ("/etc/apk", 0o755),
    ("/lib", 0o755),
    ("/lib/apk", 0o755),
    ("/lib/apk/db", 0o755),
    ("/var", 0o755),
    ("/var/cache", 0o755),
    ("/var/cache/apk", 0o755),
    ("/var/cache/misc", 0o755),
    ("/proc", 0o555),
    ("/etc/apk/keys", 0o755),
    ("/lib/apk/exec", 0o700),
];

/// How many of them are there from the start; the others come when they are needed.
const AT_ONCE: usize = 12;

/// Devices of `apk --initdb`: mode, major and minor number.
const DEVICES: [(&str, u16, u32, u32); 5] = [
    ("/dev/null", 0o666, 1, 3),
    ("/dev/zero", 0o666, 1, 5),
    ("/dev/random", 0o666, 1, 8),
    ("/dev/urandom", 0o666, 1, 9),
    ("/dev/console", 0o600, 5, 1),
];

/// Makes it.
pub(super) fn write_skeleton(tree: &mut Tree, time: Time) -> Result<(), InstallError> {
    for (path, _) in DIRECTORIES.iter().take(AT_ONCE) {
        ensure_directory(tree, path, time)?;
    }
    for (path, mode, major, minor) in DEVICES {
        let node = Node { metadata: Metadata::root(mode, time), kind: Kind::CharDevice { major, minor }, package: None };
        tree.place(path.as_bytes(), node).map_err(|source| InstallError::root(path.as_bytes(), source))?;
    }
    Ok(())
}

/// Makes one of [`DIRECTORIES`] unless it is there.
pub(super) fn ensure_directory(tree: &mut Tree, path: &str, time: Time) -> Result<(), InstallError> {
    if tree.resolve(path.as_bytes()).is_ok() {
        return Ok(());
    }
    let mode = DIRECTORIES.iter().find(|(known, _)| *known == path).map_or(0o755, |(_, mode)| *mode);
    let id = tree.make_directory(path.as_bytes(), time).map_err(|source| InstallError::root(path.as_bytes(), source))?;
    tree.node_mut(id).metadata.mode = mode;
    Ok(())
}

/// Writes a file of root's over what is there.
pub(super) fn write_file(tree: &mut Tree, path: &str, mode: u16, content: impl Into<Vec<u8>>, time: Time) -> Result<(), InstallError> {
    let node = Node { metadata: Metadata::root(mode, time), kind: Kind::inline(content.into()), package: None };
    tree.place(path.as_bytes(), node).map(|_id| ()).map_err(|source| InstallError::root(path.as_bytes(), source))
}

/// What apk is told of the root: its architecture, the names that are to be there, where packages come from, whom to trust.
pub(super) fn write_configuration(tree: &mut Tree, request: &Request<'_>, time: Time) -> Result<(), InstallError> {
    let mut world: Vec<_> = request.world.iter().collect();
    world.sort_by(|left, right| compare_names(&left.name, &right.name));
    let world: Vec<_> = world.into_iter().map(ToString::to_string).collect();
    write_file(tree, "/etc/apk/world", 0o644, world.join("\n") + "\n", time)?;
    write_file(tree, "/etc/apk/arch", 0o644, format!("{}\n", request.architecture), time)?;
    if !request.repositories.is_empty() {
        write_file(tree, "/etc/apk/repositories", 0o644, request.repositories.join("\n") + "\n", time)?;
    }
    for (name, pem) in request.keys.files() {
        ensure_directory(tree, "/etc/apk/keys", time)?;
        let path = format!("/etc/apk/keys/{name}");
        if tree.lookup(path.as_bytes()).is_err() {
            write_file(tree, &path, 0o644, pem, time)?;
        }
    }
    Ok(())
}
