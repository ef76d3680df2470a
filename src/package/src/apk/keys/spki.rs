//! X.509's `SubjectPublicKeyInfo` (RFC 5280, 4.1), as far as apk's keys need it.

/// The algorithm of every RSA key: `rsaEncryption` (RFC 8017, A.1) with its NULL.
const RSA_ENCRYPTION: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;

/// The `RSAPublicKey` inside; none when the key is of another kind, or anything is left over.
pub(super) fn rsa_public_key(info: &[u8]) -> Option<&[u8]> {
    let (info, []) = element(SEQUENCE, info)? else { return None };
    let (algorithm, rest) = element(SEQUENCE, info)?;
    let (key, []) = element(BIT_STRING, rest)? else { return None };
    // A bit string begins with how many bits of its last byte don't count.
    let (0, key) = key.split_first()? else { return None };
    (algorithm == RSA_ENCRYPTION).then_some(key)
}

/// The content of the element that `input` begins with, and what follows it.
fn element(tag: u8, input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = input.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?,
        _ => return None,
    };
    if *found == tag { rest.split_at_checked(length) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_rsa_keys_are_taken() {
        let mut algorithm = vec![SEQUENCE, 13];
        algorithm.extend_from_slice(RSA_ENCRYPTION);
        let body = [&algorithm[..], &[BIT_STRING, 4, 0, 1, 2, 3]].concat();
        let info = [&[SEQUENCE, u8::try_from(body.len()).unwrap()], &body[..]].concat();
        assert_eq!(rsa_public_key(&info), Some(&[1, 2, 3][..]));
        for length in 0..info.len() {
            assert_eq!(rsa_public_key(&info[..length]), None, "{length}");
        }
        let more = [&info[..], b"x"].concat();
        assert_eq!(rsa_public_key(&more), None);
        let mut other = info;
        other[12] ^= 1;
        assert_eq!(rsa_public_key(&other), None);
    }
}
