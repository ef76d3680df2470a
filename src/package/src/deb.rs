//! Debian binary packages, read without dpkg.
//!
//! A package is an `ar` archive of three members: `debian-binary`, `control.tar.*` and `data.tar.*` (deb(5)). [`read_deb`] reads one front to
//! back in a single pass; whatever an archive says is checked before it is believed, with dpkg's own rules where dpkg has one.

mod ar;
mod control;
mod error;
mod index;
pub(crate) mod path;
mod payload;
mod reader;
mod tar;
mod tree;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use error::{DebError, DebFault};
pub use reader::{DebContent, read_deb};

use crate::payload::EntryKind;

/// A package whose payload lies uncompressed in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebLayer {
    /// The control archive's files by name: `control`, `postinst`, `md5sums`, …
    pub control: BTreeMap<String, ControlFile>,
    /// The payload as a plain tar archive, which the offsets in `entries` mean.
    pub data: PathBuf,
    /// The payload in the archive's order.
    pub entries: Vec<DebEntry>,
}

impl DebLayer {
    /// What it says of itself: the text of its file `control`, which every package has.
    #[must_use]
    pub fn own_stanza(&self) -> &[u8] {
        self.control.get("control").map(|file| file.content.as_slice()).unwrap_or_default()
    }
}

/// One file of the control archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlFile {
    /// All of it.
    pub content: Vec<u8>,
    /// Permission bits, `0o7777` at most.
    pub mode: u16,
}

/// One entry of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebEntry {
    /// Relative, without `./` and final slash; empty for the root itself. No component is empty, `.` or `..`; there is no NUL and no newline.
    pub path: Vec<u8>,
    /// The type with what only that type has.
    pub kind: EntryKind,
    /// Permission bits, `0o7777` at most.
    pub mode: u16,
    /// Owner, by number.
    pub uid: u32,
    /// Group, by number.
    pub gid: u32,
    /// Seconds since 1970.
    pub mtime: i64,
    /// MD5 of a regular file's content, which dpkg keeps of conffiles; none of anything else.
    pub md5: Option<[u8; 16]>,
}
