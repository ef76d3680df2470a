//! A gpkg without what tells when it was made, by how many processors, and in which order a program's table had its hashes: the same sources then give the same
//! bytes, and so the same lock.
//!
//! Times that are later than `SOURCE_DATE_EPOCH` become that; signatures are left out, for what is compiled here is known by its hash.

use std::io::{self, Read, Write};

use blake2::Blake2b512;
use sha2::{Digest as _, Sha512};

use crate::compression::{Bounded, Compression, read_within};
use crate::payload::{BLOCK, StreamFault, TarReader, limit};
use crate::portage::binary::{BinaryFault, Metadata, hex};

const PLACE: &str = "its outer archive";

/// No extended header is longer.
const LONGEST_EXTENSION: u64 = 1 << 20;

/// No file of the metadata that is packed unpacks to more.
const LONGEST_ENVIRONMENT: u64 = 64 << 20;

/// zstd's own usual level.
const LEVEL: i32 = 3;

/// Variables of an ebuild's environment that say how many processors there were.
const OF_PROCESSORS: [&str; 3] = ["declare -x MAKEOPTS=", "declare -x GNUMAKEFLAGS=", "declare -x PORTAGE_COMPRESSION_COMMAND="];

/// Writes a package anew. `epoch` is in seconds since 1970.
pub(super) fn settle(package: &[u8], epoch: i64) -> Result<Vec<u8>, BinaryFault> {
    let mut archive = TarReader::new(package, PLACE);
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    while let Some(header) = archive.next()? {
        let name = String::from_utf8_lossy(&header.name).into_owned();
        let stem = name.rsplit_once('/').map_or(name.as_str(), |(_, stem)| stem);
        if stem == "Manifest" || stem.ends_with(".sig") {
            continue;
        }
        let content = archive.read_content(&header, u64::MAX)?;
        let packed = |compression| Packed { content: &content, compression };
        parts.push(match stem.strip_suffix(".tar.zst") {
            Some("metadata") => (name, packed(Compression::Zstd).metadata(epoch)?),
            Some("image") => (name, packed(Compression::Zstd).image(epoch)?),
            _ => (name, content),
        });
    }
    let manifest: String = parts.iter().map(|(name, content)| line(name, content)).collect();
    let above = parts.first().and_then(|(name, _)| name.rsplit_once('/')).map_or("", |(above, _)| above).to_owned();
    parts.push((format!("{above}/Manifest"), manifest.into_bytes()));
    let written = |source| BinaryFault::from(StreamFault::Write(source));
    let mut out = tar::Builder::new(Vec::new());
    for (name, content) in &parts {
        append(&mut out, name, content, epoch).map_err(written)?;
    }
    out.into_inner().map_err(written)
}

/// One of the two inner archives.
struct Packed<'a> {
    content: &'a [u8],
    compression: Compression,
}

impl Packed<'_> {
    /// The same files with other contents where these tell the time or the machine.
    fn metadata(&self, epoch: i64) -> Result<Vec<u8>, BinaryFault> {
        let written = |source| BinaryFault::from(StreamFault::Write(source));
        let metadata = Metadata::read(self.content, self.compression)?;
        let environment = metadata.environment()?.map(|text| without_processors(&text));
        let mut out = tar::Builder::new(Vec::new());
        for (name, content) in metadata.files() {
            let content = match (name, &environment) {
                ("BUILD_TIME", _) => format!("{epoch}\n").into_bytes(),
                ("environment.bz2", Some(text)) => bzip2(text).map_err(written)?,
                // In the order of a directory's entries, which a file system has as it likes.
                (needed, _) if needed.starts_with("NEEDED") => sorted(content),
                _ => content.to_vec(),
            };
            append(&mut out, &format!("metadata/{name}"), &content, epoch).map_err(written)?;
        }
        zstd::encode_all(&out.into_inner().map_err(written)?[..], LEVEL).map_err(written)
    }

    /// The same archive with other times.
    fn image(&self, epoch: i64) -> Result<Vec<u8>, BinaryFault> {
        const PLACE: &str = "its image";
        let failed = |source| BinaryFault::from(StreamFault::reading(PLACE, source));
        let length = self.content.len() as u64;
        let input = Bounded { input: self.compression.decode(self.content).map_err(failed)?, left: limit(length) };
        let mut out = zstd::Encoder::new(Vec::new(), LEVEL).map_err(failed)?;
        clamp(input, &mut out, epoch).map_err(failed)?;
        out.finish().map_err(failed)
    }
}

/// Copies an archive; what it says to be later than `epoch` is of that time.
fn clamp(mut input: impl Read, out: &mut impl Write, epoch: i64) -> io::Result<()> {
    let epoch = u64::try_from(epoch).unwrap_or_default();
    loop {
        let mut header = tar::Header::new_old();
        if let Err(error) = input.read_exact(header.as_mut_bytes()) {
            return if error.kind() == io::ErrorKind::UnexpectedEof { Ok(()) } else { Err(error) };
        }
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            // The end: two blocks of zeros, whatever padding followed.
            io::copy(&mut input, &mut io::sink())?;
            return out.write_all(&[0; 2 * BLOCK]);
        }
        if header.mtime()? > epoch {
            header.set_mtime(epoch);
            header.set_cksum();
        }
        out.write_all(header.as_bytes())?;
        let size = header.entry_size()?;
        let padded = size.checked_next_multiple_of(BLOCK as u64).ok_or(io::ErrorKind::InvalidData)?;
        if header.entry_type().is_pax_local_extensions() {
            let text = read_within((&mut input).take(padded), LONGEST_EXTENSION)?.ok_or(io::ErrorKind::InvalidData)?;
            out.write_all(&clamp_records(text, epoch))?;
        } else if io::copy(&mut (&mut input).take(padded), out)? != padded {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The same records, in which a time that is later is written with as many digits: `27 mtime=1795328048.5…` may begin with zeros.
fn clamp_records(mut text: Vec<u8>, epoch: u64) -> Vec<u8> {
    for name in [&b" mtime="[..], b" atime=", b" ctime="] {
        let Some(at) = memchr::memmem::find(&text, name) else { continue };
        let begin = at + name.len();
        let length = text.iter().skip(begin).take_while(|byte| **byte != b'\n').count();
        let Some(value) = text.get_mut(begin..begin + length) else { continue };
        let seconds: Option<u64> = str::from_utf8(value).ok().and_then(|value| value.split('.').next()?.parse().ok());
        let digits = format!("{epoch:0length$}");
        if seconds.is_some_and(|seconds| seconds >= epoch) && digits.len() == length {
            value.copy_from_slice(digits.as_bytes());
        }
    }
    text
}

fn without_processors(environment: &[u8]) -> Vec<u8> {
    let is_kept = |line: &&[u8]| !OF_PROCESSORS.iter().any(|name| line.starts_with(name.as_bytes()));
    environment.split_inclusive(|byte| *byte == b'\n').filter(is_kept).flatten().copied().collect()
}

fn sorted(lines: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = lines.split_inclusive(|byte| *byte == b'\n').collect();
    lines.sort_unstable();
    lines.concat()
}

fn bzip2(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    bzip2::read::BzEncoder::new(text, bzip2::Compression::best()).take(LONGEST_ENVIRONMENT).read_to_end(&mut packed)?;
    Ok(packed)
}

/// A line of the Manifest.
fn line(name: &str, content: &[u8]) -> String {
    let (blake2b, sha512) = (hex(&<Blake2b512 as blake2::Digest>::digest(content)), hex(&Sha512::digest(content)));
    let stem = name.rsplit_once('/').map_or(name, |(_, stem)| stem);
    format!("DATA {stem} {} BLAKE2B {blake2b} SHA512 {sha512}\n", content.len())
}

fn append(out: &mut tar::Builder<Vec<u8>>, name: &str, content: &[u8], epoch: i64) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(u64::try_from(epoch).unwrap_or_default());
    out.append_data(&mut header, name, content)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::portage::binary::{BinaryContent, Trust, read_binary};

    const EPOCH: i64 = 1_700_000_000;

    fn archive(files: &[(&str, &[u8], u64)]) -> Vec<u8> {
        let mut out = tar::Builder::new(Vec::new());
        for (name, content, mtime) in files {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Regular);
            header.set_size(content.len() as u64);
            header.set_mode(0o755);
            header.set_mtime(*mtime);
            out.append_data(&mut header, name, *content).unwrap();
        }
        out.into_inner().unwrap()
    }

    /// A package as it is made at a time, by so many processors, with a Manifest in some order.
    fn made(at: u64, processors: &str, hashes: &str, needed: &str) -> Vec<u8> {
        let environment = bzip2(format!("declare -x MAKEOPTS=\"-j{processors}\"\ndeclare -x P=\"b-1\"\n").as_bytes()).unwrap();
        let metadata = archive(&[
            ("metadata/CATEGORY", b"a\n", at),
            ("metadata/PF", b"b-1\n", at),
            ("metadata/BUILD_TIME", format!("{at}\n").as_bytes(), at),
            ("metadata/NEEDED", needed.as_bytes(), at),
            ("metadata/environment.bz2", &environment, at),
        ]);
        let image = archive(&[("image/new", b"x", at), ("image/old", b"y", 1000)]);
        let packed = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
        let manifest = format!("DATA gpkg-1 0 {hashes}\n");
        archive(&[
            ("b-1-1/gpkg-1", b"", at),
            ("b-1-1/metadata.tar.zst", &packed(&metadata), at),
            ("b-1-1/metadata.tar.zst.sig", b"signature", at),
            ("b-1-1/image.tar.zst", &packed(&image), at),
            ("b-1-1/Manifest", manifest.as_bytes(), at),
        ])
    }

    fn read(package: &[u8]) -> BinaryContent {
        read_binary(Cursor::new(package), package.len() as u64, Trust::Pinned, &mut io::sink()).unwrap()
    }

    #[test]
    fn what_was_made_at_another_time_elsewhere_has_the_same_bytes() {
        let one = settle(&made(1_800_000_000, "2", "SHA512 a BLAKE2B b", "/x\n/y\n"), EPOCH).unwrap();
        let other = settle(&made(1_900_000_000, "64", "BLAKE2B b SHA512 a", "/y\n/x\n"), EPOCH).unwrap();
        assert_eq!(one, other);
        let content = read(&one);
        assert_eq!((content.metadata.build_time(), content.metadata.title().as_str()), (EPOCH, "a/b-1"));
        assert_eq!(content.metadata.environment().unwrap().unwrap(), b"declare -x P=\"b-1\"\n");
        let times: Vec<i64> = content.entries.iter().map(|entry| entry.mtime).collect();
        assert_eq!(times, [EPOCH, 1000]);
    }

    #[test]
    fn a_package_that_is_cut_is_refused() {
        let whole = made(1, "1", "SHA512 a", "");
        assert!(settle(&whole[..1000], EPOCH).is_err());
        assert!(settle(b"no archive at all, and yet longer than nothing", EPOCH).is_err());
    }

    #[test]
    fn times_of_extended_headers_keep_their_length() {
        let records = |mtime: &str| format!("30 mtime={mtime}\n20 path=usr/bin/xyz\n").into_bytes();
        assert_eq!(clamp_records(records("1795328048.123456"), 17), records("00000000000000017"));
        assert_eq!(clamp_records(records("16.5"), 17), records("16.5"));
    }
}
