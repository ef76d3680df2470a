/// Over a name and a value, the value filled up with zeros to whole words: `ext4_xattr_hash_entry`.
pub(crate) fn attribute_hash(name: &[u8], value: &[u8]) -> u32 {
    with_value(name.iter().fold(0, |hash: u32, byte| hash.rotate_left(5) ^ u32::from(*byte)), value)
}

/// The same as kernels before Linux 6.2 had it where characters are signed: `ext4_xattr_hash_entry_signed`.
pub(crate) fn signed_attribute_hash(name: &[u8], value: &[u8]) -> u32 {
    let signed = |byte: u8| i32::from(byte.cast_signed()).cast_unsigned();
    with_value(name.iter().fold(0, |hash: u32, byte| hash.rotate_left(5) ^ signed(*byte)), value)
}

/// The hash of a name and a value of words.
fn with_value(over_name: u32, value: &[u8]) -> u32 {
    value.chunks(4).fold(over_name, |hash, chunk| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        hash.rotate_left(16) ^ u32::from_le_bytes(word)
    })
}
