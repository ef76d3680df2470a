//! A repository's index: `APKINDEX.tar.gz`, a signature's member before a member of `DESCRIPTION` and `APKINDEX`.

use super::gzip::{check_start, read_member, read_members};
use super::keys::{PublicKeys, Signature};
use super::{ApkFault, IndexPackage};
use crate::payload::TarReader;

/// What an index may unpack to. All of Alpine's packages of one architecture take a tenth.
const INDEX_LIMIT: u64 = 256 << 20;

/// What the signatures before an index or a package may unpack to.
pub(super) const SIGNATURES_LIMIT: u64 = 256 << 10;

/// No signature of an 8192-bit key is longer.
const LONGEST_SIGNATURE: u64 = 1024;

const PLACE: &str = "the index";

/// An index whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApkIndex {
    /// What the repository calls itself: `v3.20.3-41-gc73ef8f3f03`; empty if it says nothing.
    pub description: String,
    /// The name of the key it is signed with.
    pub signer: String,
    /// In the index's order.
    pub packages: Vec<IndexPackage>,
}

/// Reads an index and verifies it; nothing behind the signature is unpacked before it holds.
///
/// # Errors
/// When nobody of `keys` has signed it, or it is malformed.
pub fn read_index(bytes: &[u8], keys: &PublicKeys) -> Result<ApkIndex, ApkFault> {
    check_start(bytes)?;
    let mut rest = bytes;
    let signatures = read_signatures(&read_member(&mut rest, "its signature", SIGNATURES_LIMIT)?)?;
    let signer = keys.verify(&signatures, rest)?;
    let unpacked = read_members(rest, PLACE, INDEX_LIMIT)?;
    let mut archive = TarReader::new(unpacked.as_slice(), PLACE);
    let (mut description, mut packages) = (String::new(), None);
    while let Some(header) = archive.next()? {
        match header.name.as_slice() {
            b"DESCRIPTION" => description = text(&archive.read_content(&header, 64 << 10)?).trim_end().to_owned(),
            b"APKINDEX" => packages = Some(parse_index(&text(&archive.read_content(&header, INDEX_LIMIT)?))?),
            _ => {}
        }
    }
    let packages = packages.ok_or(ApkFault::Missing { what: "entry `APKINDEX`" })?;
    Ok(ApkIndex { description, signer, packages })
}

/// Reads an index's text: a line to a field, `LETTER:VALUE`, and an empty line after each package.
///
/// # Errors
/// When a line is malformed or a package has no name or version.
pub fn parse_index(text: &str) -> Result<Vec<IndexPackage>, ApkFault> {
    let mut packages = Vec::new();
    let mut open: Option<IndexPackage> = None;
    for (line, text) in text.lines().chain([""]).enumerate() {
        let refuse = |reason| ApkFault::Line { place: PLACE, line: line + 1, reason };
        if text.is_empty() {
            if let Some(package) = open.take() {
                package.check().map_err(refuse)?;
                packages.push(package.with_identity());
            }
            continue;
        }
        let (field, value) = match text.as_bytes() {
            [field, b':', ..] if field.is_ascii() => (*field, text.get(2..).unwrap_or_default()),
            _ => return Err(refuse("it is not a letter, a colon and a value".to_owned())),
        };
        open.get_or_insert_default().set(field, value).map_err(refuse)?;
    }
    Ok(packages)
}

/// The signatures of a member that has nothing else.
pub(super) fn read_signatures(member: &[u8]) -> Result<Vec<Signature>, ApkFault> {
    let mut archive = TarReader::new(member, "its signature");
    let mut signatures = Vec::new();
    while let Some(header) = archive.next()? {
        match String::from_utf8(header.name.clone()) {
            Ok(name) if name.starts_with(".SIGN.") && !name.contains('/') => {
                signatures.push(Signature { name, bytes: archive.read_content(&header, LONGEST_SIGNATURE)? });
            }
            // Another first member than that of signatures.
            _ => break,
        }
    }
    Ok(signatures)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read() {
        let text = "C:Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0=\nP:a\nV:1-r0\nA:x86_64\nS:5\nI:6\nT:x: y\nt:7\nk:8\nD:b c<2\np:d=1 e\ni:f\nz:later\n\n\nC:Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0=\nP:b\nV:2\nX:later\n";
        let packages = parse_index(text).unwrap();
        let [a, b] = &packages[..] else { panic!("{packages:?}") };
        assert_eq!((a.title(), a.path("x")), ("a-1-r0".to_owned(), "x86_64/a-1-r0.apk".to_owned()));
        assert_eq!((a.size, a.installed_size, a.build_time, a.provider_priority, a.description.as_str()), (5, 6, 7, 8, "x: y"));
        assert_eq!((a.depends.len(), a.provides.len(), a.install_if.len(), &a.unusable), (2, 2, 1, &None));
        assert_eq!((b.path("armv7"), b.unusable.as_deref()), ("armv7/b-2.apk".to_owned(), Some("its field `X` is not known")));
    }

    #[test]
    fn malformed_ones_are_refused() {
        for bad in [
            "x\n",
            "P:a\n",
            "V:1\n",
            "P:../a\nV:1\n",
            "P:a\nV:1/2\n",
            "P:a b\nV:1\n",
            "P:a\nV:1\nS:-1\n",
            "P:a\nV:1\nC:x\n",
            "é:a\n",
            "P:.\nV:1",
        ] {
            assert!(matches!(parse_index(bad), Err(ApkFault::Line { .. })), "{bad}");
        }
        let packages = parse_index("P:a\nV:1\nD:x>yz\n").unwrap();
        assert!(packages[0].unusable.as_ref().is_some_and(|reason| reason.contains("x>yz")));
        assert!(parse_index("P:a\nV:1\n").unwrap()[0].unusable.is_some());
    }
}
