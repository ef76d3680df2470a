use rootfs_tree::{Kind, Metadata, Node};

use super::CustomiseError;
use super::edit::{Editor, at};

/// The nodes that every Linux program may expect (the kernel's `Documentation/admin-guide/devices.txt`). A kernel without `DEVTMPFS_MOUNT` gives init
/// no console unless the root has `/dev/console`, and then nobody sees why it fails.
const CHARACTER_DEVICES: [(&str, u32, u32); 8] = [
    ("/dev/console", 5, 1),
    ("/dev/full", 1, 7),
    ("/dev/null", 1, 3),
    ("/dev/ptmx", 5, 2),
    ("/dev/random", 1, 8),
    ("/dev/tty", 5, 0),
    ("/dev/urandom", 1, 9),
    ("/dev/zero", 1, 5),
];

const LINKS: [(&str, &str); 4] = [
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
];

const DIRECTORIES: [&str; 2] = ["/dev/pts", "/dev/shm"];

/// Fills `/dev` with what is not there yet.
pub(super) fn make(editor: &mut Editor<'_>) -> Result<(), CustomiseError> {
    for (path, major, minor) in CHARACTER_DEVICES {
        if editor.entry(path.as_bytes()).is_none() {
            let node = Node { metadata: Metadata::root(0o666, editor.mtime), kind: Kind::CharDevice { major, minor }, package: None };
            editor.tree.place(path.as_bytes(), node).map_err(at(path.as_bytes()))?;
        }
    }
    for (path, target) in LINKS {
        if editor.entry(path.as_bytes()).is_none() {
            editor.link(path.as_bytes(), target.as_bytes())?;
        }
    }
    for path in DIRECTORIES {
        editor.directory_as(path.as_bytes(), Metadata::root(0o755, editor.mtime))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rootfs_tree::{Time, Tree};

    use super::*;

    #[test]
    fn what_is_missing_is_made_and_what_is_there_stays() {
        let mut tree = Tree::default();
        let null = Node { metadata: Metadata::root(0o600, Time::default()), kind: Kind::inline(*b"x"), package: None };
        tree.place(b"/dev/null", null).unwrap();
        make(&mut Editor::new(&mut tree, Time::from_seconds(7))).unwrap();
        let kind = |path: &[u8]| &tree.node(tree.lookup(path).unwrap()).kind;
        assert_eq!(kind(b"/dev/console"), &Kind::CharDevice { major: 5, minor: 1 });
        assert!(matches!(kind(b"/dev/null"), Kind::File(_)));
        assert!(matches!(kind(b"/dev/fd"), Kind::Symlink(_)));
        assert!(matches!(kind(b"/dev/pts"), Kind::Directory(_)));
    }
}
