use pgp::composed::{SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{PublicKey, Signature, SignatureType};
use pgp::types::{Fingerprint, KeyDetails, KeyId, Tag};

use super::{SignatureFault, seconds};

/// A public key with its subkeys and what it says about itself.
#[derive(Debug)]
pub(super) struct Certificate {
    key: SignedPublicKey,
}

/// Which of a certificate's keys signed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signer<'a> {
    Primary,
    Subkey(&'a SignedPublicSubKey),
}

impl Certificate {
    pub(super) fn new(key: SignedPublicKey) -> Self {
        Self { key }
    }

    pub(super) fn primary(&self) -> &PublicKey {
        &self.key.primary_key
    }

    /// The primary key's, in upper case.
    pub(super) fn fingerprint(&self) -> String {
        format!("{:X}", self.primary().fingerprint())
    }

    /// The key that the signature names, if it is one of this certificate's.
    pub(super) fn find_signer(&self, signature: &Signature) -> Option<Signer<'_>> {
        let primary = self.primary();
        if is_issuer(signature, &primary.fingerprint(), &primary.legacy_key_id()) {
            return Some(Signer::Primary);
        }
        let is_named = |subkey: &&SignedPublicSubKey| is_issuer(signature, &subkey.key.fingerprint(), &subkey.key.legacy_key_id());
        self.key.public_subkeys.iter().find(is_named).map(Signer::Subkey)
    }

    /// Whether the key may sign at this time, by what the certificate says about itself.
    pub(super) fn check(&self, signer: Signer<'_>, now: i64) -> Result<(), SignatureFault> {
        let fingerprint = self.fingerprint();
        let primary = self.primary();
        let revocations = self.key.details.revocation_signatures.iter();
        if revocations.filter(|one| one.typ() == Some(SignatureType::KeyRevocation)).any(|one| one.verify_key(primary).is_ok()) {
            return Err(SignatureFault::KeyRevoked { fingerprint });
        }
        let own = newest(self.self_signatures(), now).ok_or_else(|| SignatureFault::Unbound { fingerprint: fingerprint.clone() })?;
        check_expiry(own, seconds(primary.created_at()), now, &fingerprint)?;
        match signer {
            Signer::Primary if own.key_flags().sign() => Ok(()),
            Signer::Primary => Err(SignatureFault::NotForSigning { fingerprint }),
            Signer::Subkey(subkey) => self.check_subkey(subkey, now, fingerprint),
        }
    }

    fn check_subkey(&self, subkey: &SignedPublicSubKey, now: i64, fingerprint: String) -> Result<(), SignatureFault> {
        let primary = self.primary();
        let of_type = |wanted| subkey.signatures.iter().filter(move |one| one.typ() == Some(wanted));
        if of_type(SignatureType::SubkeyRevocation).any(|one| one.verify_subkey_binding(primary, &subkey.key).is_ok()) {
            return Err(SignatureFault::KeyRevoked { fingerprint });
        }
        let bindings = of_type(SignatureType::SubkeyBinding);
        let valid = bindings.filter(|one| is_strong(one) && one.verify_subkey_binding(primary, &subkey.key).is_ok());
        let binding = newest(valid, now).ok_or_else(|| SignatureFault::Unbound { fingerprint: fingerprint.clone() })?;
        if !binding.key_flags().sign() {
            return Err(SignatureFault::NotForSigning { fingerprint });
        }
        // Without the subkey's own word anybody could claim its signatures for his certificate.
        let agreed = binding.embedded_signature().filter(|one| is_strong(one));
        if agreed.is_none_or(|one| one.verify_primary_key_binding(&subkey.key, primary).is_err()) {
            return Err(SignatureFault::Unbound { fingerprint });
        }
        check_expiry(binding, seconds(subkey.key.created_at()), now, &fingerprint)
    }

    /// What the primary key says about itself, directly or about user ids that it hasn't revoked.
    fn self_signatures(&self) -> impl Iterator<Item = &Signature> {
        let primary = self.primary();
        let direct = self.key.details.direct_signatures.iter().filter(|one| is_strong(one) && one.verify_key(primary).is_ok());
        let of_users = self.key.details.users.iter().flat_map(move |user| {
            let own = move |one: &&Signature| one.verify_certification(primary, Tag::UserId, &user.id).is_ok();
            let revoked = user.signatures.iter().filter(|one| one.typ() == Some(SignatureType::CertRevocation)).any(|one| own(&one));
            user.signatures.iter().filter(move |one| !revoked && one.is_certification() && is_strong(one) && own(one))
        });
        direct.chain(of_users)
    }
}

/// Signatures with hashes for which collisions can be made don't count.
pub(super) fn is_strong(signature: &Signature) -> bool {
    use HashAlgorithm::{Sha3_256, Sha3_512, Sha224, Sha256, Sha384, Sha512};
    matches!(signature.hash_alg(), Some(Sha224 | Sha256 | Sha384 | Sha512 | Sha3_256 | Sha3_512))
}

fn is_issuer(signature: &Signature, fingerprint: &Fingerprint, id: &KeyId) -> bool {
    let fingerprints = signature.issuer_fingerprint();
    if fingerprints.is_empty() { signature.issuer_key_id().contains(&id) } else { fingerprints.contains(&fingerprint) }
}

/// The last word on a matter: later signatures replace earlier ones. Those that have run out or aren't made yet say nothing.
fn newest<'a>(signatures: impl Iterator<Item = &'a Signature>, now: i64) -> Option<&'a Signature> {
    let current = signatures.filter(|signature| {
        let Some(created) = signature.created().map(seconds) else { return false };
        let lifetime = signature.signature_expiration_time().map_or(0, |duration| i64::from(duration.as_secs()));
        created <= now && (lifetime == 0 || created + lifetime > now)
    });
    current.max_by_key(|signature| signature.created().map(seconds))
}

fn check_expiry(signature: &Signature, key_created: i64, now: i64, fingerprint: &str) -> Result<(), SignatureFault> {
    match signature.key_expiration_time().map(|duration| i64::from(duration.as_secs())) {
        Some(lifetime) if lifetime != 0 && key_created + lifetime <= now => {
            Err(SignatureFault::KeyExpired { fingerprint: fingerprint.to_owned(), since: key_created + lifetime })
        }
        _ => Ok(()),
    }
}
