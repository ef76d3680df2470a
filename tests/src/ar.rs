//! ar(5) archives as packages are, written and read without a tool: what the real ones would refuse to write can be written here.

use libtest_mimic::Failed;

/// An archive of these members.
#[must_use]
pub fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, content) in members {
        bytes.extend(ar_member(name, &content.len().to_string(), content));
    }
    bytes
}

/// A member that says it has `size` bytes.
#[must_use]
pub fn ar_member(name: &str, size: &str, content: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 1_700_000_000, 0, 0, "100644").into_bytes();
    bytes.extend(content);
    if content.len() % 2 == 1 {
        bytes.push(b'\n');
    }
    bytes
}

/// The members of a sound archive, by name.
///
/// # Errors
/// When it is none.
pub fn read_ar(archive: &[u8]) -> Result<Vec<(String, &[u8])>, Failed> {
    let mut rest = archive.strip_prefix(b"!<arch>\n").ok_or("it is no ar archive")?;
    let mut members = Vec::new();
    while let Some((header, behind)) = rest.split_at_checked(60) {
        let text = |field: &[u8]| String::from_utf8_lossy(field).trim_end().trim_end_matches('/').to_owned();
        let size: usize = text(&header[48..58]).parse()?;
        let (content, behind) = behind.split_at_checked(size).ok_or("a member is cut off")?;
        members.push((text(&header[..16]), content));
        rest = behind.get(size % 2..).unwrap_or_default();
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let members: [(&str, &[u8]); 3] = [("debian-binary", b"2.0\n"), ("odd", b"abc"), ("last", b"")];
        let archive = ar(&members);
        let read = read_ar(&archive).unwrap();
        assert!(read.iter().map(|(name, content)| (name.as_str(), *content)).eq(members));
        assert!(read_ar(b"!<arch>").is_err());
    }
}
