//! pax's extended headers (POSIX.1, pax Interchange Format): records of `LENGTH KEY=VALUE\n`.

use super::Header;

/// Where tar keeps extended attributes.
const XATTR: &[u8] = b"SCHILY.xattr.";

/// Takes what the records say into the header; what they say of owners and times stays as it is among the records.
pub(super) fn read_pax(header: &mut Header, mut records: &[u8]) -> Result<(), &'static str> {
    while !records.is_empty() {
        let (key, value, rest) = record(records).ok_or("its extended header is malformed")?;
        records = rest;
        match key {
            b"path" => header.name = value.to_vec(),
            b"linkpath" => header.link = value.to_vec(),
            b"size" if decimal(value) != Some(header.size) => return Err("its extended header gives it another size"),
            b"size" => {}
            _ if key.starts_with(b"GNU.sparse.") => return Err("it is a sparse file"),
            _ => match key.strip_prefix(XATTR).filter(|name| !name.is_empty()) {
                Some(name) => header.xattrs.push((name.to_vec(), value.to_vec())),
                None => header.records.push((key.to_vec(), value.to_vec())),
            },
        }
    }
    if header.name.contains(&0) || header.link.contains(&0) {
        return Err("its extended header gives it a name with a NUL");
    }
    Ok(())
}

/// The first record's key and value, and what follows it.
fn record(records: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = records.iter().take(8).position(|byte| *byte == b' ')?;
    let length = usize::try_from(decimal(records.get(..space)?)?).ok()?;
    let (record, rest) = records.split_at_checked(length)?;
    let text = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = text.iter().position(|byte| *byte == b'=')?;
    Some((text.get(..equals)?, text.get(equals + 1..)?, rest))
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, digit| value.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(records: &[u8]) -> Result<Header, &'static str> {
        let mut header = Header { size: 5, ..Header::default() };
        read_pax(&mut header, records).map(|()| header)
    }

    #[test]
    fn what_the_records_say_is_taken() {
        let read = read(b"14 path=a/b/c\n8 mode=\n9 size=5\n33 SCHILY.xattr.user.x=\0\n=binary\n").unwrap();
        assert_eq!((read.name.as_slice(), read.records), (&b"a/b/c"[..], vec![(b"mode".to_vec(), Vec::new())]));
        assert_eq!(read.xattrs, [(b"user.x".to_vec(), b"\0\n=binary".to_vec())]);
    }

    #[test]
    fn what_lies_is_refused() {
        for bad in [
            &b"x"[..],
            b"99 path=a\n",
            b"9 path=a",
            b"0 a=b\n",
            b"3 \n",
            b"-1 a=b\n",
            b"99999999999999999999 a=b\n",
            b"9 size=6\n",
            b"9 path=\0\n\n",
            b"22 GNU.sparse.major=1\n",
        ] {
            assert!(read(bad).is_err(), "{}", bad.escape_ascii());
        }
    }
}
