//! Package files, `NAME-VERSION-RELEASE.ARCH.rpm`, of rpm 4 and 6: a lead, a header of signatures, a header, and a compressed archive.
//!
//! A reader of our own, since the crate `rpm` keeps whole payloads in memory and leaves what a signature is worth to others; here all of it is bounded, goes
//! front to back, and signatures count by the same rules as everywhere ([`crate::openpgp`]).

mod capabilities;
mod compression;
mod cpio;
mod error;
mod fault;
mod files;
mod header;
mod layer;
mod payload;
mod read;
mod relations;
mod signature;
mod tags;
mod tree;

use std::path::PathBuf;

use crate::openpgp::Keyring;
use crate::payload::EntryKind;

pub(super) use compression::decode_by_suffix;
pub use error::RpmError;
pub use fault::RpmFault;
pub(crate) use read::read_rpm_relations;
pub use read::{read_rpm, read_rpm_header};
pub(crate) use relations::RpmRelation;
pub(crate) use relations::RpmRelations;
pub use tree::Owners;

/// Why a package may be believed.
#[derive(Debug, Clone, Copy)]
pub enum Trust<'a> {
    /// One of these certificates has signed its header.
    Signature {
        /// Whose signatures count.
        keys: &'a Keyring,
        /// In seconds since 1970.
        now: i64,
    },
    /// It is known by the hash of its file, which a lock pins; the lock was made of signed packages.
    Pinned,
}

/// Who a package says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpmIdentity {
    /// Its name.
    pub name: String,
    /// Counts before the version; none is as good as 0.
    pub epoch: Option<u32>,
    /// Its version.
    pub version: String,
    /// Of the packaging of that version.
    pub release: String,
    /// `noarch`, or the processor's.
    pub architecture: String,
    /// Seconds since 1970; 0 when it doesn't say.
    pub build_time: i64,
}

impl RpmIdentity {
    /// `NAME-VERSION-RELEASE.ARCH`, as rpm prints it while it installs.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}-{}-{}.{}", self.name, self.version, self.release, self.architecture)
    }

    /// `[EPOCH:]VERSION-RELEASE`.
    #[must_use]
    pub fn evr(&self) -> String {
        let epoch = self.epoch.filter(|epoch| *epoch != 0).map(|epoch| format!("{epoch}:")).unwrap_or_default();
        format!("{epoch}{}-{}", self.version, self.release)
    }
}

/// What the headers of a package say, as far as it matters before rpm installs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpmHeader {
    /// Who it is.
    pub identity: RpmIdentity,
    /// The certificates whose signatures of it count, by the upper-case fingerprints of their primary keys, sorted; none when nobody asked for one.
    pub fingerprints: Vec<String>,
    /// The directories in the root itself that it owns: name, permission bits, and seconds since 1970.
    pub top_directories: Vec<(Vec<u8>, u16, i64)>,
}

/// What a package holds, but for the bytes of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpmContent {
    /// Who it is.
    pub identity: RpmIdentity,
    /// Its files in the header's order; offsets are in what was written to the layer. Ghosts are not among them.
    pub entries: Vec<RpmEntry>,
}

/// A package whose files lie uncompressed in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpmLayer {
    /// What it holds.
    pub content: RpmContent,
    /// The contents of its files, one behind another.
    pub data: PathBuf,
}

/// One file of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpmEntry {
    /// Relative, without a final slash: never empty, no component is empty, `.` or `..`, no control characters. Nothing lies below what is no directory.
    pub path: Vec<u8>,
    /// The type with what only that type has.
    pub kind: EntryKind,
    /// Permission bits, `0o7777` at most.
    pub mode: u16,
    /// Owner, by name.
    pub user: Vec<u8>,
    /// Group, by name.
    pub group: Vec<u8>,
    /// Seconds since 1970.
    pub mtime: i64,
    /// The value of the attribute `security.capability`.
    pub capability: Option<Vec<u8>>,
}
