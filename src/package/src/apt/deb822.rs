//! Stanzas of `Field: value` lines (deb822(5)), read in place.

use std::borrow::Cow;

use memchr::memchr;

/// One stanza: a run of lines without an empty one between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stanza<'a> {
    text: &'a str,
}

impl<'a> Stanza<'a> {
    /// Takes a text that is known to be one stanza.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// The lines as they are.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Every field, in order: the name as written, and the value with its continuation lines. Lines that are neither are passed over.
    pub fn fields(&self) -> Fields<'a> {
        Fields { rest: self.text }
    }

    /// The value of the first field of that name, in any case; continuation lines are kept, with their line ends.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.fields().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// A value on one line: line ends become spaces, comment lines inside are left out.
    #[must_use]
    pub fn folded(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).map(fold)
    }

    /// Whether a field says `yes`.
    #[must_use]
    pub fn says_yes(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.trim().eq_ignore_ascii_case("yes"))
    }
}

/// Puts a value on one line: line ends become spaces, comment lines inside are left out.
#[must_use]
pub fn fold(value: &str) -> Cow<'_, str> {
    if !value.contains('\n') {
        return Cow::Borrowed(value.trim());
    }
    let lines: Vec<_> = value.lines().filter(|line| !line.starts_with('#')).map(str::trim).collect();
    Cow::Owned(lines.join(" ").trim().to_owned())
}

/// The fields of a stanza, in order.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let end = field_end(self.rest);
            let (field, rest) = self.rest.split_at(end);
            self.rest = rest;
            if field.starts_with(['#', ' ', '\t']) {
                continue;
            }
            if let Some((name, value)) = field.split_once(':')
                && !name.contains('\n')
            {
                return Some((name.trim_end(), value.trim()));
            }
        }
    }
}

/// Where the field at the start ends: after the last of its continuation and comment lines.
fn field_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    // A comment line inside a folded value belongs to it only when a continuation line follows.
    let mut end = None;
    while let Some(length) = memchr(b'\n', &bytes[at..]) {
        at += length + 1;
        match bytes.get(at) {
            Some(b' ' | b'\t') => end = None,
            Some(b'#') => end = end.or(Some(at)),
            _ => return end.unwrap_or(at),
        }
    }
    end.unwrap_or(text.len())
}

/// The stanzas of a text, in order; lines of white space alone part them.
#[derive(Debug, Clone)]
pub struct Stanzas<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Stanzas<'a> {
    /// Starts at the beginning of `text`.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }
}

impl<'a> Iterator for Stanzas<'a> {
    /// Where the stanza begins, and the stanza.
    type Item = (usize, Stanza<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let mut start = None;
        let mut at = self.at;
        while at < bytes.len() {
            let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length + 1);
            let line = &bytes[at..end];
            let blank = line.iter().all(u8::is_ascii_whitespace);
            match (blank, start) {
                (true, Some(start)) => {
                    self.at = end;
                    return Some((start, Stanza::new(&self.text[start..at])));
                }
                // A comment before a stanza isn't the stanza's beginning.
                (false, None) if line[0] != b'#' => start = Some(at),
                _ => {}
            }
            at = end;
        }
        self.at = at;
        start.map(|start| (start, Stanza::new(&self.text[start..])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Vec<(&str, &str)>> {
        Stanzas::new(text).map(|(_, stanza)| stanza.fields().collect()).collect()
    }

    #[test]
    fn stanzas_and_fields_come_in_order() {
        let text = "# head\n\n\nPackage: a\nVersion:1\n\n \t\nPackage : b\r\nDepends: c,\n d\n# why\n ,e\nEmpty:\n";
        assert_eq!(
            all(text),
            [vec![("Package", "a"), ("Version", "1")], vec![("Package", "b"), ("Depends", "c,\n d\n# why\n ,e"), ("Empty", "")],]
        );
        assert_eq!(Stanzas::new(text).map(|(start, _)| start).collect::<Vec<_>>(), [9, 34]);
    }

    #[test]
    fn values_fold_onto_one_line_without_comments() {
        let (_, stanza) = Stanzas::new("Depends: c,\n d\n# why\n ,e\nSection: x").next().unwrap();
        assert_eq!(stanza.folded("depends").as_deref(), Some("c, d ,e"));
        assert_eq!(stanza.get("SECTION"), Some("x"));
        assert_eq!(stanza.get("Missing"), None);
    }

    #[test]
    fn a_comment_after_a_value_is_not_in_it() {
        let (_, stanza) = Stanzas::new("A: 1\n# one\n# two\nB: 2\n# three").next().unwrap();
        assert_eq!(stanza.fields().collect::<Vec<_>>(), [("A", "1"), ("B", "2")]);
    }

    #[test]
    fn hostile_text_gives_no_fields_and_no_panic() {
        for text in ["", "\n", " ", "#", ":", ": x", "no colon", " lead\nA: b", "\u{fc}:\u{fc}", "A\n:b", "\r\n\r\n", "A:\n\n\n\0"] {
            for (start, stanza) in Stanzas::new(text) {
                assert!(text[start..].starts_with(stanza.text()));
                assert!(stanza.fields().count() <= 1, "{text:?}");
            }
        }
    }
}
