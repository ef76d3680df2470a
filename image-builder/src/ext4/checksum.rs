use super::format::{high_half, low_half};

/// CRC-32C as ext4 chains it: from all ones, without the inversion at the end. Without `metadata_csum` it stays 0, which is what fields of
/// checksums have then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checksum {
    sum: u32,
    is_kept: bool,
}

impl Checksum {
    /// Of nothing.
    pub(crate) fn new() -> Self {
        Self { sum: !0, is_kept: true }
    }

    /// Going on from what is known.
    pub(crate) fn from_value(sum: u32) -> Self {
        Self { sum, is_kept: true }
    }

    /// Always 0.
    pub(crate) fn none() -> Self {
        Self { sum: 0, is_kept: false }
    }

    /// Of all so far and these bytes.
    #[must_use]
    pub(crate) fn with(self, bytes: &[u8]) -> Self {
        if self.is_kept { Self { sum: !crc32c::crc32c_append(!self.sum, bytes), ..self } } else { self }
    }

    /// What belongs to an inode starts with its number and generation, which is always 0 here.
    #[must_use]
    pub(crate) fn of_inode(self, inode: u32) -> Self {
        self.with(&inode.to_le_bytes()).with(&[0; 4])
    }

    pub(crate) fn value(self) -> u32 {
        self.sum
    }

    pub(crate) fn low(self) -> u16 {
        low_half(self.sum)
    }

    pub(crate) fn high(self) -> u16 {
        high_half(self.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_and_is_not_inverted() {
        // The check value of CRC-32C is 0xE3069283.
        assert_eq!(!Checksum::new().with(b"1234").with(b"56789").value(), 0xE306_9283);
        assert_eq!(Checksum::none().with(b"1234").of_inode(5).value(), 0);
    }
}
