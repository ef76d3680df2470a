use fs_err::File;
use std::os::unix::fs::FileExt;

/// How a filesystem calls itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Label {
    /// Without the zeros behind it.
    pub(super) label: Vec<u8>,
    /// In its usual form, lower case.
    pub(super) uuid: String,
}

/// Of an ext2, ext3 or ext4 filesystem on the device of this name.
pub(super) fn read(device: &str) -> Option<Label> {
    let mut superblock = [0; 1024];
    File::open(format!("/dev/{device}")).ok()?.file().read_exact_at(&mut superblock, 1024).ok()?;
    parse(&superblock)
}

/// From the superblock, by the offsets in the kernel's fs/ext4/ext4.h: `s_magic`, `s_uuid`, `s_volume_name`.
fn parse(superblock: &[u8; 1024]) -> Option<Label> {
    if superblock[0x38..0x3a] != [0x53, 0xef] {
        return None;
    }
    let label = superblock[0x78..0x88].split(|byte| *byte == 0).next()?.to_vec();
    let digits = |range: std::ops::Range<usize>| superblock[range].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let uuid = [0x68..0x6c, 0x6c..0x6e, 0x6e..0x70, 0x70..0x72, 0x72..0x78].map(digits).join("-");
    Some(Label { label, uuid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_superblock_tells_both() {
        let mut superblock = [0; 1024];
        assert_eq!(parse(&superblock), None);
        superblock[0x38..0x3a].copy_from_slice(&[0x53, 0xef]);
        for (slot, byte) in superblock[0x68..0x78].iter_mut().zip(0x10..) {
            *slot = byte;
        }
        superblock[0x78..0x7c].copy_from_slice(b"root");
        let expected = Label { label: b"root".to_vec(), uuid: "10111213-1415-1617-1819-1a1b1c1d1e1f".to_owned() };
        assert_eq!(parse(&superblock), Some(expected));
    }
}
