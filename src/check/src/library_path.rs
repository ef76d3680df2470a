//! Where a loader looks for libraries that no program says the place of.

use rootfs_tree::{Kind, Tree, TreeError};

use crate::Machine;

/// How deep configuration files may include each other.
const INCLUDES: usize = 8;

/// The longest configuration file that is read.
const CONFIGURATION: u64 = 1 << 20;

/// A loader, told apart by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loader {
    Glibc,
    Musl,
}

impl Loader {
    pub(crate) fn named(interpreter: &[u8]) -> Self {
        let musl = interpreter.windows(7).any(|window| window == b"ld-musl");
        if musl { Self::Musl } else { Self::Glibc }
    }

    /// Libraries that the loader is itself, whatever the file is called (musl's `ldso/dynlink.c`, `reserved`).
    pub(crate) fn provides(self, name: &[u8]) -> bool {
        const RESERVED: [&[u8]; 7] = [b"libc.", b"libpthread.", b"librt.", b"libm.", b"libdl.", b"libutil.", b"libxnet."];
        self == Self::Musl && RESERVED.iter().any(|reserved| name.starts_with(reserved))
    }

    /// The directories, in order.
    pub(crate) fn directories(self, tree: &Tree, machine: Machine) -> Result<Vec<Vec<u8>>, TreeError> {
        match self {
            Self::Glibc => {
                let mut directories = configured_directories(tree)?;
                let triplet = machine.triplet().unwrap_or_default();
                let multiarch = [format!("/lib/{triplet}"), format!("/usr/lib/{triplet}")];
                directories.extend(multiarch.map(String::into_bytes));
                directories.extend(["/lib64", "/usr/lib64", "/lib", "/usr/lib"].map(|directory| directory.as_bytes().to_vec()));
                Ok(directories)
            }
            Self::Musl => {
                let listed = read(tree, format!("/etc/ld-musl-{machine}.path").as_bytes())?;
                let listed = listed.unwrap_or_else(|| b"/lib:/usr/local/lib:/usr/lib".to_vec());
                let directories = listed.split(|byte| matches!(byte, b':' | b'\n')).filter(|directory| !directory.is_empty());
                Ok(directories.map(<[u8]>::to_vec).collect())
            }
        }
    }
}

/// The directories that `/etc/ld.so.conf` names, as it has them.
pub(crate) fn configured_directories(tree: &Tree) -> Result<Vec<Vec<u8>>, TreeError> {
    configured(tree, b"/etc/ld.so.conf", INCLUDES)
}

/// The directories of a file in ldconfig(8)'s form, with what it includes.
fn configured(tree: &Tree, path: &[u8], depth: usize) -> Result<Vec<Vec<u8>>, TreeError> {
    let mut directories = Vec::new();
    let Some(text) = read(tree, path)? else {
        return Ok(directories);
    };
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.split(|byte| *byte == b'#').next().unwrap_or_default().trim_ascii();
        match line.strip_prefix(b"include ").or_else(|| line.strip_prefix(b"include\t")) {
            Some(patterns) if depth > 0 => {
                for pattern in patterns.split(u8::is_ascii_whitespace).filter(|pattern| !pattern.is_empty()) {
                    for file in matching(tree, pattern) {
                        directories.extend(configured(tree, &file, depth - 1)?);
                    }
                }
            }
            Some(_) => {}
            None if line.starts_with(b"/") => directories.push(line.to_vec()),
            None => {}
        }
    }
    Ok(directories)
}

/// Files that a pattern means, sorted; wildcards are understood in the last component, as they are used.
fn matching(tree: &Tree, pattern: &[u8]) -> Vec<Vec<u8>> {
    let pattern = if pattern.starts_with(b"/") { pattern.to_vec() } else { [b"/etc/", pattern].concat() };
    let slash = pattern.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    let (directory, name) = (&pattern[..slash], &pattern[slash + 1..]);
    let Ok(id) = tree.resolve(directory) else {
        return Vec::new();
    };
    let Kind::Directory(entries) = &tree.node(id).kind else {
        return Vec::new();
    };
    entries.keys().filter(|entry| matches(name, entry)).map(|entry| [directory, b"/", entry].concat()).collect()
}

/// `*` and `?`, and no leading dot unless the pattern has it, as glob(7).
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if name.first() == Some(&b'.') && pattern.first() != Some(&b'.') {
        return false;
    }
    // Where to go back to: after the last star, and the name's byte that it then takes.
    let (mut at, mut in_name, mut retry) = (0, 0, None);
    while in_name < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at + 1, in_name + 1));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[in_name] => {
                at += 1;
                in_name += 1;
            }
            _ => {
                let Some((after, from)) = retry else {
                    return false;
                };
                (at, in_name) = (after, from);
                retry = Some((after, from + 1));
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// A configuration file; none when nothing or something else is there.
fn read(tree: &Tree, path: &[u8]) -> Result<Option<Vec<u8>>, TreeError> {
    match tree.resolve(path) {
        Ok(id) if tree.file(id).is_some() => tree.read(id, CONFIGURATION).map(Some),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rootfs_tree::{Metadata, Node, Time};

    fn tree(files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        for (path, text) in files {
            let kind = Kind::inline(text.as_bytes().to_vec());
            tree.place(path.as_bytes(), Node { metadata: Metadata::root(0o644, Time::default()), kind, package: None }).unwrap();
        }
        tree
    }

    fn text(directories: Vec<Vec<u8>>) -> Vec<String> {
        directories.into_iter().map(|directory| String::from_utf8(directory).unwrap()).collect()
    }

    #[test]
    fn configuration_files_include_each_other() {
        let tree = tree(&[
            ("/etc/ld.so.conf", "# first\ninclude ld.so.conf.d/*.conf /opt/x?.conf\n/last # not this\nhwcap 1 x\n"),
            ("/etc/ld.so.conf.d/b.conf", "/b\n"),
            ("/etc/ld.so.conf.d/a.conf", "/a\ninclude /etc/ld.so.conf\n"),
            ("/etc/ld.so.conf.d/.hidden.conf", "/hidden\n"),
            ("/etc/ld.so.conf.d/a.conf.bak", "/bak\n"),
            ("/opt/x1.conf", "/x1"),
        ]);
        let directories = text(configured(&tree, b"/etc/ld.so.conf", 1).unwrap());
        assert_eq!(directories, ["/a", "/b", "/x1", "/last"]);
        assert!(!text(configured(&tree, b"/etc/ld.so.conf", INCLUDES).unwrap()).is_empty(), "a circle ends");
    }

    #[test]
    fn each_loader_has_its_own_directories() {
        let tree = tree(&[("/etc/ld-musl-x86_64.path", "/one:/two\n/three\n")]);
        assert_eq!(text(Loader::Musl.directories(&tree, Machine::X86_64).unwrap()), ["/one", "/two", "/three"]);
        assert_eq!(text(Loader::Musl.directories(&tree, Machine::AARCH64).unwrap()), ["/lib", "/usr/local/lib", "/usr/lib"]);
        let glibc = text(Loader::Glibc.directories(&tree, Machine::AARCH64).unwrap());
        assert_eq!(glibc[..2], ["/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]);
        assert_eq!(Loader::named(b"/lib/ld-musl-x86_64.so.1"), Loader::Musl);
        assert_eq!(Loader::named(b"/lib64/ld-linux-x86-64.so.2"), Loader::Glibc);
        assert!(Loader::Musl.provides(b"libc.musl-x86_64.so.1") && !Loader::Glibc.provides(b"libc.so.6"));
    }

    #[test]
    fn patterns_match_as_a_shells() {
        for (pattern, name, expected) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf.bak", false),
            ("*.conf", ".a.conf", false),
            (".*", ".a", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("?", "", false),
            ("*", "", true),
            ("a?c", "abc", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }
}
