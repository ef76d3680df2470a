//! GRUB where a BIOS finds it, as `grub-bios-setup` puts it there.
//!
//! The first sector of the disk loads the first of the core image, which loads the rest. Where these lie is written into both: GRUB's
//! `include/grub/i386/pc/boot.h` (`GRUB_BOOT_MACHINE_KERNEL_SECTOR`, `GRUB_BOOT_MACHINE_DRIVE_CHECK`), `include/grub/offsets.h` and
//! `grub-core/boot/i386/pc/diskboot.S` (the block list at the end of its sector), `util/setup.c`.

use super::error::DiskError;
use crate::mbr::{BOOT_CODE, SECTOR};

/// Bytes of a sector, to index with.
const SECTOR_LENGTH: usize = 512;
/// Where the boot sector has the number of the core image's first sector, 64 bits.
const KERNEL_SECTOR: usize = 0x5C;
/// Where it has the jump over the workaround for machines that don't tell which disk they start from; two instructions that do nothing on a disk
/// that is no floppy.
const DRIVE_CHECK: usize = 0x66;
/// Where the core image's first sector has its block list: a first sector of 64 bits, a count of 16 bits, a segment of 16 bits. The one before it
/// has to be zeros, which end the list.
const BLOCK_LIST: usize = SECTOR_LENGTH - 12;
/// The segment that the core image's second sector goes to: `GRUB_BOOT_MACHINE_KERNEL_SEG`, and a sector more.
const SEGMENT: [u8; 2] = 0x0820_u16.to_le_bytes();

/// GRUB's two images for a BIOS: `boot.img`, and what `grub-mkimage --format i386-pc` makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BiosBoot {
    /// The boot sector, of which the first 440 bytes are used.
    pub boot_img: Vec<u8>,
    /// The core image. Between an MBR and the first partition there is room for 1 MiB less one sector.
    pub core_img: Vec<u8>,
}

impl BiosBoot {
    /// Bytes that the core image takes, whole sectors.
    pub(super) fn core_length(&self) -> u64 {
        (self.core_img.len() as u64).next_multiple_of(SECTOR)
    }

    pub(super) fn check(&self) -> Result<(), DiskError> {
        let length = self.boot_img.len();
        if !(BOOT_CODE..=SECTOR_LENGTH).contains(&length) {
            return Err(DiskError::BootImage { length, least: BOOT_CODE, most: SECTOR_LENGTH });
        }
        let why = |why| Err(DiskError::CoreImage { why });
        if self.core_img.len() <= SECTOR_LENGTH {
            return why("it is no longer than a sector");
        }
        if self.core_img[BLOCK_LIST + 10..SECTOR_LENGTH] != SEGMENT {
            return why("its first sector doesn't end with a block list");
        }
        if u16::try_from(self.core_length() / SECTOR - 1).is_err() {
            return why("it has more than 65536 sectors");
        }
        Ok(())
    }

    /// The boot sector's code, for a core image at a byte of the disk.
    pub(super) fn boot_code(&self, core: u64) -> [u8; BOOT_CODE] {
        let mut code = [0; BOOT_CODE];
        code.copy_from_slice(&self.boot_img[..BOOT_CODE]);
        code[KERNEL_SECTOR..KERNEL_SECTOR + 8].copy_from_slice(&(core / SECTOR).to_le_bytes());
        code[DRIVE_CHECK..DRIVE_CHECK + 2].copy_from_slice(&[0x90; 2]);
        code
    }

    /// The core image, for the same place.
    pub(super) fn core(&self, core: u64) -> Vec<u8> {
        let mut image = self.core_img.clone();
        let sectors = u16::try_from(self.core_length() / SECTOR - 1).unwrap_or(u16::MAX);
        image[BLOCK_LIST..BLOCK_LIST + 8].copy_from_slice(&(core / SECTOR + 1).to_le_bytes());
        image[BLOCK_LIST + 8..BLOCK_LIST + 10].copy_from_slice(&sectors.to_le_bytes());
        image
    }
}
