use std::collections::HashMap;

use rootfs_tree::Digest;

use super::header::Header;
use super::signature::parse_digest;
use super::{RpmFault, capabilities, tags};

/// No package has more: Fedora's largest has 100,000.
const MOST_FILES: usize = 4 << 20;

/// The longest path that Linux takes, and the longest name in a directory.
const LONGEST_PATH: usize = 4095;
const LONGEST_NAME: usize = 255;

/// The type in a mode.
const TYPE: u64 = 0o170_000;
const DIRECTORY: u64 = 0o040_000;
const REGULAR: u64 = 0o100_000;
const SYMLINK: u64 = 0o120_000;
const CHAR_DEVICE: u64 = 0o020_000;
const BLOCK_DEVICE: u64 = 0o060_000;
const FIFO: u64 = 0o010_000;

/// A file as the header tells of it.
#[derive(Debug)]
pub(super) struct HeaderFile {
    /// Relative: never empty, no component empty, `.` or `..`, no control characters.
    pub(super) path: Vec<u8>,
    pub(super) kind: HeaderKind,
    /// `0o7777` at most.
    pub(super) mode: u16,
    pub(super) user: Vec<u8>,
    pub(super) group: Vec<u8>,
    pub(super) mtime: i64,
    /// The value of `security.capability`.
    pub(super) capability: Option<Vec<u8>>,
    /// The package owns it, but doesn't bring it.
    pub(super) ghost: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeaderKind {
    Directory,
    File {
        length: u64,
        sha256: Option<Digest>,
        /// Files of the same number are names of one.
        set: Option<usize>,
    },
    Symlink(Vec<u8>),
    CharDevice(u32, u32),
    BlockDevice(u32, u32),
    Fifo,
}

/// Every list that the header has of its files, each as long as the list of names.
struct Lists<'h> {
    modes: Vec<u64>,
    sizes: Vec<u64>,
    mtimes: Vec<u64>,
    flags: Vec<u64>,
    devices: Vec<u64>,
    inodes: Vec<u64>,
    users: Vec<&'h [u8]>,
    groups: Vec<&'h [u8]>,
    links: Vec<&'h [u8]>,
    digests: Vec<&'h [u8]>,
    capabilities: Vec<&'h [u8]>,
    has_sha256: bool,
}

/// The files in the header's order, which the payload numbers them by.
pub(super) fn read_files(header: &Header) -> Result<Vec<HeaderFile>, RpmFault> {
    let names = header.texts(tags::BASE_NAMES)?;
    if names.is_empty() {
        return Ok(Vec::new());
    }
    if names.len() > MOST_FILES {
        return Err(RpmFault::Tag { tag: tags::BASE_NAMES, reason: "there are too many files" });
    }
    let directories = header.texts(tags::DIRECTORY_NAMES)?;
    let indexes = header.numbers(tags::DIRECTORY_INDEXES)?;
    let lists = Lists::read(header, names.len())?;
    let mut sets = HashMap::new();
    let mut seen = HashMap::with_capacity(names.len());
    let mut files = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let directory = indexes.get(at).and_then(|index| directories.get(usize::try_from(*index).ok()?));
        let directory = directory.ok_or(RpmFault::Tag { tag: tags::DIRECTORY_INDEXES, reason: "it names no directory" })?;
        let raw = [directory, *name].concat();
        let path = clean(&raw).map_err(|reason| RpmFault::file(&raw, reason))?;
        if seen.insert(path.to_vec(), at).is_some() {
            return Err(RpmFault::file(path, "it is there twice"));
        }
        files.push(lists.file(at, path, &mut sets)?);
    }
    check_places(&files, &seen)?;
    Ok(files)
}

impl<'h> Lists<'h> {
    fn read(header: &'h Header, count: usize) -> Result<Self, RpmFault> {
        // A list that is shorter than the names is as bad as none, but for those that a package may lack.
        let numbers = |tag: u32| fitting(tag, header.numbers(tag)?, count);
        let texts = |tag: u32| fitting(tag, header.texts(tag)?, count);
        let optional = |tag: u32| if header.has(tag) { texts(tag) } else { Ok(vec![&b""[..]; count]) };
        let sizes = if header.has(tags::LONG_FILE_SIZES) { tags::LONG_FILE_SIZES } else { tags::FILE_SIZES };
        let algorithm = header.numbers(tags::FILE_DIGEST_ALGORITHM)?;
        Ok(Self {
            modes: numbers(tags::FILE_MODES)?,
            sizes: numbers(sizes)?,
            mtimes: numbers(tags::FILE_MTIMES)?,
            flags: numbers(tags::FILE_FLAGS)?,
            devices: numbers(tags::FILE_DEVICES)?,
            inodes: numbers(tags::FILE_INODES)?,
            users: texts(tags::FILE_USERS)?,
            groups: texts(tags::FILE_GROUPS)?,
            links: texts(tags::FILE_LINKS)?,
            digests: optional(tags::FILE_DIGESTS)?,
            capabilities: optional(tags::FILE_CAPABILITIES)?,
            has_sha256: algorithm.first() == Some(&tags::SHA256),
        })
    }

    fn file(&self, at: usize, path: &[u8], sets: &mut HashMap<u64, usize>) -> Result<HeaderFile, RpmFault> {
        let number = |list: &[u64]| list.get(at).copied().unwrap_or_default();
        let text = |list: &[&'h [u8]]| list.get(at).copied().unwrap_or_default();
        let mode = number(&self.modes);
        let device = number(&self.devices);
        // Eight bits each, as rpm has kept them since it had 16.
        let major = u32::try_from(device >> 8 & 0xff).unwrap_or(0);
        let minor = u32::try_from(device & 0xff).unwrap_or(0);
        let kind = match mode & TYPE {
            DIRECTORY => HeaderKind::Directory,
            REGULAR => {
                let set = *sets.entry(number(&self.inodes)).or_insert(at);
                let sha256 = if self.has_sha256 { parse_digest(text(&self.digests)) } else { None };
                HeaderKind::File { length: number(&self.sizes), sha256, set: Some(set) }
            }
            SYMLINK => {
                let target = text(&self.links);
                if target.is_empty() || target.len() > LONGEST_PATH {
                    return Err(RpmFault::file(path, "it is a symbolic link to nothing, or to a name longer than any"));
                }
                HeaderKind::Symlink(target.to_vec())
            }
            CHAR_DEVICE => HeaderKind::CharDevice(major, minor),
            BLOCK_DEVICE => HeaderKind::BlockDevice(major, minor),
            FIFO => HeaderKind::Fifo,
            _ => return Err(RpmFault::file(path, "its type is not supported")),
        };
        let capability = match text(&self.capabilities) {
            b"" => None,
            text => {
                let attribute = str::from_utf8(text).ok().and_then(capabilities::attribute);
                Some(attribute.ok_or_else(|| RpmFault::file(path, format!("its capabilities are `{}`", text.escape_ascii())))?)
            }
        };
        Ok(HeaderFile {
            path: path.to_vec(),
            kind,
            mode: u16::try_from(mode & 0o7777).unwrap_or(0),
            user: text(&self.users).to_vec(),
            group: text(&self.groups).to_vec(),
            mtime: i64::try_from(number(&self.mtimes)).unwrap_or(i64::MAX),
            capability,
            ghost: number(&self.flags) & tags::GHOST != 0,
        })
    }
}

fn fitting<T>(tag: u32, list: Vec<T>, count: usize) -> Result<Vec<T>, RpmFault> {
    if list.len() == count { Ok(list) } else { Err(RpmFault::Tag { tag, reason: "it has not a value for every file" }) }
}

/// A path as headers have it, without its first slash.
fn clean(raw: &[u8]) -> Result<&[u8], &'static str> {
    let path = raw.strip_prefix(b"/").ok_or("its path is not absolute")?;
    if path.is_empty() || path.len() > LONGEST_PATH {
        return Err("its path is empty or longer than any");
    }
    if path.iter().any(u8::is_ascii_control) {
        return Err("its path has a control character");
    }
    for name in path.split(|byte| *byte == b'/') {
        match name {
            b"" => return Err("its path has an empty component"),
            b"." | b".." => return Err("its path has a component `.` or `..`"),
            _ if name.len() > LONGEST_NAME => return Err("its path has a component longer than 255 bytes"),
            _ => {}
        }
    }
    Ok(path)
}

/// Nothing may lie below what is no directory in the same package: that would lead anywhere.
fn check_places(files: &[HeaderFile], known: &HashMap<Vec<u8>, usize>) -> Result<(), RpmFault> {
    for file in files {
        let above = file.path.iter().enumerate().filter(|(_, byte)| **byte == b'/').filter_map(|(end, _)| file.path.get(..end));
        for directory in above {
            let there = known.get(directory).and_then(|at| files.get(*at));
            if there.is_some_and(|there| there.kind != HeaderKind::Directory && !there.ghost) {
                return Err(RpmFault::file(&file.path, format!("it lies below `{}`, which is no directory", directory.escape_ascii())));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_the_root_or_cannot_be_are_refused() {
        let long = [b"/".as_slice(), &[b'a'; 256]].concat();
        for raw in [&b""[..], b"/", b"etc", b"/..", b"/../x", b"/a/..", b"/a/../b", b"/./a", b"/a//b", b"/a/", b"/a\nb", &long] {
            assert!(clean(raw).is_err(), "{}", raw.escape_ascii());
        }
        assert_eq!(clean(b"/usr/bin/["), Ok(&b"usr/bin/["[..]));
    }
}
