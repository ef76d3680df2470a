use std::fmt;
use std::io::{self, BufRead, Read};
use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha1::{Digest as _, Sha1};

/// As apk reads it: what the last character says beyond the 20th byte doesn't matter.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true).with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// A SHA-1, which apk writes as `Q1` and base64: what names a package (of its control member), and a file's content in the installed database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha1Sum(pub [u8; 20]);

impl Sha1Sum {
    /// Of bytes at hand.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha1::digest(bytes).into())
    }

    /// Of all that is read.
    pub(super) fn of_reader(input: &mut dyn Read) -> io::Result<Self> {
        let mut sha1 = Sha1::new();
        let mut input = io::BufReader::with_capacity(64 << 10, input);
        loop {
            let piece = input.fill_buf()?;
            if piece.is_empty() {
                return Ok(Self(sha1.finalize().into()));
            }
            let length = piece.len();
            sha1.update(piece);
            input.consume(length);
        }
    }

    /// From 40 hexadecimal digits, as archives have it.
    pub(super) fn from_hex(text: &[u8]) -> Option<Self> {
        let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        let mut bytes = [0; 20];
        let (pairs, []) = text.as_chunks::<2>() else { return None };
        if pairs.len() != bytes.len() {
            return None;
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Sha1Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Q1{}", BASE64.encode(self.0))
    }
}

impl fmt::Debug for Sha1Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A text that is no SHA-1 as apk writes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a SHA-1 as apk writes it")]
pub struct ChecksumError {
    /// As read.
    pub text: String,
}

impl FromStr for Sha1Sum {
    type Err = ChecksumError;

    fn from_str(text: &str) -> Result<Self, ChecksumError> {
        let bad = || ChecksumError { text: text.chars().take(80).collect() };
        let mut bytes = [0; 20];
        let digits = text.strip_prefix("Q1").filter(|digits| digits.len() == 28).ok_or_else(bad)?;
        match BASE64.decode_slice(digits, &mut bytes) {
            Ok(20) => Ok(Self(bytes)),
            _ => Err(bad()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_back() {
        let sum = Sha1Sum::of(b"abc");
        assert_eq!(sum.to_string(), "Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
        assert_eq!("Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0=".parse(), Ok(sum));
        assert_eq!(Sha1Sum::from_hex(b"a9993e364706816aba3e25717850c26c9cd0d89d"), Some(sum));
        assert_eq!(Sha1Sum::of_reader(&mut &b"abc"[..]).unwrap(), sum);
    }

    #[test]
    fn bits_beyond_the_end_do_not_matter() {
        let exact: Sha1Sum = "Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0=".parse().unwrap();
        assert_eq!("Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J3=".parse(), Ok(exact));
    }

    #[test]
    fn other_texts_are_refused() {
        for bad in ["", "Q1", "Q2qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", "Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0", "Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J==", "Q1é"] {
            assert!(bad.parse::<Sha1Sum>().is_err(), "{bad}");
        }
        assert_eq!(Sha1Sum::from_hex(b"a9"), None);
        assert_eq!(Sha1Sum::from_hex(b"zz993e364706816aba3e25717850c26c9cd0d89d"), None);
    }
}
