//! A package, `NAME-VERSION.apk`: gzip members of its signature, its control archive and its files' archive.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;

use rootfs_tree::Digest;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::gzip::{check_start, read_member};
use super::index::read_signatures;
use super::keys::{PublicKeys, Signature};
use super::payload::read_payload;
use super::{ApkFault, PackageInfo, ScriptKind, Sha1Sum};
use crate::compression::BUFFER;
use crate::payload::{self, ArchivedEntry, Hashed, StreamFault, TarReader};

/// What a control archive may unpack to: scripts, and one list.
const CONTROL_LIMIT: u64 = 16 << 20;

/// Why a package may be believed.
#[derive(Debug, Clone, Copy)]
pub enum Trust<'a> {
    /// A verified index names it so.
    Identity(Sha1Sum),
    /// One of these keys has signed it.
    Signature(&'a PublicKeys),
    /// It is known by the hash of its file, which a lock pins; the lock was made of a verified index.
    Pinned,
}

/// What a package holds, but for the bytes of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApkContent {
    /// The SHA-1 of its control member.
    pub identity: Sha1Sum,
    /// `.PKGINFO` as it stands.
    pub info_text: String,
    /// What it says. Its package's identity and size are filled in.
    pub info: PackageInfo,
    /// Its scripts.
    pub scripts: BTreeMap<ScriptKind, Vec<u8>>,
    /// Its files in the archive's order; offsets are in what was written to the layer.
    pub entries: Vec<ApkEntry>,
}

/// A package whose files lie uncompressed in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApkLayer {
    /// What it holds.
    pub content: ApkContent,
    /// Its files as a plain tar archive, which the offsets of the entries mean.
    pub data: PathBuf,
}

/// One entry of a payload. The sum of a link is that of what it says; names have no control characters.
pub type ApkEntry = ArchivedEntry<Sha1Sum>;

/// Reads a package of `size` bytes front to back and writes its files, uncompressed, to `layer`: a valid tar archive.
///
/// Nothing of the control archive is looked at before `trust` holds for it, and every file has the checksum that the archive says; the files' archive has the hash
/// that the control archive says, which is known when all of it was written. Refused are besides: packages of apk-tools 3, and those of before
/// apk-tools 2 that have no `datahash`; what is longer than any package needs; names that leave the root or have control characters; files
/// whose directory is not in the package before them, or lies behind a link; anything twice.
///
/// # Errors
/// What is wrong with the package, or [`StreamFault::Write`]. `layer` may then hold a part, which must not be used.
pub fn read_apk(input: impl Read, size: u64, trust: Trust<'_>, layer: &mut dyn Write) -> Result<ApkContent, ApkFault> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    check_start(input.fill_buf().map_err(|source| StreamFault::reading("its beginning", source))?)?;
    let (signatures, control) = read_control_member(&mut input)?;
    let identity = Sha1Sum(control.sha1.finalize().into());
    match trust {
        Trust::Identity(expected) if expected != identity => return Err(ApkFault::Identity { expected, found: identity }),
        Trust::Identity(_) | Trust::Pinned => {}
        Trust::Signature(keys) => {
            keys.verify(&signatures, &control.packed)?;
        }
    }
    let (info_text, scripts) = read_control(&control.unpacked)?;
    let mut info = PackageInfo::parse(&info_text)?;
    (info.package.identity, info.package.size) = (identity, size);
    let expected = info.data_hash.ok_or(ApkFault::Missing { what: "`datahash` in .PKGINFO" })?;
    let limit = payload::limit(size);
    let mut data = Hashed { input, digest: Sha256::new() };
    let entries = read_payload(&mut data, limit, layer)?;
    let found = Digest(data.digest.finalize().into());
    if found != expected {
        return Err(ApkFault::DataHash { expected, found });
    }
    Ok(ApkContent { identity, info_text, info, scripts, entries })
}

/// A control member: its hash, and both its forms.
struct ControlMember {
    sha1: Sha1,
    packed: Vec<u8>,
    unpacked: Vec<u8>,
}

/// The signatures before the control member, if there are any, and the member.
fn read_control_member(input: &mut impl BufRead) -> Result<(Vec<Signature>, ControlMember), ApkFault> {
    let first = read_kept_member(input)?;
    let signatures = read_signatures(&first.unpacked)?;
    if signatures.is_empty() { Ok((signatures, first)) } else { Ok((signatures, read_kept_member(input)?)) }
}

fn read_kept_member(input: &mut impl BufRead) -> Result<ControlMember, ApkFault> {
    let mut kept = Kept { input: Hashed { input, digest: Sha1::new() }, packed: Vec::new() };
    let unpacked = read_member(&mut kept, "its control member", CONTROL_LIMIT)?;
    Ok(ControlMember { sha1: kept.input.digest, packed: kept.packed, unpacked })
}

/// Keeps what is consumed of a reader.
struct Kept<R> {
    input: R,
    packed: Vec<u8>,
}

impl<R: BufRead> Read for Kept<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Kept<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // What is consumed lies in the buffer already, so that nothing is read here.
        if let Ok(buffer) = self.input.fill_buf() {
            self.packed.extend_from_slice(buffer.get(..amount).unwrap_or(buffer));
        }
        self.input.consume(amount);
    }
}

/// `.PKGINFO` and the scripts; other files of a control archive mean nothing to apk.
fn read_control(unpacked: &[u8]) -> Result<(String, BTreeMap<ScriptKind, Vec<u8>>), ApkFault> {
    let mut archive = TarReader::new(unpacked, "its control archive");
    let (mut info, mut scripts) = (None, BTreeMap::new());
    while let Some(header) = archive.next()? {
        if header.name == b".PKGINFO" {
            if info.is_some() {
                return Err(archive.fault(&header.name, "it is there twice").into());
            }
            info = Some(String::from_utf8_lossy(&archive.read_content(&header, CONTROL_LIMIT)?).into_owned());
        } else if let Some(kind) = ScriptKind::from_member(&header.name) {
            let text = archive.read_content(&header, CONTROL_LIMIT)?;
            if scripts.insert(kind, text).is_some() {
                return Err(archive.fault(&header.name, "it is there twice").into());
            }
        }
    }
    Ok((info.ok_or(ApkFault::Missing { what: ".PKGINFO" })?, scripts))
}
