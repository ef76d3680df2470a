use std::io;
use std::path::Path;

use rootfs_image::{FileSource, ImageSource as _, Qcow2Image};

/// Where the root is in an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// A filesystem from the image's first byte on.
    Whole,
    /// In the partition of this number.
    Partition(u32),
}

/// Looks at the partition table: the first used entry of an MBR, the first partition of a GPT, or none.
pub(crate) fn find_root(image: &Path) -> io::Result<Root> {
    let file = FileSource::open(image)?;
    let mut start = [0; 512];
    let read = match Qcow2Image::open(&file) {
        Ok(disk) => disk.read_exact_at(0, &mut start),
        Err(_) => file.read_exact_at(0, &mut start),
    };
    match read {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Root::Whole),
        read => read.map(|()| root_in(&start)),
    }
}

fn root_in(sector: &[u8]) -> Root {
    if sector.get(510..512) != Some(&[0x55, 0xaa]) {
        return Root::Whole;
    }
    match (0..4).find(|slot| sector[446 + 16 * slot + 4] != 0) {
        // The one of type 0xee stands before a GPT, where counting begins anew.
        Some(slot) if sector[446 + 16 * slot + 4] == 0xee => Root::Partition(1),
        Some(slot) => Root::Partition(u32::try_from(slot).map_or(1, |slot| slot + 1)),
        None => Root::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_used_entry_counts() {
        let mut sector = [0; 512];
        assert_eq!(root_in(&sector), Root::Whole);
        assert_eq!(root_in(&[]), Root::Whole);
        sector[510..].copy_from_slice(&[0x55, 0xaa]);
        assert_eq!(root_in(&sector), Root::Whole);
        sector[446 + 16 + 4] = 0x83;
        assert_eq!(root_in(&sector), Root::Partition(2));
        sector[446 + 4] = 0xee;
        assert_eq!(root_in(&sector), Root::Partition(1));
    }
}
