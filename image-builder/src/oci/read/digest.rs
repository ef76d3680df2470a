//! Digests as the image specification has them (`descriptor.md`): an algorithm, a colon, small hexadecimal digits.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256, Sha512};

use super::ContainerError;

/// The algorithms that are registered and in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Algorithm {
    Sha256,
    Sha512,
}

/// The name of a content by what is in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BlobDigest {
    algorithm: Algorithm,
    digits: String,
}

impl BlobDigest {
    /// From what is only said in digits, of SHA-256.
    pub(super) fn sha256(digits: &str) -> Result<Self, ContainerError> {
        format!("sha256:{digits}").parse()
    }

    /// Where a layout has it.
    pub(super) fn path(&self) -> String {
        format!("blobs/{}/{}", self.algorithm.name(), self.digits)
    }

    /// To hash what should have it.
    pub(super) fn hasher(&self) -> Hasher {
        match self.algorithm {
            Algorithm::Sha256 => Hasher::Sha256(Sha256::new()),
            Algorithm::Sha512 => Hasher::Sha512(Box::new(Sha512::new())),
        }
    }

    /// Holds it against what was hashed by its own hasher.
    pub(super) fn check(&self, name: &str, hasher: Hasher) -> Result<(), ContainerError> {
        let found = hasher.finish();
        if found == *self {
            return Ok(());
        }
        Err(ContainerError::Changed { name: name.to_owned(), expected: self.to_string(), found: found.to_string() })
    }
}

impl Algorithm {
    const ALL: [Self; 2] = [Self::Sha256, Self::Sha512];

    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

impl FromStr for BlobDigest {
    type Err = ContainerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || ContainerError::Digest { text: text.chars().take(160).collect() };
        let (name, digits) = text.split_once(':').ok_or_else(bad)?;
        let algorithm = Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or_else(bad)?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digits.len() != algorithm.digits() || !digits.bytes().all(is_digit) {
            return Err(bad());
        }
        Ok(Self { algorithm, digits: digits.to_owned() })
    }
}

impl fmt::Display for BlobDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.digits)
    }
}

/// What a digest is made by.
#[derive(Debug, Clone)]
pub(super) enum Hasher {
    Sha256(Sha256),
    Sha512(Box<Sha512>),
}

impl Hasher {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    fn finish(self) -> BlobDigest {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Sha256(hasher) => BlobDigest { algorithm: Algorithm::Sha256, digits: hex(&hasher.finalize()) },
            Self::Sha512(hasher) => BlobDigest { algorithm: Algorithm::Sha512, digits: hex(&hasher.finalize()) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_read_and_compared() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let digest: BlobDigest = empty.parse().unwrap();
        assert_eq!((digest.to_string().as_str(), digest.path()), (empty, format!("blobs/{}", empty.replace(':', "/"))));
        digest.check("it", digest.hasher()).unwrap();
        let mut hasher = digest.hasher();
        hasher.update(b"x");
        let error = digest.check("it", hasher).unwrap_err().to_string();
        assert!(error.starts_with("it is not what it is said to be: its digest is sha256:2d711642b726b044"), "{error}");
        let long: BlobDigest = format!("sha512:{}", "0a".repeat(64)).parse().unwrap();
        assert!(long.check("it", long.hasher()).unwrap_err().to_string().contains("its digest is sha512:cf83e135"));
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        let zeros = "0".repeat(64);
        for text in [
            zeros.clone(),
            format!("sha256:{}", &zeros[1..]),
            format!("sha256:{}G", &zeros[1..]),
            format!("sha256:{}A", &zeros[1..]),
            format!("sha512:{zeros}"),
            format!("md5:{zeros}"),
            format!("sha256:../../{}", &zeros[6..]),
            String::new(),
        ] {
            assert!(matches!(text.parse::<BlobDigest>(), Err(ContainerError::Digest { .. })), "{text}");
        }
    }
}
