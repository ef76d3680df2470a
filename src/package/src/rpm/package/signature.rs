use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::header::Header;
use super::{RpmFault, Trust, tags};
use crate::openpgp::OpenPgpError;

/// More than anybody needs, and each costs time.
const MOST_SIGNATURES: usize = 16;

/// Checks the header against its hashes and signatures; gives the fingerprints of who has signed it, as [`crate::openpgp::Signed`] does.
///
/// What is signed is the header alone: it has the hash of the payload.
pub(super) fn check(signatures: &Header, header: &Header, trust: Trust<'_>) -> Result<Vec<String>, RpmFault> {
    check_digest(signatures, header)?;
    let Trust::Signature { keys, now } = trust else { return Ok(Vec::new()) };
    let found = find(signatures)?;
    if found.is_empty() {
        let is_old = signatures.has(tags::OLD_PGP) || signatures.has(tags::OLD_GPG);
        return Err(if is_old { RpmFault::OldSignature } else { RpmFault::Unsigned });
    }
    let (mut good, mut fault) = (Vec::new(), None);
    for signature in found {
        match keys.verify_detached(&header.raw, &signature, now) {
            Ok(fingerprints) => good.extend(fingerprints),
            Err(error) => fault = Some(more_telling(fault, error)),
        }
    }
    good.sort();
    good.dedup();
    match fault {
        Some(fault) if good.is_empty() => Err(RpmFault::Signature(fault)),
        _ => Ok(good),
    }
}

/// A signature by a key that is trusted says more than one by a stranger.
fn more_telling(before: Option<OpenPgpError>, next: OpenPgpError) -> OpenPgpError {
    match before {
        Some(before) if !matches!(before, OpenPgpError::WrongKey { .. }) => before,
        _ => next,
    }
}

fn check_digest(signatures: &Header, header: &Header) -> Result<(), RpmFault> {
    let Some(text) = signatures.text(tags::SHA256_HEADER)? else { return Ok(()) };
    let place = "its header";
    let expected = parse_digest(text).ok_or(RpmFault::Header { place: "its signature header", reason: "its SHA-256 is none" })?;
    let found = Digest(Sha256::digest(&header.raw).into());
    if found == expected { Ok(()) } else { Err(RpmFault::Digest { place, expected, found }) }
}

pub(super) fn parse_digest(text: &[u8]) -> Option<Digest> {
    str::from_utf8(text).ok()?.parse().ok()
}

/// Every signature of the header, whichever tag it has.
fn find(signatures: &Header) -> Result<Vec<Vec<u8>>, RpmFault> {
    let place = "its signature header";
    let mut found = Vec::new();
    for tag in [tags::RSA_HEADER, tags::DSA_HEADER] {
        found.extend(signatures.bytes(tag)?.map(<[u8]>::to_vec));
    }
    for text in signatures.texts(tags::OPENPGP)? {
        let packed: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let bytes = STANDARD.decode(packed).map_err(|_not_base64| RpmFault::Header { place, reason: "a signature is not in base64" })?;
        // rpm 6 writes the same signature under the tag of rpm 4 too.
        if !found.contains(&bytes) {
            found.push(bytes);
        }
    }
    if found.len() > MOST_SIGNATURES { Err(RpmFault::Header { place, reason: "it has too many signatures" }) } else { Ok(found) }
}
