use crate::node::Time;

/// Where extended attributes are kept, as GNU tar, star and libarchive do.
pub(super) const XATTR: &[u8] = b"SCHILY.xattr.";

/// Extended header records: `LENGTH KEY=VALUE\n` each.
#[derive(Debug, Default)]
pub(super) struct Records(pub(super) Vec<u8>);

impl Records {
    /// Adds a record. The length counts its own digits.
    pub(super) fn push(&mut self, key: &[u8], value: &[u8]) {
        let bare = key.len() + value.len() + 3;
        let mut length = bare + 1;
        while bare + digits(length) != length {
            length = bare + digits(length);
        }
        self.0.extend_from_slice(length.to_string().as_bytes());
        for part in [b" ", key, b"=", value, b"\n"] {
            self.0.extend_from_slice(part);
        }
    }
}

/// A key and its value.
pub(super) type Record<'a> = (&'a [u8], &'a [u8]);

/// The records of an extended header.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Record<'_>>, &'static str> {
    let mut records = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (record, after) = split_record(rest).ok_or("a record of its extended header is broken")?;
        records.push(record);
        rest = after;
    }
    Ok(records)
}

fn split_record(bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let space = bytes.iter().take(20).position(|byte| *byte == b' ')?;
    let length = decimal(&bytes[..space])?;
    let (record, after) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    let record = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some(((&record[..equals], &record[equals + 1..]), after))
}

/// A number of decimal digits.
pub(super) fn decimal(text: &[u8]) -> Option<u64> {
    str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

/// The attribute that a key names; see [`xattr_key`].
pub(super) fn xattr_name(key: &[u8]) -> Option<Vec<u8>> {
    let mut rest = key.strip_prefix(XATTR)?;
    let mut name = Vec::with_capacity(rest.len());
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'%', [b'2', b'5', after @ ..]) => (b'%', after),
            (b'%', [b'3', b'D', after @ ..]) => (b'=', after),
            _ => (*first, after),
        };
        name.push(byte);
        rest = after;
    }
    (!name.is_empty()).then_some(name)
}

/// A time in seconds with decimals, of which nine are kept.
pub(super) fn parse_time(text: &[u8]) -> Option<Time> {
    let (negative, digits) = text.strip_prefix(b"-").map_or((false, text), |digits| (true, digits));
    let (whole, decimals) = match digits.iter().position(|byte| *byte == b'.') {
        Some(point) => (&digits[..point], &digits[point + 1..]),
        None => (digits, &b""[..]),
    };
    if whole.is_empty() || !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let seconds = i64::try_from(decimal(whole)?).ok()?;
    let digit = |place: usize| u32::from(decimals.get(place).copied().unwrap_or(b'0') - b'0');
    let nanoseconds = (0..9).fold(0, |number, place| number * 10 + digit(place));
    Some(match (negative, nanoseconds) {
        (false, _) => Time { seconds, nanoseconds },
        (true, 0) => Time { seconds: -seconds, nanoseconds },
        (true, _) => Time { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds },
    })
}

fn digits(number: usize) -> usize {
    number.to_string().len()
}

/// An attribute's key. Keys end at the first `=`, so GNU tar writes that as `%3D`, and `%` as `%25`.
pub(super) fn xattr_key(name: &[u8]) -> Vec<u8> {
    let mut key = XATTR.to_vec();
    for byte in name {
        match byte {
            b'%' => key.extend_from_slice(b"%25"),
            b'=' => key.extend_from_slice(b"%3D"),
            _ => key.push(*byte),
        }
    }
    key
}

/// A time in seconds with as many decimals as it needs.
pub(super) fn format_time(time: Time) -> String {
    let Time { seconds, nanoseconds } = time;
    if nanoseconds == 0 {
        return seconds.to_string();
    }
    let (sign, whole, fraction) = if seconds < 0 {
        ("-", (seconds + 1).unsigned_abs(), 1_000_000_000 - nanoseconds)
    } else {
        ("", seconds.unsigned_abs(), nanoseconds)
    };
    format!("{sign}{whole}.{fraction:09}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_counts_its_own_digits() {
        for (value, expected) in [("", "5 k=\n"), ("abcd", "9 k=abcd\n"), ("abcde", "11 k=abcde\n")] {
            let mut records = Records::default();
            records.push(b"k", value.as_bytes());
            assert_eq!(records.0, expected.as_bytes());
            assert_eq!(records.0.len().to_string(), expected.split(' ').next().unwrap());
        }
    }

    #[test]
    fn every_length_is_its_own() {
        for length in 0..2000 {
            let mut records = Records::default();
            records.push(b"path", &vec![b'x'; length]);
            let said: String = records.0.iter().take_while(|byte| byte.is_ascii_digit()).map(|byte| char::from(*byte)).collect();
            assert_eq!(said, records.0.len().to_string());
        }
    }

    #[test]
    fn times_have_the_decimals_they_need() {
        let table = [
            (5, 0, "5"),
            (-5, 0, "-5"),
            (5, 500_000_000, "5.5"),
            (-5, 500_000_000, "-4.5"),
            (-1, 999_999_999, "-0.000000001"),
            (0, 1, "0.000000001"),
        ];
        for (seconds, nanoseconds, expected) in table {
            assert_eq!(format_time(Time { seconds, nanoseconds }), expected);
            assert_eq!(parse_time(expected.as_bytes()), Some(Time { seconds, nanoseconds }));
        }
    }

    #[test]
    fn odd_times_are_read_or_refused() {
        assert_eq!(parse_time(b"1.1234567899"), Some(Time { seconds: 1, nanoseconds: 123_456_789 }));
        assert_eq!(parse_time(b"7."), Some(Time::from_seconds(7)));
        for bad in ["", "-", ".5", "1.x", "1.-5", "+1", "1e3", "99999999999999999999", "9223372036854775808", " 1"] {
            assert_eq!(parse_time(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn broken_records_are_refused() {
        let good: [(&[u8], &[u8]); 2] = [(b"path", b"a=b\n"), (b"k", b"")];
        assert_eq!(parse(b"13 path=a=b\n\n5 k=\n").unwrap(), good);
        for bad in ["5 k=", "6 k=\n", "4 k=\n", "0 k=\n", "x", " k=\n", "-5 k=\n", "5 kk\n", "99999999999999999999 k=\n", "2 \n", "1 "] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_of_attributes_come_back() {
        for name in ["user.a=b", "user.%3D", "user.%", "user.%25=", "security.capability"] {
            assert_eq!(xattr_name(&xattr_key(name.as_bytes())).unwrap(), name.as_bytes());
        }
        assert_eq!(xattr_name(b"SCHILY.xattr."), None);
        assert_eq!(xattr_name(b"path"), None);
    }
}
