//! A header's block, POSIX.1 `ustar`: name 0, mode 100, uid 108, gid 116, size 124, mtime 136, checksum 148, type 156, link 157, magic 257, uname 265,
//! gname 297, major 329, minor 337, prefix 345.

use std::ops::RangeInclusive;

use super::Header;
use crate::payload::BLOCK;

/// Seconds since 1970 up to what eleven octal digits say.
const TIMES: RangeInclusive<u64> = 0..=(1 << 33) - 1;

/// A name and what is wrong with the entry.
type Refusal = (Vec<u8>, String);

/// What a block says.
pub(super) fn parse_header(block: &[u8; BLOCK]) -> Result<Header, Refusal> {
    let name = entry_name(block);
    let refuse = |reason: String| (name.clone(), reason);
    let number = |at: usize, length: usize, what: &str| {
        octal(field(block, at, length)).ok_or_else(|| refuse(format!("its {what} is not a number that fits")))
    };
    let small = |at: usize, what: &str| {
        number(at, 8, what)
            .and_then(|value| u32::try_from(value).map_err(|_too_large| refuse(format!("its {what} is not a number that fits"))))
    };
    if !field(block, 257, 8).starts_with(b"ustar") {
        return Err(refuse("its header is not a ustar header".to_owned()));
    }
    if number(148, 8, "checksum")? != checksum(block) {
        return Err(refuse("its header's checksum is wrong".to_owned()));
    }
    let kind = field(block, 156, 1).first().copied().unwrap_or_default();
    if !matches!(kind, b'0'..=b'7' | b'x' | b'g' | b'L' | b'K') {
        return Err(refuse(format!("its type `{}` is not supported", kind.escape_ascii())));
    }
    let mtime = number(136, 12, "time")?;
    if !TIMES.contains(&mtime) {
        return Err(refuse(format!("its time of {mtime} s is absurd")));
    }
    let device = matches!(kind, b'3' | b'4');
    Ok(Header {
        link: until_nul(field(block, 157, 100)).to_vec(),
        kind,
        mode: u16::try_from(small(100, "mode")? & 0o7777).unwrap_or_default(),
        uid: small(108, "owner")?,
        gid: small(116, "group")?,
        user: until_nul(field(block, 265, 32)).to_vec(),
        group: until_nul(field(block, 297, 32)).to_vec(),
        size: number(124, 12, "size")?,
        mtime: i64::try_from(mtime).unwrap_or_default(),
        major: if device { small(329, "major number")? } else { 0 },
        minor: if device { small(337, "minor number")? } else { 0 },
        records: Vec::new(),
        xattrs: Vec::new(),
        name,
    })
}

fn entry_name(block: &[u8; BLOCK]) -> Vec<u8> {
    let (name, prefix) = (until_nul(field(block, 0, 100)), until_nul(field(block, 345, 155)));
    if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
}

fn field(block: &[u8; BLOCK], at: usize, length: usize) -> &[u8] {
    block.get(at..at + length).unwrap_or_default()
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or(field)
}

/// The sum of all bytes, those of the checksum itself as spaces.
fn checksum(block: &[u8; BLOCK]) -> u64 {
    block.iter().enumerate().map(|(at, byte)| u64::from(if (148..156).contains(&at) { b' ' } else { *byte })).sum()
}

/// Octal digits, then spaces and NULs only; no digits are 0. Twelve digits are 2³⁶ at most.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = field.iter().take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    let (digits, rest) = field.split_at_checked(digits)?;
    rest.iter().all(|byte| matches!(byte, b' ' | 0)).then(|| digits.iter().fold(0, |value, digit| value << 3 | u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_only() {
        for (field, value) in [
            (&b"0000755\0"[..], Some(0o755)),
            (b"000755 \0", Some(0o755)),
            (b"777777777777", Some(0o777_777_777_777)),
            (b"\0\0\0\0", Some(0)),
            (b"   755 \0", None),
            (b"\x80\0\0\x01", None),
            (b"0000855\0", None),
            (b"-000755\0", None),
            (b"755 12 \0", None),
        ] {
            assert_eq!(octal(field), value, "{}", field.escape_ascii());
        }
    }
}
