/// A number of a header: octal digits between spaces and NULs, or, with the top bit set, two's complement of all other bits as GNU tar writes it.
pub(super) fn number(field: &[u8]) -> Option<i128> {
    match field {
        // The top bit is a mark; the one below it is the sign.
        [first @ (0x80 | 0xff), rest @ ..] => {
            let start = if *first == 0xff { -1 } else { 0 };
            Some(rest.iter().fold(start, |number, byte| number << 8 | i128::from(*byte)))
        }
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Option<i128> {
    let text = str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    // What follows the first NUL is rubbish of older writers.
    let digits = text.split(['\0', ' ']).next().unwrap_or_default();
    if digits.is_empty() {
        return Some(0);
    }
    digits.bytes().try_fold(0, |number, byte| matches!(byte, b'0'..=b'7').then(|| number << 3 | i128::from(byte - b'0')))
}

/// A text of a header: up to the first NUL, or all of it.
pub(super) fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_writer_are_read() {
        let table: [(&[u8], Option<i128>); 13] = [
            (b"0000644\0", Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"644\0junk", Some(0o644)),
            (b"77777777", Some(0o7777_7777)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"        ", Some(0)),
            (b"\x80\0\0\0\x80\0\0\0", Some(1 << 31)),
            (b"\x80\0\0\0\0\0\0\x02\0\0\0\0", Some(1 << 33)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", Some(-1)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\x80\0\0\0", Some(-(1 << 31))),
            (b"0000648\0", None),
            (b"-000644\0", None),
            (b"\xc3\x28", None),
        ];
        for (field, expected) in table {
            assert_eq!(number(field), expected, "{}", field.escape_ascii());
        }
    }
}
