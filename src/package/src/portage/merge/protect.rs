//! Configuration files: below which directories portage doesn't overwrite what is there.

use md5::{Digest as _, Md5};
use rootfs_tree::{Kind, NodeId, Tree, TreeError};

use super::environment::{EnvD, read_env_d};

/// What portage protects by itself, and what it doesn't protect below that.
const PROTECTED: &str = "/etc";
const UNPROTECTED: &str = "/etc/env.d";

/// The longest file that is compared.
const LONGEST: u64 = 64 << 20;

/// Directories and files, absolute.
#[derive(Debug)]
pub(super) struct Protection {
    protected: Vec<String>,
    unprotected: Vec<String>,
}

impl Protection {
    /// As the root's `/etc/env.d` has it.
    pub(super) fn read(tree: &Tree) -> Self {
        let EnvD { variables, .. } = read_env_d(tree);
        let words = |own: &str, name: &str| {
            let more = variables.get(name).map(String::as_str).unwrap_or_default();
            more.split_ascii_whitespace().chain([own]).map(|path| path.trim_end_matches('/').to_owned()).collect()
        };
        Self { protected: words(PROTECTED, "CONFIG_PROTECT"), unprotected: words(UNPROTECTED, "CONFIG_PROTECT_MASK") }
    }

    /// Whether a relative path is protected: the longest of the directories that it is in or is decides.
    pub(super) fn is_protected(&self, path: &[u8]) -> bool {
        let longest = |list: &[String]| list.iter().filter(|directory| is_in(path, directory)).map(String::len).max();
        longest(&self.protected).is_some_and(|protected| longest(&self.unprotected).is_none_or(|unprotected| unprotected < protected))
    }
}

fn is_in(path: &[u8], directory: &str) -> bool {
    let directory = directory.trim_start_matches('/').as_bytes();
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// The MD5 of a file's content, or of what a link says; none of anything else.
pub(super) fn md5_of(tree: &Tree, id: NodeId) -> Result<Option<[u8; 16]>, TreeError> {
    match &tree.node(id).kind {
        Kind::File(_) => Ok(Some(Md5::digest(tree.read(id, LONGEST)?).into())),
        Kind::Symlink(target) => Ok(Some(Md5::digest(target).into())),
        _ => Ok(None),
    }
}

/// The name beside a protected file under which another version of it waits: that of the last one if that has the same content, else the next.
pub(super) fn protect_name(tree: &Tree, parent: NodeId, name: &[u8], new: Option<[u8; 16]>) -> Result<Vec<u8>, TreeError> {
    let called = |number: u32| [format!("._cfg{number:04}_").as_bytes(), name].concat();
    let mut number = 0;
    while let Some(id) = tree.child(parent, &called(number)) {
        let is_last = tree.child(parent, &called(number + 1)).is_none();
        if is_last && new.is_some() && md5_of(tree, id)? == new {
            break;
        }
        number += 1;
    }
    Ok(called(number))
}

#[cfg(test)]
mod tests {
    use rootfs_tree::{Metadata, Time};

    use super::*;

    #[test]
    fn the_longest_directory_decides() {
        let mut tree = Tree::default();
        let text = b"CONFIG_PROTECT='/etc/env.d/mine /usr/share/config'\nCONFIG_PROTECT_MASK=\"/etc/gentoo-release\"\n".to_vec();
        tree.write(b"/etc/env.d/50x", text, Metadata::root(0o644, Time::default())).unwrap();
        let protection = Protection::read(&tree);
        for (path, protected) in [
            ("etc/passwd", true),
            ("etc", true),
            ("etcetera", false),
            ("etc/env.d/50x", false),
            ("etc/env.d/mine/a", true),
            ("etc/gentoo-release", false),
            ("usr/share/config/x", true),
            ("usr/bin/x", false),
        ] {
            assert_eq!(protection.is_protected(path.as_bytes()), protected, "{path}");
        }
    }

    #[test]
    fn versions_wait_beside_the_file() {
        let mut tree = Tree::default();
        let metadata = Metadata::root(0o644, Time::default());
        let etc = tree.make_directory(b"/etc", Time::default()).unwrap();
        let name = |tree: &Tree, content: &[u8]| protect_name(tree, etc, b"a", Some(Md5::digest(content).into())).unwrap();
        assert_eq!(name(&tree, b"1"), b"._cfg0000_a");
        tree.write(b"/etc/._cfg0000_a", b"1".to_vec(), metadata).unwrap();
        assert_eq!((name(&tree, b"1"), name(&tree, b"2")), (b"._cfg0000_a".to_vec(), b"._cfg0001_a".to_vec()));
    }
}
