//! Checksums as repositories write them: a kind and hexadecimal digits.

use std::fmt;

use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// A checksum that holds against whoever made the file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RpmChecksum {
    kind: Kind,
    /// Lower-case digits.
    hex: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Sha256,
    Sha384,
    Sha512,
}

/// A checksum that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RpmChecksumError {
    /// Files can be made to fit it, or nothing here computes it.
    #[error("a checksum of kind `{kind}` proves nothing: SHA-256, SHA-384 or SHA-512 is needed")]
    Weak {
        /// As written.
        kind: String,
    },
    /// It is not of the length of its kind, or has other than hexadecimal digits.
    #[error("`{text}` is not a checksum of kind `{kind}`")]
    Malformed {
        /// As written.
        kind: String,
        /// As written, its beginning.
        text: String,
    },
}

impl RpmChecksum {
    /// Of a kind (`sha256`, `sha384`, `sha512`) and hexadecimal digits.
    ///
    /// # Errors
    /// When the kind is weaker (`sha`, `sha1`, `md5`) or unknown, or the digits don't fit it.
    pub fn parse(kind: &str, hex: &str) -> Result<Self, RpmChecksumError> {
        let written = || kind.chars().take(40).collect::<String>();
        let (parsed, length) = match kind {
            "sha256" => (Kind::Sha256, 64),
            "sha384" => (Kind::Sha384, 96),
            "sha512" => (Kind::Sha512, 128),
            _ => return Err(RpmChecksumError::Weak { kind: written() }),
        };
        let hex = hex.trim();
        if hex.len() != length || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(RpmChecksumError::Malformed { kind: written(), text: hex.chars().take(140).collect() });
        }
        Ok(Self { kind: parsed, hex: hex.to_ascii_lowercase() })
    }

    /// `sha256`, `sha384` or `sha512`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.kind {
            Kind::Sha256 => "sha256",
            Kind::Sha384 => "sha384",
            Kind::Sha512 => "sha512",
        }
    }

    /// Its digits, in lower case.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.hex
    }

    /// Whether these bytes have it.
    #[must_use]
    pub fn matches(&self, bytes: &[u8]) -> bool {
        let found = match self.kind {
            Kind::Sha256 => hex_of(&Sha256::digest(bytes)),
            Kind::Sha384 => hex_of(&Sha384::digest(bytes)),
            Kind::Sha512 => hex_of(&Sha512::digest(bytes)),
        };
        found == self.hex
    }
}

impl fmt::Display for RpmChecksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind(), self.hex)
    }
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_and_malformed_ones_are_refused() {
        let sum = RpmChecksum::parse("sha256", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855").unwrap();
        assert!(sum.matches(b"") && !sum.matches(b"x"));
        assert_eq!(sum.hex().len(), 64);
        for kind in ["sha", "sha1", "md5", "sha224", "none", "SHA256"] {
            assert!(matches!(RpmChecksum::parse(kind, sum.hex()), Err(RpmChecksumError::Weak { .. })), "{kind}");
        }
        for hex in ["", "e3", "ge3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85"] {
            assert!(matches!(RpmChecksum::parse("sha256", hex), Err(RpmChecksumError::Malformed { .. })), "{hex}");
        }
    }
}
