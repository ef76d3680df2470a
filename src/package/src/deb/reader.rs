use std::collections::BTreeMap;
use std::io::{BufReader, Read, Write};

use super::ar::{ArReader, Member};
use super::control::{CONTROL_LIMIT, read_control};
use super::payload::read_payload;
use super::{ControlFile, DebEntry, DebFault};
use crate::compression::{BUFFER, Bounded, Compression, is_limit};
use crate::payload;

/// What a package holds, but for the bytes of its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebContent {
    /// The control archive's files by name.
    pub control: BTreeMap<String, ControlFile>,
    /// The payload in the archive's order; offsets are in what was written to the layer.
    pub entries: Vec<DebEntry>,
}

/// Reads a package of `size` bytes front to back and writes its payload, uncompressed, to `layer`: a valid tar archive.
///
/// Refused are: members out of order or twice; a control archive above 16 MiB; a payload that unpacks to more than 512 MiB and 200 times its size,
/// or to more than 64 GiB; names with `..`, empty components, NUL or newline; anything twice; hard links to what is not a file before them; what lies below such; pax
/// headers and sparse files.
///
/// # Errors
/// What is wrong with the package, or [`DebFault::Write`]. `layer` may then hold a part.
pub fn read_deb(input: impl Read, size: u64, layer: &mut dyn Write) -> Result<DebContent, DebFault> {
    let mut archive = ArReader::new(input, size)?;
    check_version(&mut archive)?;
    let (member, compression) = expect_member(&mut archive, "control.tar")?;
    let control = read_member(&mut archive, &member, compression, CONTROL_LIMIT, |input| read_control(input))?;
    let (member, compression) = expect_member(&mut archive, "data.tar")?;
    let limit = payload::limit(member.size);
    let entries = read_member(&mut archive, &member, compression, limit, |input| read_payload(input, layer))?;
    check_rest(&mut archive)?;
    Ok(DebContent { control, entries })
}

fn check_version(archive: &mut ArReader<impl Read>) -> Result<(), DebFault> {
    let member = archive.next()?.ok_or_else(|| DebFault::Truncated { place: "the archive's magic".to_owned() })?;
    if member.name != "debian-binary" {
        return Err(DebFault::Member { name: member.name, reason: "the first one must be `debian-binary`".to_owned() });
    }
    let mut version = Vec::new();
    archive.take(16).read_to_end(&mut version).map_err(|source| DebFault::Read { place: "member `debian-binary`".to_owned(), source })?;
    // A newer minor version is promised to be readable, deb(5).
    if version.starts_with(b"2.") && version.contains(&b'\n') {
        Ok(())
    } else {
        Err(DebFault::Version { found: version.trim_ascii_end().escape_ascii().to_string() })
    }
}

/// The next member but for those that begin with `_`, which deb(5) lets anybody add.
fn expect_member(archive: &mut ArReader<impl Read>, stem: &str) -> Result<(Member, Compression), DebFault> {
    while let Some(member) = archive.next()? {
        if member.name.starts_with('_') {
            continue;
        }
        let Some(suffix) = member.name.strip_prefix(stem) else {
            return Err(DebFault::Member { name: member.name, reason: format!("`{stem}` must be here") });
        };
        let compression = compression(&member.name, suffix)?;
        return Ok((member, compression));
    }
    Err(DebFault::Member { name: stem.to_owned(), reason: "it is missing".to_owned() })
}

/// How a member is compressed, by what follows `control.tar` or `data.tar` in its name.
fn compression(member: &str, suffix: &str) -> Result<Compression, DebFault> {
    match suffix {
        "" => Ok(Compression::None),
        ".gz" => Ok(Compression::Gzip),
        ".xz" => Ok(Compression::Xz),
        ".zst" => Ok(Compression::Zstd),
        ".lzma" => Ok(Compression::Lzma),
        _ => Err(DebFault::Compression { name: member.to_owned(), format: suffix.trim_start_matches('.').to_owned() }),
    }
}

/// What follows the payload means nothing to dpkg, but must not be taken for the package's own.
fn check_rest(archive: &mut ArReader<impl Read>) -> Result<(), DebFault> {
    while let Some(member) = archive.next()? {
        if ["debian-binary", "control.tar", "data.tar"].iter().any(|own| member.name.starts_with(own)) {
            return Err(DebFault::Member { name: member.name, reason: "it is there twice".to_owned() });
        }
    }
    Ok(())
}

fn read_member<T>(
    archive: &mut ArReader<impl Read>,
    member: &Member,
    compression: Compression,
    limit: u64,
    read: impl FnOnce(Bounded<Box<dyn Read + '_>>) -> Result<T, DebFault>,
) -> Result<T, DebFault> {
    let packed = BufReader::with_capacity(BUFFER, archive);
    let decoder = compression.decode(packed).map_err(|source| DebFault::Read { place: format!("member `{}`", member.name), source })?;
    read(Bounded { input: decoder, left: limit }).map_err(|fault| match fault {
        DebFault::Read { source, .. } if is_limit(&source) => DebFault::TooLarge { name: member.name.clone(), limit },
        fault => fault,
    })
}
