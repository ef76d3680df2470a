//! The header that lets a guest map an image as NVDIMM with DAX: 2 MiB in front of the disk, as Kata Containers' image builder writes them.
//!
//! A guest with a driver for it finds the block below and sees the disk behind the header; any other sees the whole file as a disk. So there are
//! two partition tables, one for each view, that name the same bytes.
//!
//! Source of the format: `struct nd_pfn_sb` of the kernel's `drivers/nvdimm/pfn.h`, in version 0.2; what the kernel demands of it is in
//! `nd_pfn_validate` of `drivers/nvdimm/pfn_devs.c`.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout};

/// Bytes of the header, and what the size of an image with it is a multiple of: the kernel maps in steps of this.
pub(crate) const HEADER: u64 = 2 << 20;
/// Where the block lies.
pub(crate) const INFO_BLOCK: u64 = 0x1000;
/// What it begins with.
pub(crate) const SIGNATURE: [u8; 16] = *b"NVDIMM_PFN_INFO\0";
/// `PFN_MODE_RAM`: the kernel's records of pages are in memory, not on the device.
const MODE_RAM: u32 = 1;

/// `struct nd_pfn_sb`
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct InfoBlock {
    pub(crate) signature: [u8; 16],

    pub(crate) uuid: [u8; 16],

    /// Of the namespace: zeros, as those of QEMU's devices without labels.
    pub(crate) parent_uuid: [u8; 16],

    pub(crate) flags: U32,
    pub(crate) version_major: U16,
    pub(crate) version_minor: U16,
    pub(crate) dataoff: U64,

    pub(crate) npfns: U64,
    pub(crate) mode: U32,
    pub(crate) start_pad: U32,

    pub(crate) end_trunc: U32,
    pub(crate) align: U32,
    pub(crate) padding: [u8; 4000],

    pub(crate) checksum: U64,
}

const _: () = assert!(size_of::<InfoBlock>() == 4096);

impl InfoBlock {
    /// The block of an image with [`HEADER`] in front.
    pub(crate) fn new() -> Self {
        let mut block = Self::new_zeroed();
        block.signature = SIGNATURE;
        block.version_minor = U16::new(2);
        block.dataoff = U64::new(HEADER);
        block.mode = U32::new(MODE_RAM);
        block.align = U32::new(2 << 20);
        block.checksum = U64::new(block.sum());
        block
    }

    /// What its checksum should be: Fletcher's, over words of 32 bits, its own taken as zeros.
    pub(crate) fn sum(&self) -> u64 {
        let mut block = self.clone();
        block.checksum = U64::ZERO;
        let (mut low, mut high) = (0_u32, 0_u64);
        for word in block.as_bytes().as_chunks::<4>().0 {
            low = low.wrapping_add(u32::from_le_bytes(*word));
            high = high.wrapping_add(low.into());
        }
        high << 32 | u64::from(low)
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_block_is_the_one_of_katas_program() {
        let block = InfoBlock::new();
        assert_eq!(block.as_bytes()[4088..], [0x30, 0x38, 0x94, 0xE3, 0x2B, 0x03, 0x5B, 0x68]);
        let digest = rootfs_tree::Digest(Sha256::digest(block.as_bytes()).into());
        assert_eq!(digest.to_string(), "b502df4b37a7b6ba1f3c93416b77768a9f6df41ce2ec7fe46804180ca2191553");
    }
}
