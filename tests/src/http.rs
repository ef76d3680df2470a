//! As much of HTTP/1.1 as apt and rootfs-gen speak to a mirror.

use std::io::{self, BufRead};

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Without the first slash, escapes undone.
    pub(crate) path: String,
    /// The first byte of an open range (`bytes=N-`).
    pub(crate) from: Option<u64>,
    /// The tag that a range holds for.
    pub(crate) if_range: Option<String>,
    pub(crate) close: bool,
}

impl Asked {
    /// The next request of a connection; none when the client has closed it.
    pub(crate) fn read(input: &mut dyn BufRead) -> io::Result<Option<Self>> {
        let Some(first) = read_line(input)? else { return Ok(None) };
        let mut words = first.split(' ');
        let (Some(method), Some(target), Some(version)) = (words.next(), words.next(), words.next()) else {
            return Err(io::Error::other(format!("not a request: {first}")));
        };
        let path = target.strip_prefix("http://").and_then(|rest| rest.split_once('/')).map_or(target, |(_, path)| path);
        let mut asked = Self {
            method: method.to_owned(),
            path: decode_path(path.trim_start_matches('/')),
            from: None,
            if_range: None,
            close: version == "HTTP/1.0",
        };
        while let Some(line) = read_line(input)?.filter(|line| !line.is_empty()) {
            asked.read_field(&line);
        }
        Ok(Some(asked))
    }

    fn read_field(&mut self, line: &str) {
        let Some((name, value)) = line.split_once(':') else { return };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "range" => self.from = value.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-')?.parse().ok()),
            "if-range" => self.if_range = Some(value.to_owned()),
            "connection" => self.close |= value.eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
}

fn read_line(input: &mut dyn BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if input.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
}

fn decode_path(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (byte, escaped) {
            (b'%', Some(value)) => {
                bytes.push(value);
                rest = &after[2..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A path as a URL writes it; slashes stay.
pub(crate) fn encode_path(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_with_its_range() {
        let mut input =
            &b"GET /pool/g%2b%2b_1%253a2.deb HTTP/1.1\r\nHost: x\r\nRange: bytes=5-\r\nIf-Range: \"t\"\r\n\r\nGET / HTTP/1.0\r\n\r\n"[..];
        let asked = Asked::read(&mut input).unwrap().unwrap();
        assert_eq!(asked.path, "pool/g++_1%3a2.deb");
        assert_eq!((asked.from, asked.if_range.as_deref(), asked.close), (Some(5), Some("\"t\""), false));
        assert!(Asked::read(&mut input).unwrap().unwrap().close);
        assert_eq!(Asked::read(&mut input).unwrap(), None);
    }

    #[test]
    fn a_path_survives_both_ways() {
        for path in ["pool/main/g/g++/g++_1%3a2~rc.deb", "%", "a%zz", "é"] {
            assert_eq!(decode_path(&encode_path(path)), path);
        }
    }
}
