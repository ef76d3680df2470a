//! Where GRUB's images are put, and what is written into them.

use rootfs_image::{BiosBoot, DiskError, DiskLayout, DiskOptions, Role, Size, Table};

use crate::disk::{options, table, write};
use crate::forest::everything;
use crate::gpt::boot_loader;

fn bios(bios: BiosBoot, table: Table) -> DiskOptions {
    DiskOptions { bios: Some(bios), table, ..options(Size::Minimal) }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[test]
fn each_sector_says_where_the_next_is() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    for kind in [Table::Mbr, Table::Gpt] {
        let loader = boot_loader(30_000);
        let (_, disk) = write(&everything(), &bios(loader.clone(), kind), &image);
        let bytes = fs_err::read(&image).unwrap();
        let core = disk.partition(Role::BiosBoot).map_or(512, |partition| partition.start);
        assert_eq!((core, disk.partitions.len()), if kind == Table::Gpt { (1 << 20, 2) } else { (512, 1) });
        assert_eq!(table(&image).len(), disk.partitions.len());
        assert_eq!(number(&bytes[0x5C..0x64]), core / 512);
        assert_eq!(bytes[0x66..0x68], [0x90; 2]);
        assert_eq!(bytes[..0x5C].iter().chain(&bytes[0x68..440]).filter(|byte| **byte != 0xAA).count(), 0);
        let core = &bytes[usize::try_from(core).unwrap()..];
        // 30,000 bytes are 59 sectors, of which the first loads the rest.
        assert_eq!(
            (number(&core[500..508]), number(&core[508..510]), number(&core[510..512])),
            (number(&bytes[0x5C..0x64]) + 1, 58, 0x820)
        );
        assert_eq!(core[..500], loader.core_img[..500]);
        assert_eq!(core[512..30_000], loader.core_img[512..]);
        assert!(core[30_000..59 * 512].iter().all(|byte| *byte == 0));
    }
}

#[test]
fn what_is_no_boot_loader_is_refused() {
    let refused = |loader, table| DiskLayout::plan(&everything(), &bios(loader, table)).unwrap_err();
    let short = BiosBoot { boot_img: vec![0; 439], ..boot_loader(1000) };
    assert_eq!(refused(short, Table::Mbr).to_string(), "boot.img has 439 bytes, and 440 to 512 are a boot sector");
    let cut = |length| BiosBoot { core_img: boot_loader(40_000_000).core_img[..length].to_vec(), ..boot_loader(1000) };
    for (loader, told) in [
        (cut(512), "it is no longer than a sector"),
        (cut(65537 * 512), "it has more than 65536 sectors"),
        (BiosBoot { core_img: vec![1; 1000], ..boot_loader(1000) }, "its first sector doesn't end with a block list"),
    ] {
        assert_eq!(refused(loader, Table::Gpt).to_string(), format!("core.img is not a core image of GRUB for a BIOS: {told}"));
    }
    let room = (1 << 20) - 512;
    assert!(DiskLayout::plan(&everything(), &bios(cut(room), Table::Mbr)).is_ok());
    let error = refused(cut(room + 1), Table::Mbr);
    assert!(matches!(error, DiskError::CoreImageTooLarge { length: 1_048_576, limit: 1_048_064 }));
    assert_eq!(error.hint().unwrap(), "use a GPT, where it gets a partition of its own");
    assert!(DiskLayout::plan(&everything(), &bios(cut(room + 1), Table::Gpt)).is_ok());
}
