//! Where an index names a package for the first time.
//!
//! apt numbers packages in the order in which it first meets their names: a stanza's own, then those in its relations, field by field. When
//! nothing else decides between two providers, the one met last is taken, so the order has to be known; it is looked up for those few names only.

use memchr::memmem;
use memchr::{memchr, memrchr};

/// Orders names within one index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    stanza: usize,
    field: usize,
    offset: usize,
}

/// The fields in apt's order of reading.
const FIELDS: [&str; 10] =
    ["package", "pre-depends", "depends", "conflicts", "breaks", "recommends", "suggests", "replaces", "enhances", "provides"];

/// The first time that `name` stands in `text` as a package's name; none when it never does.
#[must_use]
pub fn first_mention(text: &str, name: &str) -> Option<Mention> {
    let bytes = text.as_bytes();
    let finder = memmem::Finder::new(name);
    let mut best: Option<Mention> = None;
    let mut end = bytes.len();
    let mut from = 0;
    while let Some(found) = finder.find(&bytes[from..end]) {
        let at = from + found;
        from = at + 1;
        if !stands_alone(bytes, at, at + name.len()) {
            continue;
        }
        let Some(field) = field_around(bytes, at) else { continue };
        if best.is_none() {
            // A later field of the same stanza may still be read earlier.
            end = memmem::find(&bytes[at..], b"\n\n").map_or(bytes.len(), |length| at + length);
        }
        let stanza = memmem::rfind(&bytes[..at], b"\n\n").map_or(0, |before| before + 2);
        let mention = Mention { stanza, field, offset: at };
        best = Some(best.map_or(mention, |best| best.min(mention)));
    }
    best
}

/// Whether the bytes are one element's name: after a field's colon, a comma or a bar, and without a qualifier.
fn stands_alone(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = bytes[..start].iter().rposition(|byte| !byte.is_ascii_whitespace()).map(|position| bytes[position]);
    let spaced = start > 0 && (bytes[start - 1].is_ascii_whitespace() || b",|:".contains(&bytes[start - 1]));
    spaced && matches!(before, Some(b':' | b',' | b'|')) && bytes.get(end).is_none_or(|byte| b" \t\r\n,|(".contains(byte))
}

/// Which of the fields the place lies in.
fn field_around(bytes: &[u8], at: usize) -> Option<usize> {
    let mut start = at;
    loop {
        start = memrchr(b'\n', &bytes[..start]).map_or(0, |newline| newline + 1);
        if !matches!(bytes.get(start), Some(b' ' | b'\t')) {
            break;
        }
        start = start.checked_sub(1)?;
    }
    let line = &bytes[start..];
    let name = &line[..memchr(b':', line)?];
    FIELDS.iter().position(|field| name.eq_ignore_ascii_case(field.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "Package: a\nDescription: c, d\nDepends: perl:any, e (>= f) | g,\n h\nPre-Depends: i\nSuggests: gg\n\nPackage: c\nProvides: f\n";

    #[test]
    fn names_come_in_the_order_apt_reads_them() {
        let mut names = vec!["a", "c", "e", "f", "g", "gg", "h", "i"];
        names.sort_by_key(|name| first_mention(TEXT, name));
        assert_eq!(names, ["a", "i", "e", "g", "h", "gg", "c", "f"]);
        assert_eq!(first_mention(TEXT, "d"), None);
        assert_eq!(first_mention(TEXT, "perl"), None);
        assert_eq!(first_mention("", "a"), None);
    }
}
