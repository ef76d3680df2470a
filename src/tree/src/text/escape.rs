/// Appends bytes so that they hold no space, no line end and nothing unprintable; `\xHH` stands for those, the backslash and `special`.
pub(crate) fn escape(line: &mut Vec<u8>, bytes: &[u8], special: &[u8]) {
    for byte in bytes {
        if matches!(byte, b'!'..=b'~') && *byte != b'\\' && !special.contains(byte) {
            line.push(*byte);
        } else {
            line.extend_from_slice(b"\\x");
            hex(line, &[*byte]);
        }
    }
}

/// Appends bytes as hexadecimal digits in small letters.
pub(crate) fn hex(line: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    line.extend(bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]));
}

/// The bytes again; nothing when no [`escape`] wrote this.
pub(crate) fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'\\' => {
                let (digits, after) = after.strip_prefix(b"x")?.split_at_checked(2)?;
                bytes.extend(unhex(digits)?);
                rest = after;
            }
            b'!'..=b'~' => bytes.push(*first),
            _ => return None,
        }
    }
    Some(bytes)
}

/// Bytes of hexadecimal digits in small letters.
pub(crate) fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.chunks_exact(2).map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)).collect()
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        let mut text = Vec::new();
        escape(&mut text, &all, b"=");
        assert!(text.iter().all(|byte| (b'!'..=b'~').contains(byte) && *byte != b'='));
        assert_eq!(unescape(&text).unwrap(), all);
    }

    #[test]
    fn what_was_not_escaped_is_refused() {
        for text in [&b"a b"[..], b"\\", b"\\x", b"\\x4", b"\\xZZ", b"\\xAB", b"\\n", b"\xff", b"tab\t"] {
            assert_eq!(unescape(text), None, "{}", text.escape_ascii());
        }
        assert_eq!(unhex(b"0"), None);
        assert_eq!(unhex(b"00ff").unwrap(), [0, 255]);
    }
}
