//! `/etc/ld.so.cache`, in which glibc's loader finds libraries by their names: the format that ldconfig(8) has written alone since glibc 2.32
//! (`sysdeps/generic/dl-cache.h`, `struct cache_file_new`), and that every loader since 2.2 reads.
//!
//! A header of 48 bytes; 24 bytes for each library, in the loader's order with the last name first; then names and paths, each ended by a NUL. One that another
//! one ends in is not there twice. All numbers are little-endian; offsets are from the file's start. There is no extension: it would say which program wrote it,
//! and which libraries are for some processors only.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rootfs_check::{ListedLibrary, Machine, compare_names};

/// Where it is.
pub(crate) const PATH: &str = "/etc/ld.so.cache";

const MAGIC: &[u8; 20] = b"glibc-ld.so.cache1.1";
const HEADER: usize = 48;
const ENTRY: usize = 24;

/// The header's flag for little-endian numbers.
const LITTLE_ENDIAN: u32 = 2;

/// What a library is: for glibc, and which of a machine's kinds of programs it is for.
fn flags(library: &ListedLibrary) -> Option<u32> {
    const LIBC6: u32 = 3;
    let kind = match (library.machine, library.wide) {
        (Machine::X86_64, true) => 0x0300,
        (Machine::X86_64, false) => 0x0800,
        (Machine::I386, false) => 0,
        (Machine::AARCH64, true) => 0x0a00,
        _ => return None,
    };
    Some(kind | LIBC6)
}

/// The file's bytes; none when they are more than its numbers can count. Libraries of other machines are not in it.
pub(crate) fn loader_cache(libraries: &[ListedLibrary]) -> Option<Vec<u8>> {
    let mut entries: Vec<(u32, &ListedLibrary)> = libraries.iter().filter_map(|library| Some((flags(library)?, library))).collect();
    // Of one name the first directory stays first.
    entries.sort_by(|(flags, one), (other_flags, other)| compare_names(&other.name, &one.name).then(other_flags.cmp(flags)));
    let strings: BTreeSet<&[u8]> = entries.iter().flat_map(|(_, library)| [library.name.as_slice(), &library.path]).collect();
    let (table, offsets) = lay_out(strings, HEADER + ENTRY * entries.len());
    let number = |value: usize| u32::try_from(value).ok();
    let mut bytes = MAGIC.to_vec();
    for value in [number(entries.len())?, number(table.len())?, LITTLE_ENDIAN, 0, 0, 0, 0] {
        bytes.extend(value.to_le_bytes());
    }
    for (flags, library) in entries {
        let place = |text: &[u8]| number(*offsets.get(text)?);
        // No version of the kernel, and no feature of the processor.
        for value in [flags, place(&library.name)?, place(&library.path)?, 0, 0, 0] {
            bytes.extend(value.to_le_bytes());
        }
    }
    bytes.extend(table);
    Some(bytes)
}

/// Strings in the order of their ends, so that one comes right before those that it ends in; and where each is.
fn lay_out(strings: BTreeSet<&[u8]>, start: usize) -> (Vec<u8>, BTreeMap<&[u8], usize>) {
    let mut sorted: Vec<&[u8]> = strings.into_iter().collect();
    sorted.sort_by_key(|text| Reverse(text.iter().rev().copied().collect::<Vec<u8>>()));
    let (mut table, mut offsets, mut last) = (Vec::new(), BTreeMap::new(), &[][..]);
    for text in sorted {
        if !last.ends_with(text) || last.is_empty() {
            table.extend(text);
            table.push(0);
            last = text;
        }
        // Every string lies at the table's end: the last one, or the end of it.
        offsets.insert(text, start + table.len() - 1 - text.len());
    }
    (table, offsets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(directory: &str, name: &str) -> ListedLibrary {
        let path = format!("{directory}/{name}").into_bytes();
        ListedLibrary { name: name.as_bytes().to_vec(), path, machine: Machine::X86_64, wide: true }
    }

    /// What `ldconfig -X` of glibc 2.36 writes of the same, without its extension.
    #[test]
    fn the_file_is_as_ldconfig_writes_it() {
        let foreign = ListedLibrary { machine: Machine::AARCH64, wide: false, ..library("/lib", "libx.so") };
        let libraries =
            [library("/a", "libz.so.1"), library("/a", "libz.so"), library("/a", "libm.so.6"), library("/b", "libz.so.1"), foreign];
        let bytes = loader_cache(&libraries).unwrap();
        let header: &[u8] = b"glibc-ld.so.cache1.1\x04\0\0\0\x32\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        assert_eq!(bytes.get(..HEADER), Some(header));
        let numbers: Vec<u32> = bytes[HEADER..144].chunks(4).map(|four| u32::from_le_bytes(four.try_into().unwrap())).collect();
        let places = [[0xb8, 0xb5], [0xb8, 0xa8], [0x93, 0x90], [0x9e, 0x9b]];
        let expected: Vec<u32> = places.iter().flat_map(|[name, path]| [0x303, *name, *path, 0, 0, 0]).collect();
        assert_eq!(numbers, expected);
        assert_eq!(&bytes[144..], b"/a/libz.so\0/a/libm.so.6\0/b/libz.so.1\0/a/libz.so.1\0");
    }
}
