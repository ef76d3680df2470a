//! The tar formats that dpkg reads: V7, ustar and GNU's with long names. Like dpkg, and for the same reason (two readers of one archive must not
//! differ), pax headers, sparse files and volumes are refused.

use std::io::{self, Read};
use std::ops::RangeInclusive;

use super::DebFault;
use crate::payload::{BLOCK, TarBlocks};

/// The longest `././@LongLink` that is read; paths end at 4095 bytes.
const LONGEST_LONG_NAME: u64 = 8192;

/// Seconds since 1970 that filesystems can keep, up to what eleven octal digits say.
const TIMES: RangeInclusive<i64> = -(1 << 31)..=(1 << 33) - 1;

/// A header with its long names resolved.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) kind: u8,
    pub(super) mode: u16,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) size: u64,
    pub(super) mtime: i64,
    pub(super) major: u32,
    pub(super) minor: u32,
}

impl Header {
    pub(super) fn is_file(&self) -> bool {
        matches!(self.kind, b'0' | b'7' | 0)
    }

    pub(super) fn is_directory(&self) -> bool {
        self.kind == b'5'
    }
}

/// A tar archive read front to back.
#[derive(Debug)]
pub(super) struct TarReader<R> {
    pub(super) blocks: TarBlocks<R>,
    member: &'static str,
}

impl<R: Read> TarReader<R> {
    pub(super) fn new(input: R, member: &'static str) -> Self {
        Self { blocks: TarBlocks::new(input), member }
    }

    /// Where the input stands: after [`TarReader::next`], where the entry's content begins.
    pub(super) fn position(&self) -> u64 {
        self.blocks.position()
    }

    /// An error about an entry.
    pub(super) fn fault(&self, name: &[u8], reason: impl Into<String>) -> DebFault {
        DebFault::Entry { member: self.member, entry: name.escape_ascii().to_string(), reason: reason.into() }
    }

    /// The next entry; none at the block of zeros that ends an archive, or (as in dpkg) where the input ends between entries.
    pub(super) fn next(&mut self) -> Result<Option<Header>, DebFault> {
        self.skip_content()?;
        let (mut long_name, mut long_link) = (None, None);
        while let Some(block) = self.blocks.header().map_err(|source| self.read_fault(source))? {
            let mut header = self.parse(&block)?;
            self.blocks.begin_content(header.size);
            match header.kind {
                b'L' => long_name = Some(self.read_long_name(&header)?),
                b'K' => long_link = Some(self.read_long_name(&header)?),
                _ => {
                    header.name = long_name.take().unwrap_or(header.name);
                    header.link = long_link.take().unwrap_or(header.link);
                    self.check_kind(&header)?;
                    return Ok(Some(header));
                }
            }
        }
        if long_name.is_some() || long_link.is_some() {
            return Err(self.truncated());
        }
        Ok(None)
    }

    /// Reads the current entry's content, a piece at a time.
    pub(super) fn content(&mut self, each: impl FnMut(&[u8])) -> Result<(), DebFault> {
        self.blocks.content(each).map_err(|source| self.read_fault(source))
    }

    fn skip_content(&mut self) -> Result<(), DebFault> {
        self.blocks.skip_content().map_err(|source| self.read_fault(source))
    }

    fn read_long_name(&mut self, header: &Header) -> Result<Vec<u8>, DebFault> {
        if header.size > LONGEST_LONG_NAME {
            return Err(self.fault(&header.name, "its long name is longer than any path"));
        }
        let mut name = Vec::new();
        self.content(|piece| name.extend_from_slice(piece))?;
        self.skip_content()?;
        while name.last() == Some(&0) {
            name.pop();
        }
        Ok(name)
    }

    fn truncated(&self) -> DebFault {
        DebFault::Truncated { place: format!("`{}`", self.member) }
    }

    fn read_fault(&self, source: io::Error) -> DebFault {
        match source.kind() {
            io::ErrorKind::UnexpectedEof => self.truncated(),
            _ => DebFault::Read { place: format!("`{}`", self.member), source },
        }
    }

    fn check_kind(&self, header: &Header) -> Result<(), DebFault> {
        let reason = match header.kind {
            // A directory to old tars, a file to dpkg.
            0 | b'0' | b'7' if header.name.ends_with(b"/") => "it is a file, and yet its name ends in a slash".to_owned(),
            0 | b'0' | b'7' => return Ok(()),
            b'1'..=b'6' if header.size == 0 => return Ok(()),
            b'1'..=b'6' => "it is no regular file, and yet has a content".to_owned(),
            b'x' | b'g' => "pax headers are not supported, nor are they by dpkg".to_owned(),
            kind => format!("its type `{}` is not supported", kind.escape_ascii()),
        };
        Err(self.fault(&header.name, reason))
    }

    fn parse(&self, block: &[u8; BLOCK]) -> Result<Header, DebFault> {
        let name = entry_name(block);
        let number = |field: &[u8], what: &str| {
            parse_number(field).ok_or_else(|| self.fault(&name, format!("its {what} is not a number that fits")))
        };
        let small = |field: &[u8], what: &str| {
            number(field, what).and_then(|value| {
                u32::try_from(value).map_err(|_out_of_range| self.fault(&name, format!("its {what} is not a number that fits")))
            })
        };
        if number(&block[148..156], "checksum")? != checksum(block) {
            return Err(self.fault(&name, "its header's checksum is wrong"));
        }
        let size = number(&block[124..136], "size")?;
        let size = u64::try_from(size).map_err(|_negative| self.fault(&name, "its size is negative"))?;
        // What can't be in an archive must not overflow the arithmetic on positions either.
        if size > 1 << 50 {
            return Err(self.fault(&name, format!("its size of {size} bytes is absurd")));
        }
        let mtime = number(&block[136..148], "time")?;
        if !TIMES.contains(&mtime) {
            return Err(self.fault(&name, format!("its time of {mtime} s is absurd")));
        }
        // What chown takes for "leave it".
        let owner = |field: &[u8], what: &str| match small(field, what)? {
            u32::MAX => Err(self.fault(&name, format!("its {what} is nobody's number"))),
            id => Ok(id),
        };
        let mode = u16::try_from(small(&block[100..108], "mode")? & 0o7777).unwrap_or_default();
        let kind = block[156];
        let device = matches!(kind, b'3' | b'4');
        Ok(Header {
            link: until_nul(&block[157..257]).to_vec(),
            kind,
            mode,
            uid: owner(&block[108..116], "owner")?,
            gid: owner(&block[116..124], "group")?,
            size,
            mtime,
            major: if device { small(&block[329..337], "major number")? } else { 0 },
            minor: if device { small(&block[337..345], "minor number")? } else { 0 },
            name,
        })
    }
}

fn entry_name(block: &[u8; BLOCK]) -> Vec<u8> {
    let name = until_nul(&block[..100]);
    let prefix = until_nul(&block[345..500]);
    // GNU's magic is `ustar  `, and other things lie where POSIX has the prefix.
    if &block[257..263] == b"ustar\0" && !prefix.is_empty() { [prefix, b"/", name].concat() } else { name.to_vec() }
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or(field)
}

/// The sum of all bytes, those of the checksum itself as spaces.
fn checksum(block: &[u8; BLOCK]) -> i64 {
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| i64::from(*byte)).sum::<i64>();
    sum(&block[..148]) + 8 * i64::from(b' ') + sum(&block[156..])
}

/// Octal digits between spaces and NULs (none means 0), or GNU's big-endian two's complement behind a first bit of 1.
fn parse_number(field: &[u8]) -> Option<i64> {
    if field[0] & 0x80 != 0 {
        return parse_binary(field);
    }
    let start = field.iter().position(|byte| *byte != b' ').unwrap_or(field.len());
    let digits = &field[start..];
    let end = digits.iter().position(|byte| matches!(byte, b' ' | 0)).unwrap_or(digits.len());
    if digits[end..].iter().any(|byte| !matches!(byte, b' ' | 0)) {
        return None;
    }
    digits[..end].iter().try_fold(0_i64, |value, digit| match digit {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(i64::from(digit - b'0')),
        _ => None,
    })
}

fn parse_binary(field: &[u8]) -> Option<i64> {
    // The first bit only marks the format; the next one is the sign.
    let negative = field[0] & 0x40 != 0;
    let first = if negative { field[0] } else { field[0] & 0x3f };
    let (head, tail) = field.split_at(field.len() - 8);
    let fill = if negative { 0xff } else { 0 };
    let bytes: [u8; 8] = tail.try_into().ok()?;
    if head.is_empty() {
        let mut bytes = bytes;
        bytes[0] = first;
        return Some(i64::from_be_bytes(bytes));
    }
    let fits = first == fill && head[1..].iter().all(|byte| *byte == fill) && (bytes[0] & 0x80 != 0) == negative;
    fits.then(|| i64::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_octal_and_in_base_256() {
        for (field, value) in [
            (&b"0000755\0"[..], Some(0o755)),
            (b"   755 \0", Some(0o755)),
            (b"        ", Some(0)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"77777777777 ", Some(0o77_777_777_777)),
            (b"\x80\0\0\0\x01\0\0\0", Some(1 << 24)),
            (b"\x80\0\0\0\0\0\0\x02\0\0\0\0", Some(2 << 32)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", Some(-1)),
            (b"\x80\0\0\x01\0\0\0\0\0\0\0\0", None),
            (b"\x80\0\0\0\x80\0\0\0\0\0\0\0", None),
            (b"0000855\0", None),
            (b"-000755\0", None),
            (b"755 12 \0", None),
        ] {
            assert_eq!(parse_number(field), value, "{}", field.escape_ascii());
        }
    }
}
