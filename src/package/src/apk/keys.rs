//! The keys that repositories sign with, and what they say of bytes.
//!
//! apk's signatures are PKCS #1 v1.5 over SHA-1 (`.SIGN.RSA.`), SHA-256 (`.SIGN.RSA256.`) or SHA-512 (`.SIGN.RSA512.`) of all compressed bytes behind the member
//! that carries them. A signature names its key by the key's file name, and only a key of that name is tried.

use std::collections::BTreeMap;

use ring::signature::{
    RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, RsaParameters, UnparsedPublicKey,
};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;

mod spki;

/// Trusted public keys by the name that signatures call them.
#[derive(Debug, Clone, Default)]
pub struct PublicKeys {
    keys: BTreeMap<String, PublicKey>,
}

#[derive(Debug, Clone)]
struct PublicKey {
    pem: String,
    /// PKCS #1's `RSAPublicKey`.
    rsa: Vec<u8>,
}

/// A file that is no public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a public key: {reason}")]
pub struct KeyError {
    /// What it was to be called.
    pub name: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl KeyError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some("give a key as Alpine has it in /etc/apk/keys: an RSA key in PEM, `-----BEGIN PUBLIC KEY-----`".to_owned())
    }
}

/// A signature of an index or a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    /// The name of its member: `.SIGN.RSA.KEY`.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// Why signed bytes aren't believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature at all.
    #[error("it is not signed")]
    Unsigned,
    /// It is signed, but by nobody who is trusted.
    #[error("it is signed by {}, and trusted are only {}", list(signers), list(trusted))]
    UnknownKey {
        /// Whom the signatures name.
        signers: Vec<String>,
        /// The names of the keys at hand.
        trusted: Vec<String>,
    },
    /// The signature by a trusted key is wrong: these are not the bytes that were signed.
    #[error("the signature by `{key}` does not fit its bytes")]
    Wrong {
        /// The key's name.
        key: String,
    },
}

impl SignatureError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unsigned => "use a signed repository".to_owned(),
            Self::UnknownKey { .. } => {
                "give the repository the public key that it is signed with, under its own file name, or use another mirror".to_owned()
            }
            Self::Wrong { .. } => "use another mirror: this one gives bytes that nobody signed".to_owned(),
        })
    }
}

impl PublicKeys {
    /// None at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key by the file name it has on a distribution's systems (`alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub`), in PEM.
    ///
    /// # Errors
    /// When the name can't be a file's, or the text is no RSA public key.
    pub fn add(&mut self, name: &str, pem: &str) -> Result<(), KeyError> {
        let refuse = |reason| KeyError { name: name.to_owned(), reason };
        if name.is_empty() || name.len() > 200 || name.starts_with('.') || name.chars().any(|c| c == '/' || c.is_control()) {
            return Err(refuse("its name is no file name"));
        }
        let key =
            SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).map_err(|_malformed| refuse("there is no public key in PEM in it"))?;
        let rsa = spki::rsa_public_key(&key).ok_or_else(|| refuse("its key is not an RSA key"))?.to_vec();
        self.keys.insert(name.to_owned(), PublicKey { pem: pem.to_owned(), rsa });
        Ok(())
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// Names and texts, sorted: the files of `/etc/apk/keys`.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.keys.iter().map(|(name, key)| (name.as_str(), key.pem.as_str()))
    }

    /// Tells which key has signed `message`; the first signature by a key at hand decides, as with apk.
    pub(super) fn verify(&self, signatures: &[Signature], message: &[u8]) -> Result<String, SignatureError> {
        if signatures.is_empty() {
            return Err(SignatureError::Unsigned);
        }
        let mut signers = Vec::new();
        for signature in signatures {
            let Some((parameters, name)) = parse_name(&signature.name) else {
                signers.push(signature.name.clone());
                continue;
            };
            let Some(key) = self.keys.get(name) else {
                signers.push(name.to_owned());
                continue;
            };
            return match UnparsedPublicKey::new(parameters, &key.rsa).verify(message, &signature.bytes) {
                Ok(()) => Ok(name.to_owned()),
                Err(ring::error::Unspecified) => Err(SignatureError::Wrong { key: name.to_owned() }),
            };
        }
        Err(SignatureError::UnknownKey { signers, trusted: self.names().map(str::to_owned).collect() })
    }
}

/// What a member's name says: the algorithm and the key's name.
fn parse_name(member: &str) -> Option<(&'static RsaParameters, &str)> {
    let (algorithm, key) = member.strip_prefix(".SIGN.")?.split_once('.')?;
    let parameters = match algorithm {
        "RSA" => &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        "RSA256" => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        "RSA512" => &RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        _ => return None,
    };
    Some((parameters, key))
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "no keys at all".to_owned() } else { names.join(", ") }
}
