use super::{InspectError, read};
use crate::source::ImageSource;

/// What is known by its first bytes only: where they are, and what it is called.
const KNOWN: [(u64, &[u8], &str); 24] = [
    (4086, b"SWAPSPACE2", "swap"),
    (0, b"XFSB", "xfs"),
    (0x10040, b"_BHRfS_M", "btrfs"),
    (1024, &[0x10, 0x20, 0xF5, 0xF2], "f2fs"),
    (3, b"EXFAT   ", "exfat"),
    (3, b"NTFS    ", "ntfs"),
    (0x8001, b"CD001", "iso9660"),
    (0, &[0x45, 0x3D, 0xCD, 0x28], "cramfs"),
    (0, b"-rom1fs-", "romfs"),
    (0, &[b'L', b'U', b'K', b'S', 0xBA, 0xBE], "luks"),
    (512, b"LABELONE", "lvm2"),
    (0, b"LABELONE", "lvm2"),
    (0, &[b'Q', b'F', b'I', 0xFB], "qcow2"),
    (0, b"KDMV", "vmdk"),
    (0, b"vhdxfile", "vhdx"),
    (0, b"conectix", "vhd"),
    (0, b"MZ", "pe"),
    (0, &[0x7F, b'E', b'L', b'F'], "elf"),
    (0, b"!<arch>\n", "ar"),
    (0, &[b'P', b'K', 3, 4], "zip"),
    (0, b"7z\xBC\xAF\x27\x1C", "7z"),
    (0, &[0x02, 0x21, 0x4C, 0x18], "lz4"),
    (0, b"070707", "cpio-odc"),
    (0, &[0xC7, 0x71], "cpio-binary"),
];

/// What it is called, by its magic number alone.
pub(super) fn name(source: &dyn ImageSource) -> Result<Option<&'static str>, InspectError> {
    for (offset, magic, name) in KNOWN {
        let mut found = [0; 16];
        let found = &mut found[..magic.len()];
        if read::fill(source, offset, found)? == magic.len() && found == magic {
            return Ok(Some(name));
        }
    }
    Ok(None)
}
