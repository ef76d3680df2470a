//! Who signed a document: OpenPGP signatures, under a policy of ours.
//!
//! The crate `pgp` computes; what it means is decided here. A signature counts when
//!
//! - it and every self-signature that it rests on are made with a SHA-2 or SHA-3 hash,
//! - its time is neither in the future nor past its own expiry, nor before the key's,
//! - its key is a trusted certificate's primary key, or a subkey that the primary key bound and that agreed to it (cross-signature),
//! - that key may sign, and neither it nor the primary key is expired or revoked.
//!
//! As with apt, one signature that counts is enough, and certificates are trusted because the user named them: no web of trust.

mod certificate;
mod error;

use std::io::{Cursor, Read, Seek};
use std::str;

use pgp::composed::{CleartextSignedMessage, Deserializable, DetachedSignature};
use pgp::packet::{Signature, SignatureType};
use pgp::types::{KeyDetails, Timestamp};

use certificate::{Certificate, Signer, is_strong};
pub use error::{OpenPgpError, SignatureFault};

/// No key file of an archive comes near.
const MOST_CERTIFICATES: usize = 1000;

/// How a clear-signed text begins.
const CLEAR_SIGNED: &str = "-----BEGIN PGP SIGNED MESSAGE-----";

/// Clocks differ; apt allows as much.
const TOLERANCE: i64 = 10;

/// The certificates that may sign a document.
#[derive(Debug, Default)]
pub struct Keyring {
    certificates: Vec<Certificate>,
    origins: Vec<String>,
}

/// A text that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// What the signature covers and nothing else, with `\n` line ends.
    pub text: String,
    /// The certificates whose signatures count, by the upper-case fingerprints of their primary keys, sorted.
    pub fingerprints: Vec<String>,
}

impl Keyring {
    /// Trusts nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one or several certificates: armoured blocks, or a binary keyring. `origin` tells people where they come from.
    ///
    /// # Errors
    /// When there is no certificate in it. A certificate that can't be read beside others that can is left out.
    pub fn add(&mut self, origin: &str, keys: &[u8]) -> Result<(), OpenPgpError> {
        let before = self.certificates.len();
        let armoured = str::from_utf8(keys).ok().filter(|text| text.contains("-----BEGIN PGP"));
        match armoured {
            Some(text) => {
                for block in armoured_blocks(text) {
                    if let Ok((found, _)) = pgp::composed::SignedPublicKey::from_armor_many(block.as_bytes()) {
                        self.certificates.extend(found.take(MOST_CERTIFICATES).filter_map(Result::ok).map(Certificate::new));
                    }
                }
            }
            None => {
                if let Ok(found) = pgp::composed::SignedPublicKey::from_bytes_many(keys) {
                    self.certificates.extend(found.take(MOST_CERTIFICATES).filter_map(Result::ok).map(Certificate::new));
                }
            }
        }
        self.origins.push(origin.to_owned());
        if self.certificates.len() == before { Err(OpenPgpError::NoKeys { origin: origin.to_owned() }) } else { Ok(()) }
    }

    /// Keeps the certificates whose primary keys have such fingerprints, which are in upper case.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&str) -> bool) {
        self.certificates.retain(|certificate| is_kept(&certificate.fingerprint()));
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// The fingerprints of the certificates' primary keys, in upper case, sorted.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<String> {
        let mut fingerprints: Vec<String> = self.certificates.iter().map(Certificate::fingerprint).collect();
        fingerprints.sort();
        fingerprints
    }

    /// Checks a clear-signed document (InRelease) and gives what it says. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// When it isn't signed, or no signature counts.
    pub fn verify_clearsigned(&self, document: &[u8], now: i64) -> Result<Signed, OpenPgpError> {
        let text = str::from_utf8(document).map_err(|source| OpenPgpError::Encoding { source })?;
        if !text.trim_start().starts_with(CLEAR_SIGNED) {
            return Err(OpenPgpError::Unsigned);
        }
        let (message, _) =
            CleartextSignedMessage::from_string(text).map_err(|error| OpenPgpError::Malformed { source: Box::new(error) })?;
        let signed = message.signed_text();
        let fingerprints = self.judge(message.signatures(), &mut Cursor::new(signed.as_bytes()), now)?;
        Ok(Signed { text: signed.replace("\r\n", "\n"), fingerprints })
    }

    /// Checks a document against a detached signature (Release and Release.gpg), armoured or binary. Gives the fingerprints, as [`Signed`] does.
    ///
    /// # Errors
    /// When the signature is none, or doesn't count.
    pub fn verify_detached(&self, document: &[u8], signature: &[u8], now: i64) -> Result<Vec<String>, OpenPgpError> {
        self.judge(&detached(signature)?, &mut Cursor::new(document), now)
    }

    /// As [`Keyring::verify_detached`], of a document that is read from its beginning for each signature.
    ///
    /// # Errors
    /// As there; a document that can't be read is one that its signature doesn't fit.
    pub fn verify_detached_stream(
        &self,
        document: &mut (impl Read + Seek),
        signature: &[u8],
        now: i64,
    ) -> Result<Vec<String>, OpenPgpError> {
        self.judge(&detached(signature)?, document, now)
    }

    fn judge(&self, signatures: &[Signature], data: &mut (impl Read + Seek), now: i64) -> Result<Vec<String>, OpenPgpError> {
        let mut good = Vec::new();
        let mut faults = Vec::new();
        for signature in signatures {
            match self.judge_one(signature, data, now) {
                Ok(fingerprint) => good.push(fingerprint),
                Err(fault) => faults.push(fault),
            }
        }
        good.sort();
        good.dedup();
        if good.is_empty() { Err(OpenPgpError::from_faults(faults, &self.origins)) } else { Ok(good) }
    }

    fn judge_one(&self, signature: &Signature, data: &mut (impl Read + Seek), now: i64) -> Result<String, SignatureFault> {
        let issuers = issuers(signature);
        let Some((certificate, signer)) = self.certificates.iter().find_map(|one| Some((one, one.find_signer(signature)?))) else {
            return Err(SignatureFault::UnknownKey { ids: issuers });
        };
        let fingerprint = certificate.fingerprint();
        if !matches!(signature.typ(), Some(SignatureType::Binary | SignatureType::Text)) {
            return Err(SignatureFault::Kind { fingerprint });
        }
        if !is_strong(signature) {
            let hash = signature.hash_alg().map_or_else(|| "an unknown hash".to_owned(), |hash| hash.to_string());
            return Err(SignatureFault::WeakHash { fingerprint, hash });
        }
        let verified = data.rewind().map_err(Into::into).and_then(|()| match signer {
            Signer::Primary => signature.verify(certificate.primary(), data),
            Signer::Subkey(subkey) => signature.verify(&subkey.key, data),
        });
        verified.map_err(|source| SignatureFault::Bad { fingerprint: fingerprint.clone(), source: Box::new(source) })?;
        check_times(signature, signer, certificate, now)?;
        certificate.check(signer, now)?;
        Ok(fingerprint)
    }
}

/// The signatures of a file that has nothing else, armoured or binary.
fn detached(signature: &[u8]) -> Result<Vec<Signature>, OpenPgpError> {
    let malformed = |error| OpenPgpError::Malformed { source: Box::new(error) };
    match str::from_utf8(signature).ok().filter(|text| text.contains("-----BEGIN PGP")) {
        Some(text) => DetachedSignature::from_armor_many(text.as_bytes()).map_err(malformed)?.0.take(MOST_CERTIFICATES).collect::<Vec<_>>(),
        None => DetachedSignature::from_bytes_many(signature).map_err(malformed)?.take(MOST_CERTIFICATES).collect(),
    }
    .into_iter()
    .map(|detached| detached.map(|detached| detached.signature))
    .collect::<Result<_, _>>()
    .map_err(malformed)
}

/// What a document says that may be clear-signed, whoever has signed it; `\n` line ends.
///
/// # Errors
/// When it is no text, or begins as a signed one and isn't.
pub fn clear_text(document: &[u8]) -> Result<String, OpenPgpError> {
    let text = str::from_utf8(document).map_err(|source| OpenPgpError::Encoding { source })?;
    if !text.trim_start().starts_with(CLEAR_SIGNED) {
        return Ok(text.to_owned());
    }
    let (message, _) = CleartextSignedMessage::from_string(text).map_err(|error| OpenPgpError::Malformed { source: Box::new(error) })?;
    Ok(message.signed_text().replace("\r\n", "\n"))
}

fn check_times(signature: &Signature, signer: Signer<'_>, certificate: &Certificate, now: i64) -> Result<(), SignatureFault> {
    let fingerprint = certificate.fingerprint();
    let created = signature.created().map(seconds).ok_or_else(|| SignatureFault::Untimed { fingerprint: fingerprint.clone() })?;
    let key_created = match signer {
        Signer::Primary => seconds(certificate.primary().created_at()),
        Signer::Subkey(subkey) => seconds(subkey.key.created_at()),
    };
    if created > now + TOLERANCE || created < key_created {
        return Err(SignatureFault::Future { fingerprint, created });
    }
    match signature.signature_expiration_time().map(|duration| i64::from(duration.as_secs())) {
        Some(lifetime) if lifetime != 0 && created + lifetime <= now => {
            Err(SignatureFault::Expired { fingerprint, since: created + lifetime })
        }
        _ => Ok(()),
    }
}

/// Seconds since 1970.
fn seconds(time: Timestamp) -> i64 {
    i64::from(time.as_secs())
}

/// Whom the signature names as its maker, for people.
fn issuers(signature: &Signature) -> Vec<String> {
    let fingerprints: Vec<_> = signature.issuer_fingerprint().into_iter().map(|fingerprint| format!("{fingerprint:X}")).collect();
    if !fingerprints.is_empty() {
        return fingerprints;
    }
    signature.issuer_key_id().into_iter().map(|id| id.to_string().to_ascii_uppercase()).collect()
}

/// Each armoured block of a text.
fn armoured_blocks(text: &str) -> Vec<&str> {
    const BEGIN: &str = "-----BEGIN PGP";
    let starts: Vec<_> = text.match_indices(BEGIN).map(|(at, _)| at).chain([text.len()]).collect();
    starts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}
