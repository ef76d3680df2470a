//! Names: as they are, in UTF-16, and with 8 and 3 characters for who knows no others.

use std::collections::{BTreeMap, BTreeSet};

use zerocopy::IntoBytes;
use zerocopy::little_endian::U16;

use super::format::{ATTR_LONG_NAME, LAST_LONG_ENTRY, LongEntry};

/// The most units of UTF-16 that a name has.
const LIMIT: usize = 255;
/// Those in one entry.
const UNITS: usize = 13;

/// Why it can't be a name.
pub(super) fn defect(name: &[u8]) -> Option<&'static str> {
    let Ok(name) = str::from_utf8(name) else { return Some("it is not UTF-8") };
    if name.contains(|letter: char| letter < ' ' || letter == '\x7f' || r#""*/:<>?\|"#.contains(letter)) {
        return Some(r#"it has one of "*/:<>?\| or a control character"#);
    }
    if name.ends_with(['.', ' ']) || name.starts_with(' ') {
        return Some("it ends with a dot, or with a space at either end");
    }
    (name.encode_utf16().count() > LIMIT).then_some("it has more than 255 characters")
}

/// What two names must not have in common: upper case, one letter for one letter.
pub(super) fn folded(name: &str) -> String {
    let upper = |letter: char| {
        let mut upper = letter.to_uppercase();
        upper.next().filter(|_| upper.next().is_none()).unwrap_or(letter)
    };
    name.chars().map(upper).collect()
}

/// The name if it needs no other: upper case, 8 and 3 characters.
pub(super) fn exact(name: &str) -> Option<[u8; 11]> {
    let (base, extension) = name.split_once('.').unwrap_or((name, ""));
    let fits = |part: &str, limit| part.len() <= limit && part.bytes().all(is_short);
    let dot_alone = name.contains('.') && extension.is_empty();
    (!base.is_empty() && !dot_alone && fits(base, 8) && fits(extension, 3)).then(|| padded(base.as_bytes(), extension.as_bytes()))
}

/// Gives out names of 8 and 3 characters in one directory.
#[derive(Debug, Default)]
pub(super) struct ShortNames {
    taken: BTreeSet<[u8; 11]>,
    /// The number to go on with, by what is in front of it and the extension.
    next: BTreeMap<(Vec<u8>, Vec<u8>), u32>,
}

impl ShortNames {
    /// With names that are short as they are, and keep that.
    pub(super) fn new(exact: impl Iterator<Item = [u8; 11]>) -> Self {
        Self { taken: exact.collect(), next: BTreeMap::new() }
    }

    /// One for a longer name: its own letters where no other has them, a number otherwise.
    pub(super) fn give(&mut self, name: &str) -> [u8; 11] {
        let upper = folded(name);
        if let Some(whole) = exact(&upper).filter(|whole| self.taken.insert(*whole)) {
            return whole;
        }
        let stem = upper.trim_start_matches('.');
        let (base, extension) = stem.rsplit_once('.').unwrap_or((stem, ""));
        let (base, extension) = (cut(&shortened(base), 6), cut(&shortened(extension), 3));
        let next = self.next.entry((base.clone(), extension.clone())).or_insert(1);
        loop {
            let tail = format!("~{next}");
            *next += 1;
            // A directory has no room for so many names that no digit is left.
            let name = padded(&[cut(&base, 8_usize.saturating_sub(tail.len())), tail.into_bytes()].concat(), &extension);
            if self.taken.insert(name) {
                return name;
            }
        }
    }
}

fn cut(part: &[u8], limit: usize) -> Vec<u8> {
    part[..part.len().min(limit)].to_vec()
}

/// The entries of a name of its own in front of the one of 8 and 3 characters.
pub(super) fn long_entries(name: &str, short: &[u8; 11]) -> Vec<u8> {
    let chksum = short.iter().fold(0_u8, |sum, byte| sum.rotate_right(1).wrapping_add(*byte));
    let units: Vec<u16> = name.encode_utf16().collect();
    let count = units.len().div_ceil(UNITS);
    let mut bytes = Vec::new();
    for (number, part) in units.chunks(UNITS).enumerate().rev() {
        // Ended by a zero where that is needed, and filled up.
        let unit = |index: usize| match part.get(index) {
            Some(unit) => U16::new(*unit),
            None if index == part.len() => U16::ZERO,
            None => U16::new(0xFFFF),
        };
        let last = if number + 1 == count { LAST_LONG_ENTRY } else { 0 };
        let entry = LongEntry {
            ord: u8::try_from(number + 1).unwrap_or(0) | last,
            name1: std::array::from_fn(unit),
            attr: ATTR_LONG_NAME,
            kind: 0,
            chksum,
            name2: std::array::from_fn(|index| unit(5 + index)),
            fst_clus_lo: U16::ZERO,
            name3: std::array::from_fn(|index| unit(11 + index)),
        };
        bytes.extend_from_slice(entry.as_bytes());
    }
    bytes
}

/// Entries that a name takes, with that of 8 and 3 characters.
pub(super) fn entry_count(name: &str) -> u64 {
    let long = if exact(name).is_some() { 0 } else { name.encode_utf16().count().div_ceil(UNITS) };
    long as u64 + 1
}

fn is_short(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"$%'-_@~`!(){}^#&".contains(&byte)
}

/// Without dots and spaces, and with what is not known to all as `_`.
fn shortened(part: &str) -> Vec<u8> {
    let kept = part.chars().filter(|letter| !matches!(letter, '.' | ' '));
    kept.map(|letter| u8::try_from(letter).ok().filter(|byte| is_short(*byte)).unwrap_or(b'_')).collect()
}

fn padded(base: &[u8], extension: &[u8]) -> [u8; 11] {
    let mut name = [b' '; 11];
    name[..base.len()].copy_from_slice(base);
    name[8..8 + extension.len()].copy_from_slice(extension);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names() {
        let mut names = ShortNames::new([*b"README~2TXT"].into_iter());
        let cases = [
            ("loader.conf", b"LOADER~1CON"),
            ("readme.txt", b"README  TXT"),
            ("ReadMe.TXT2", b"README~1TXT"),
            ("ReadMe.TXT3", b"README~3TXT"),
            ("vmlinuz-6.1.0-amd64", b"VMLINU~10-A"),
            ("vmlinuz-6.2.0-amd64", b"VMLINU~20-A"),
            (".hidden", b"HIDDEN~1   "),
            ("a+b", b"A_B~1      "),
            ("é", b"_~1        "),
            ("日本", b"__~1       "),
            ("x.y.z", b"XY~1    Z  "),
        ];
        for (name, expected) in cases {
            assert_eq!(exact(name), None, "{name}");
            let found = names.give(name);
            assert_eq!(found, *expected, "{name}: {}", String::from_utf8_lossy(&found));
        }
        let given: Vec<[u8; 11]> = (0..11).map(|number| names.give(&format!("some longer name {number}"))).collect();
        assert_eq!((given[8], given[10]), (*b"SOMELO~9   ", *b"SOMEL~11   "));
        assert_eq!(exact("BOOTX64.EFI"), Some(*b"BOOTX64 EFI"));
        assert_eq!(["A.B.C", ".A", "LONGERTHAN8", "A.LONG", "A B", "a"].map(exact), [None; 6]);
    }

    #[test]
    fn names_that_are_one() {
        assert_eq!(folded("grÜße é.txt"), folded("GRüßE É.TXT"));
        assert_ne!(folded("straße"), folded("strasse"));
    }

    #[test]
    fn defects() {
        assert_eq!(defect("Ünï code".as_bytes()), None);
        for name in [&b"a:b"[..], b"a\n", b"\xff", b"a.", b"a ", b" a", &[b'x'; 256]] {
            assert!(defect(name).is_some(), "{name:?}");
        }
        assert_eq!((defect(&[b'x'; 255]), entry_count(&"x".repeat(255)), entry_count("EFI")), (None, 21, 1));
    }
}
