use crate::customise::CustomiseError;

/// A file of lines with fields between colons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::customise) struct Format {
    pub(in crate::customise) path: &'static str,
    fields: usize,
    /// Permission bits where the file has to be made.
    pub(super) mode: u16,
}

impl Format {
    /// passwd(5).
    pub(in crate::customise) const PASSWD: Self = Self { path: "/etc/passwd", fields: 7, mode: 0o644 };
    /// shadow(5).
    pub(in crate::customise) const SHADOW: Self = Self { path: "/etc/shadow", fields: 9, mode: 0o640 };
    /// group(5).
    pub(in crate::customise) const GROUP: Self = Self { path: "/etc/group", fields: 4, mode: 0o644 };
    /// gshadow(5).
    pub(in crate::customise) const GSHADOW: Self = Self { path: "/etc/gshadow", fields: 4, mode: 0o640 };
}

/// The file, line by line. Empty lines and those for NIS (`+…`, `-…`) are kept as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::customise) struct Table {
    format: Format,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    Row(Vec<Vec<u8>>),
    Other(Vec<u8>),
}

impl Table {
    pub(in crate::customise) fn parse(format: Format, text: &[u8]) -> Result<Self, CustomiseError> {
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let mut lines = Vec::new();
        for (position, line) in text.split(|byte| *byte == b'\n').enumerate() {
            if line.is_empty() || line.starts_with(b"+") || line.starts_with(b"-") {
                lines.push(Line::Other(line.to_vec()));
                continue;
            }
            let fields: Vec<Vec<u8>> = line.split(|byte| *byte == b':').map(<[u8]>::to_vec).collect();
            if fields.len() != format.fields {
                let (path, line, found, expected) = (format.path, position + 1, fields.len(), format.fields);
                return Err(CustomiseError::Fields { path, line, found, expected });
            }
            lines.push(Line::Row(fields));
        }
        Ok(Self { format, lines })
    }

    pub(in crate::customise) fn to_bytes(&self) -> Vec<u8> {
        let line = |line: &Line| match line {
            Line::Row(fields) => fields.join(&b':'),
            Line::Other(text) => text.clone(),
        };
        let mut text = self.lines.iter().map(line).collect::<Vec<_>>().join(&b'\n');
        if !text.is_empty() {
            text.push(b'\n');
        }
        text
    }

    pub(in crate::customise) fn rows(&self) -> impl Iterator<Item = &Vec<Vec<u8>>> {
        self.lines.iter().filter_map(|line| if let Line::Row(fields) = line { Some(fields) } else { None })
    }

    pub(in crate::customise) fn rows_mut(&mut self) -> impl Iterator<Item = &mut Vec<Vec<u8>>> {
        self.lines.iter_mut().filter_map(|line| if let Line::Row(fields) = line { Some(fields) } else { None })
    }

    /// The row whose first field is the name.
    pub(in crate::customise) fn row(&self, name: &[u8]) -> Option<&Vec<Vec<u8>>> {
        self.rows().find(|row| row[0] == name)
    }

    pub(super) fn row_mut(&mut self, name: &[u8]) -> Option<&mut Vec<Vec<u8>>> {
        self.rows_mut().find(|row| row[0] == name)
    }

    /// Adds a row at the end, but before the lines for NIS, behind which nothing is read.
    pub(super) fn push(&mut self, row: Vec<Vec<u8>>) {
        let last = self.lines.iter().rposition(|line| matches!(line, Line::Row(_)));
        self.lines.insert(last.map_or(0, |last| last + 1), Line::Row(row));
    }

    /// A field as a number.
    pub(in crate::customise) fn number(&self, field: &[u8]) -> Result<u32, CustomiseError> {
        let number = std::str::from_utf8(field).ok().and_then(|text| text.parse().ok());
        number.ok_or_else(|| CustomiseError::Number { path: self.format.path, text: field.escape_ascii().to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_back() {
        for text in ["", "root:x:0:\n", "root:x:0:\n\n+\n", "+:::\n"] {
            assert_eq!(Table::parse(Format::GROUP, text.as_bytes()).unwrap().to_bytes(), text.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn a_row_goes_before_the_lines_for_nis() {
        let mut table = Table::parse(Format::GROUP, b"root:x:0:\n+\n").unwrap();
        table.push(["a", "x", "1", ""].map(|field| field.as_bytes().to_vec()).into());
        assert_eq!(table.to_bytes(), b"root:x:0:\na:x:1:\n+\n");
    }

    #[test]
    fn a_malformed_line_is_named() {
        let error = Table::parse(Format::PASSWD, b"root:x:0:0:root:/root:/bin/bash\nbroken:x\n").unwrap_err();
        assert_eq!(error.to_string(), "line 2 of `/etc/passwd` has 2 fields, not 7");
    }
}
