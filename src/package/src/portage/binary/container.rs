//! A gpkg's outer archive (GLEP 78): `NAME/gpkg-1`, `NAME/metadata.tar.COMP`, `NAME/image.tar.COMP`, each with a signature beside it or not, and `NAME/Manifest`.

use std::io::{self, Read, Seek, SeekFrom};

use blake2::Blake2b512;
use sha2::{Digest as _, Sha512};

use super::manifest::{self, Line};
use super::{BinaryFault, Format, Metadata, Trust, format, section};
use crate::compression::Compression;
use crate::openpgp::{OpenPgpError, clear_text};
use crate::payload::{StreamFault, TarReader};

const PLACE: &str = "its outer archive";

/// No package has more parts than a marker, two archives, their signatures, and the Manifest; some room is left for what may come.
pub(super) const MOST_PARTS: usize = 32;

/// The longest Manifest or signature.
const LONGEST_TEXT: u64 = 1 << 20;

/// The marker of this version of the format.
const VERSION: &str = "gpkg-1";

const MANIFEST: &str = "Manifest";

/// The parts of a package.
#[derive(Debug)]
pub(super) struct Container {
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    /// Without the directory that all parts are in.
    name: String,
    offset: u64,
    length: u64,
    sha512: String,
    blake2b: String,
    /// What it says, if it is a text.
    text: Vec<u8>,
}

/// Where a packed archive is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packed {
    pub(super) offset: u64,
    /// In bytes.
    pub(super) length: u64,
    pub(super) compression: Compression,
}

/// Who of the trusted has signed a package, by the fingerprints of their primary keys, sorted. Nothing of it is unpacked.
///
/// # Errors
/// When it is no package, is not what its Manifest says, or nobody of these keys has signed it.
pub fn verify<R: Read + Seek>(mut input: R, size: u64, trust: Trust<'_>) -> Result<Vec<String>, BinaryFault> {
    match (format(&mut input, size)?, trust) {
        (Format::Gpkg, _) => Container::read(&mut input)?.verify(&mut input, trust),
        (Format::Xpak, Trust::Signature { .. }) => Err(BinaryFault::CannotBeSigned),
        (Format::Xpak, Trust::Pinned) => Ok(Vec::new()),
    }
}

impl Container {
    /// Finds the parts, and hashes them.
    pub(super) fn read<R: Read + Seek>(input: &mut R) -> Result<Self, BinaryFault> {
        let mut archive = TarReader::new(section(input, 0, u64::MAX)?, PLACE);
        let mut parts: Vec<Part> = Vec::new();
        let mut directory: Option<Vec<u8>> = None;
        while let Some(header) = archive.next()? {
            let refuse = |reason: &str| BinaryFault::from(archive.fault(&header.name, reason));
            // Some tools write the directory itself too.
            if header.kind == b'5' && !header.name.starts_with(b"/") {
                continue;
            }
            let slash = header.name.iter().position(|byte| *byte == b'/').filter(|slash| *slash > 0);
            let Some((above, [b'/', name @ ..])) = slash.and_then(|slash| header.name.split_at_checked(slash)) else {
                return Err(refuse("it is not in a directory"));
            };
            let name = str::from_utf8(name).ok().filter(|name| !name.is_empty() && !name.contains('/'));
            let name = name.ok_or_else(|| refuse("its name can't be that of a part"))?.to_owned();
            if *directory.get_or_insert_with(|| above.to_vec()) != above {
                return Err(refuse("it is in another directory than the part before it"));
            }
            if !matches!(header.kind, b'0' | b'7') {
                return Err(refuse("it is no regular file"));
            }
            if parts.iter().any(|part| part.name == name) {
                return Err(refuse("it is there twice"));
            }
            if parts.len() >= MOST_PARTS {
                return Err(refuse("there are more parts than a package has"));
            }
            let is_text = name == MANIFEST || name.ends_with(".sig");
            if is_text && header.size > LONGEST_TEXT {
                return Err(refuse("it is longer than any such text"));
            }
            let (offset, length) = (archive.position(), header.size);
            let (mut sha512, mut blake2b, mut text) = (Sha512::new(), Blake2b512::default(), Vec::new());
            archive.content(|piece| {
                sha512.update(piece);
                blake2::Digest::update(&mut blake2b, piece);
                if is_text {
                    text.extend_from_slice(piece);
                }
            })?;
            let (sha512, blake2b) = (hex(&sha512.finalize()), hex(&blake2::Digest::finalize(blake2b)));
            parts.push(Part { name, offset, length, sha512, blake2b, text });
        }
        if !parts.iter().any(|part| part.name == VERSION) {
            return Err(BinaryFault::Missing { what: "part `gpkg-1`, which tells the format's version" });
        }
        Ok(Self { parts })
    }

    /// Holds every part against the Manifest, and the Manifest and the parts' own signatures against the keys. Gives who has signed the Manifest.
    pub(super) fn verify<R: Read + Seek>(&self, input: &mut R, trust: Trust<'_>) -> Result<Vec<String>, BinaryFault> {
        let manifest = &self.part(MANIFEST).ok_or(BinaryFault::Missing { what: "Manifest" })?.text;
        let refused = |part: &str| {
            let part = part.to_owned();
            move |source| match source {
                OpenPgpError::Unsigned => BinaryFault::Unsigned,
                source => BinaryFault::Signature { part, source },
            }
        };
        let (text, signers) = match trust {
            Trust::Pinned => (clear_text(manifest).map_err(refused(MANIFEST))?, Vec::new()),
            Trust::Signature { keys, now } => {
                let signed = keys.verify_clearsigned(manifest, now).map_err(refused(MANIFEST))?;
                (signed.text, signed.fingerprints)
            }
        };
        let lines = manifest::parse(&text)?;
        for part in self.parts.iter().filter(|part| part.name != MANIFEST) {
            let line = lines.iter().find(|line| line.name == part.name);
            part.check(line.ok_or_else(|| BinaryFault::Changed { part: part.name.clone(), what: "name" })?)?;
        }
        if let Some(line) = lines.iter().find(|line| self.part(line.name).is_none()) {
            return Err(BinaryFault::Changed { part: line.name.to_owned(), what: "length (it is missing)" });
        }
        if let Trust::Signature { keys, now } = trust {
            for signature in &self.parts {
                let Some(part) = signature.name.strip_suffix(".sig").and_then(|name| self.part(name)) else { continue };
                let mut content = Stretch { input: &mut *input, offset: part.offset, length: part.length, left: 0 };
                keys.verify_detached_stream(&mut content, &signature.text, now).map_err(refused(&part.name))?;
            }
        }
        Ok(signers)
    }

    /// What the package says of itself.
    pub(super) fn metadata<R: Read + Seek>(&self, input: &mut R) -> Result<Metadata, BinaryFault> {
        let Packed { offset, length, compression } = self.packed("metadata.tar", "metadata")?;
        Metadata::read(section(input, offset, length)?, compression)
    }

    /// Where its files are.
    pub(super) fn image(&self) -> Result<Packed, BinaryFault> {
        self.packed("image.tar", "image")
    }

    fn packed(&self, stem: &str, what: &'static str) -> Result<Packed, BinaryFault> {
        let suffix = |part: &Part| part.name.strip_prefix(stem).filter(|suffix| !suffix.ends_with(".sig")).map(str::to_owned);
        let found = self.parts.iter().find_map(|part| Some((part, suffix(part)?)));
        let (part, suffix) = found.ok_or(BinaryFault::Missing { what })?;
        let compression = match suffix.as_str() {
            "" => Compression::None,
            ".gz" => Compression::Gzip,
            ".bz2" => Compression::Bzip2,
            ".xz" => Compression::Xz,
            ".zst" => Compression::Zstd,
            other => {
                let program = other.trim_start_matches('.').to_owned();
                return Err(BinaryFault::Compression { part: part.name.clone(), program });
            }
        };
        Ok(Packed { offset: part.offset, length: part.length, compression })
    }

    fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }
}

impl Part {
    fn check(&self, line: &Line<'_>) -> Result<(), BinaryFault> {
        let is = |value: Option<&str>, found: &str| value.is_none_or(|value| value.eq_ignore_ascii_case(found));
        let checks =
            [("size", line.size == self.length), ("SHA512", is(line.sha512, &self.sha512)), ("BLAKE2B", is(line.blake2b, &self.blake2b))];
        match checks.into_iter().find(|(_, holds)| !holds) {
            Some((what, _)) => Err(BinaryFault::Changed { part: self.name.clone(), what }),
            None => Ok(()),
        }
    }
}

/// A part of a file, as often as it is wanted from its beginning.
struct Stretch<'a, R> {
    input: &'a mut R,
    offset: u64,
    length: u64,
    /// What is left to read.
    left: u64,
}

impl<R: Read> Read for Stretch<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.input.read(buffer.get_mut(..length).unwrap_or_default())?;
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

impl<R: Seek> Seek for Stretch<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if to != SeekFrom::Start(0) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.left = self.length;
        self.input.seek(SeekFrom::Start(self.offset)).map(|_| 0)
    }
}

/// Lower-case digits.
pub(in crate::portage) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A read error of the parts, as a fault of the package.
impl From<io::Error> for BinaryFault {
    fn from(source: io::Error) -> Self {
        StreamFault::reading(PLACE, source).into()
    }
}
