//! Fields that the disk keeps in two parts.

/// The lower 16 bits.
pub(crate) fn low_half(value: u32) -> u16 {
    let [a, b, _, _] = value.to_le_bytes();
    u16::from_le_bytes([a, b])
}

/// The upper 16 bits.
pub(crate) fn high_half(value: u32) -> u16 {
    low_half(value >> 16)
}

/// The lower 32 bits.
pub(crate) fn low_word(value: u64) -> u32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// The upper 32 bits.
pub(crate) fn high_word(value: u64) -> u32 {
    low_word(value >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_taken_from_their_ends() {
        assert_eq!((low_half(0x1234_5678), high_half(0x1234_5678)), (0x5678, 0x1234));
        assert_eq!((low_word(0x1234_5678_9abc_def0), high_word(0x1234_5678_9abc_def0)), (0x9abc_def0, 0x1234_5678));
    }
}
