use super::format::{high_half, low_half};

/// CRC-32C as ext4 chains it: from all ones, without the inversion at the end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checksum(u32);

impl Checksum {
    /// Of nothing.
    pub(crate) fn new() -> Self {
        Self(!0)
    }

    /// Of all so far and these bytes.
    #[must_use]
    pub(crate) fn with(self, bytes: &[u8]) -> Self {
        Self(!crc32c::crc32c_append(!self.0, bytes))
    }

    /// What belongs to an inode starts with its number and generation, which is always 0 here.
    #[must_use]
    pub(crate) fn of_inode(self, inode: u32) -> Self {
        self.with(&inode.to_le_bytes()).with(&[0; 4])
    }

    pub(crate) fn value(self) -> u32 {
        self.0
    }

    pub(crate) fn low(self) -> u16 {
        low_half(self.0)
    }

    pub(crate) fn high(self) -> u16 {
        high_half(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_and_is_not_inverted() {
        // The check value of CRC-32C is 0xE3069283.
        assert_eq!(!Checksum::new().with(b"1234").with(b"56789").value(), 0xE306_9283);
    }
}
