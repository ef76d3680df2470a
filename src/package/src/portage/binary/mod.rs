//! A binary package of portage's, in either of its formats: what it says of itself, and its files.
//!
//! ```text
//! gpkg (GLEP 78)   an archive of archives: metadata, image, and a Manifest with their hashes, which may be signed
//! xpak (xpak(5))   an archive of files with the metadata behind it; nothing in it can be signed
//! ```

mod container;
mod error;
mod fault;
mod image;
mod layer;
mod manifest;
mod metadata;
mod xpak;

use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use md5::{Digest as _, Md5};

use crate::openpgp::Keyring;
use crate::payload::{ArchivedEntry, StreamFault};

pub(super) use container::hex;
pub use container::verify;
pub use error::BinaryError;
pub use fault::BinaryFault;
pub use metadata::Metadata;

use container::Container;
use image::read_image;

/// Why a package may be believed.
#[derive(Debug, Clone, Copy)]
pub enum Trust<'a> {
    /// One of these keys has signed it.
    Signature {
        /// Who may.
        keys: &'a Keyring,
        /// Seconds since 1970.
        now: i64,
    },
    /// It is known by the hash of its file, which a lock pins, or the user takes what nobody signed. The hashes inside must hold all the same.
    Pinned,
}

/// In which format a package is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// GLEP 78's.
    Gpkg,
    /// The older one.
    Xpak,
}

/// What a package holds, but for the bytes of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinaryContent {
    /// Its format.
    pub format: Format,
    /// The MD5 of the package's file, as portage notes it of what it installs.
    pub md5: [u8; 16],
    /// The small files that describe it.
    pub metadata: Metadata,
    /// Its files in the archive's order; offsets are in what was written to the layer.
    pub entries: Vec<BinaryEntry>,
}

/// A package whose files lie uncompressed in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinaryLayer {
    /// What it holds.
    pub content: BinaryContent,
    /// Its files as a plain tar archive, which the offsets of the entries mean.
    pub data: PathBuf,
}

/// One entry of a package's image. Sums are of regular files' contents alone, as `CONTENTS` has them: MD5.
pub type BinaryEntry = ArchivedEntry<[u8; 16]>;

/// Reads a package of `size` bytes and writes its files, uncompressed, to `layer`: a valid tar archive.
///
/// Nothing inside is unpacked before `trust` holds, and before every part of a gpkg has the hashes that its Manifest says.
///
/// # Errors
/// What is wrong with the package, or [`StreamFault::Write`]. `layer` may then hold a part, which must not be used.
pub fn read_binary<R: Read + Seek>(mut input: R, size: u64, trust: Trust<'_>, layer: &mut dyn Write) -> Result<BinaryContent, BinaryFault> {
    let md5 = md5_of(&mut input)?;
    match format(&mut input, size)? {
        Format::Gpkg => {
            let container = Container::read(&mut input)?;
            container.verify(&mut input, trust)?;
            let metadata = container.metadata(&mut input)?;
            let image = container.image()?;
            let packed = section(&mut input, image.offset, image.length)?;
            let entries = read_image(packed, image.compression, image.length, b"image", layer)?;
            Ok(BinaryContent { format: Format::Gpkg, md5, metadata, entries })
        }
        Format::Xpak => {
            if let Trust::Signature { .. } = trust {
                return Err(BinaryFault::CannotBeSigned);
            }
            let xpak::Xpak { metadata, archive } = xpak::read(&mut input, size)?;
            let compression = xpak::compression(&mut section(&mut input, 0, archive)?)?;
            let entries = read_image(section(&mut input, 0, archive)?, compression, archive, b".", layer)?;
            Ok(BinaryContent { format: Format::Xpak, md5, metadata, entries })
        }
    }
}

/// Which format a file is in: XPAK has its mark at the end, GPKG is a tar archive.
pub(super) fn format<R: Read + Seek>(input: &mut R, size: u64) -> Result<Format, BinaryFault> {
    if xpak::is_there(input, size)? {
        return Ok(Format::Xpak);
    }
    let mut block = [0; 512];
    let is_tar = size >= 512 && section(input, 0, 512)?.read_exact(&mut block).is_ok() && block.get(257..262) == Some(b"ustar");
    if is_tar { Ok(Format::Gpkg) } else { Err(BinaryFault::NoPackage) }
}

/// A stretch of a file, read from its beginning.
fn section<R: Read + Seek>(input: &mut R, offset: u64, length: u64) -> Result<BufReader<io::Take<&mut R>>, BinaryFault> {
    input.seek(SeekFrom::Start(offset)).map_err(|source| StreamFault::Read { place: "the package", source })?;
    Ok(BufReader::with_capacity(crate::compression::BUFFER, input.take(length)))
}

fn md5_of<R: Read + Seek>(input: &mut R) -> Result<[u8; 16], BinaryFault> {
    let mut hash = Md5::new();
    let mut all = section(input, 0, u64::MAX)?;
    loop {
        let piece = io::BufRead::fill_buf(&mut all).map_err(|source| StreamFault::Read { place: "the package", source })?;
        if piece.is_empty() {
            return Ok(hash.finalize().into());
        }
        hash.update(piece);
        let length = piece.len();
        io::BufRead::consume(&mut all, length);
    }
}
