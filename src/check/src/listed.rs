//! The libraries that ldconfig(8) lists for glibc's loader (glibc's `elf/ldconfig.c`).

use std::collections::{BTreeMap, HashSet};

use rootfs_tree::{Kind, NodeId, Tree, TreeError};

use crate::Machine;
use crate::elf::{Header, Object};
use crate::library_path::configured_directories;

/// The largest library that is read.
const LARGEST: u64 = 1 << 30;

/// The longest name of a library: it is a file's.
const LONGEST_NAME: usize = 255;

/// What ldconfig looks into after the directories of `/etc/ld.so.conf`.
const SYSTEM: [&str; 8] = ["/lib", "/lib32", "/lib64", "/libx32", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32"];

/// A library by the name that programs ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedLibrary {
    /// `libz.so.1`
    pub name: Vec<u8>,
    /// Where it is, by the directory's name in the configuration.
    pub path: Vec<u8>,
    /// What it runs on.
    pub machine: Machine,
    /// 64-bit.
    pub wide: bool,
}

/// All libraries, directory by directory in the loader's order; a name may be in several. Those of `glibc-hwcaps`, which are for some processors only, and
/// those with names beyond ASCII are not among them: the loader looks for both without a list.
///
/// # Errors
/// When a content can't be read.
pub fn listed_libraries(tree: &Tree) -> Result<Vec<ListedLibrary>, TreeError> {
    let mut seen = HashSet::new();
    let mut libraries = Vec::new();
    let system = SYSTEM.iter().map(|path| path.as_bytes().to_vec());
    for directory in configured_directories(tree)?.into_iter().chain(system) {
        let directory = directory.trim_ascii_end().to_vec();
        let end = directory.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
        let directory = &directory[..end];
        if let Ok(id) = tree.resolve(directory)
            && seen.insert(id)
        {
            libraries.extend(in_directory(tree, directory, id)?);
        }
    }
    Ok(libraries)
}

/// Which file stands for a name.
struct Candidate {
    file: Vec<u8>,
    is_link: bool,
    header: Header,
}

fn in_directory(tree: &Tree, directory: &[u8], id: NodeId) -> Result<Vec<ListedLibrary>, TreeError> {
    let mut found: BTreeMap<Vec<u8>, Candidate> = BTreeMap::new();
    for file in tree.list(directory).into_iter().filter(|name| is_library(name)) {
        let target = tree.resolve(&[directory, b"/", &file].concat());
        let Some(target) = target.ok().filter(|target| tree.file(*target).is_some()) else { continue };
        let object = Object::parse(&tree.read(target, LARGEST)?);
        let Some(object) = object.ok().filter(|object| object.shared) else { continue };
        let soname = object.soname.unwrap_or_else(|| file.clone());
        // A link with the library's own name, or the one that programs are linked by, stands for itself; any other is as good as a file.
        let is_link = tree.child(id, &file).is_some_and(|id| matches!(tree.node(id).kind, Kind::Symlink(_)))
            && (file == soname || (file.ends_with(b".so") && soname.starts_with(&file)));
        let name = if is_link { file.clone() } else { soname };
        let candidate = Candidate { file, is_link, header: object.header };
        if is_name(&name) && found.get(&name).is_none_or(|other| candidate.is_better_than(other)) {
            found.insert(name, candidate);
        }
    }
    let listed = |(name, Candidate { header, .. }): (Vec<u8>, Candidate)| {
        let path = [directory, b"/", &name].concat();
        ListedLibrary { name, path, machine: header.machine, wide: header.wide }
    };
    Ok(found.into_iter().map(listed).collect())
}

impl Candidate {
    /// A file rather than a link, then the later version.
    fn is_better_than(&self, other: &Self) -> bool {
        match (self.is_link, other.is_link) {
            (false, true) => true,
            (true, false) => false,
            _ => compare_names(&other.file, &self.file).is_lt(),
        }
    }
}

/// Whether a file is looked into.
fn is_library(name: &[u8]) -> bool {
    (name.starts_with(b"lib") || name.starts_with(b"ld-")) && name.windows(3).any(|part| part == b".so")
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.len() <= LONGEST_NAME && name.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'/')
}

/// The order of names in which the loader searches (glibc's `_dl_cache_libcmp`): digits by their numbers, and after everything else.
#[must_use]
pub fn compare_names(one: &[u8], other: &[u8]) -> std::cmp::Ordering {
    let (mut one, mut other) = (one, other);
    loop {
        match (one.split_first(), other.split_first()) {
            (Some((first, _)), Some((second, _))) if first.is_ascii_digit() && second.is_ascii_digit() => {
                let order = take_number(&mut one).cmp(&take_number(&mut other));
                if order.is_ne() {
                    return order;
                }
            }
            (Some((first, after)), Some((second, after_other))) if first == second => (one, other) = (after, after_other),
            (first, second) => {
                let place = |byte: Option<(&u8, &[u8])>| byte.map_or((false, 0), |(byte, _)| (byte.is_ascii_digit(), *byte));
                return place(first).cmp(&place(second));
            }
        }
    }
}

/// The number that a text begins with, as the loader counts: in 32 bits.
fn take_number(text: &mut &[u8]) -> i32 {
    let mut number = 0i32;
    while let Some((digit, rest)) = text.split_first().filter(|(digit, _)| digit.is_ascii_digit()) {
        number = number.wrapping_mul(10).wrapping_add(i32::from(digit - b'0'));
        *text = rest;
    }
    number
}

#[cfg(test)]
mod tests {
    use rootfs_tree::{Metadata, Node, Time};

    use super::*;

    #[test]
    fn versions_are_numbers() {
        for (less, more) in
            [("libz.so", "libz.so.1"), ("libz.so.9", "libz.so.10"), ("libc.so.6", "libc_x.so.0"), ("libm.so.6", "libm1.so"), ("", "a")]
        {
            assert!(
                compare_names(less.as_bytes(), more.as_bytes()).is_lt() && compare_names(more.as_bytes(), less.as_bytes()).is_gt(),
                "{less}"
            );
        }
        assert!(compare_names(b"lib01.so", b"lib1.so").is_eq() && compare_names(b"libz.so.1", b"libz.so.1").is_eq());
    }

    /// The smallest library: a header, a segment and a table, in which the name is at 1 of strings that follow.
    fn library(soname: &str) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(16, 0);
        let put16 = |bytes: &mut Vec<u8>, values: &[u16]| values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
        let put64 = |bytes: &mut Vec<u8>, values: &[u64]| values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
        put16(&mut bytes, &[3, 62, 1, 0]);
        put64(&mut bytes, &[0, 64, 0]);
        put16(&mut bytes, &[0, 0, 64, 56, 2, 0, 0, 0]);
        let (table, strings) = (64 + 2 * 56, 64 + 2 * 56 + 48);
        for (kind, from, length) in [(1u64, 0u64, 4096u64), (2, table, 48)] {
            put64(&mut bytes, &[kind, from, from, from, length, length, 8]);
        }
        put64(&mut bytes, &[5, strings, 14, 1, 0, 0]);
        bytes.push(0);
        bytes.extend(soname.as_bytes());
        bytes.resize(4096, 0);
        bytes
    }

    #[test]
    fn each_name_has_one_file_of_a_directory() {
        let mut tree = Tree::default();
        let metadata = || Metadata::root(0o755, Time::default());
        let mut put = |path: &str, content: Vec<u8>| {
            tree.place(path.as_bytes(), Node { metadata: metadata(), kind: Kind::inline(content), package: None }).unwrap();
        };
        put("/etc/ld.so.conf", b"# directories\n/usr/lib64/\n/lib64\n/nowhere\n/opt/x/lib\n".to_vec());
        put("/usr/lib64/libz.so.1.3", library("libz.so.1"));
        put("/usr/lib64/libz.so.1.2", library("libz.so.1"));
        put("/usr/lib64/libplain.so", library(""));
        put("/usr/lib64/libtext.so", b"INPUT ( libz.so.1 )".to_vec());
        put("/usr/lib64/liblong.so", library("lib/x.so"));
        put("/usr/lib64/plugin.so", library("plugin.so"));
        put("/opt/x/lib/libz.so.1", library("libz.so.1"));
        for (path, target) in [
            ("/lib64", "usr/lib64"),
            ("/usr/lib64/libz.so", "libz.so.1.3"),
            ("/usr/lib64/libz.so.1", "libz.so.1.3"),
            ("/usr/lib64/libodd.so.7", "libz.so.1.2"),
            ("/usr/lib64/libgone.so", "gone"),
        ] {
            tree.symlink(target.as_bytes(), path.as_bytes(), Time::default()).unwrap();
        }
        let listed = listed_libraries(&tree).unwrap();
        let shown: Vec<_> =
            listed.iter().map(|library| (str::from_utf8(&library.name).unwrap(), str::from_utf8(&library.path).unwrap())).collect();
        assert_eq!(
            shown,
            [("libz.so", "/usr/lib64/libz.so"), ("libz.so.1", "/usr/lib64/libz.so.1"), ("libz.so.1", "/opt/x/lib/libz.so.1")]
        );
        assert!(listed.iter().all(|library| library.wide && library.machine == Machine::X86_64));
    }
}
