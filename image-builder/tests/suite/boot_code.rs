//! Where GRUB's images are put, and what is written into them.

use rootfs_image::{BiosBoot, DiskError, DiskLayout, DiskOptions, Role, Size, Table};
use rootfs_tree::{Kind, Tree};

use crate::disk::{options, table, write};
use crate::forest::{add, everything};
use crate::gpt::boot_loader;
use crate::judge::{path, run, run_well};

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
        let (layout, disk) = write(&everything(), &bios(loader.clone(), kind), &image);
        let bytes = fs_err::read(&image).unwrap();
        let core = disk.partition(Role::BiosBoot).map_or(512, |partition| partition.start);
        assert_eq!((core, disk.partitions.len()), if kind == Table::Gpt { (1 << 20, 2) } else { (512, 1) });
        let told = table(&image);
        assert_eq!(told.len(), disk.partitions.len());
        // The kernel is told where its root is before there is a disk.
        let without = DiskLayout::plan(&everything(), &DiskOptions { bios: None, ..bios(loader.clone(), kind) }).unwrap();
        let root = told.last().map(|partition| partition.uuid.to_lowercase());
        assert_eq!((layout.root_partuuid(), without.root_partuuid()), (root.clone(), root));
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

/// What a machine with a BIOS writes to its serial line within so many seconds, started from a disk.
fn start(image: &std::path::Path, seconds: &str) -> String {
    let drive = format!("file={},format=raw,if=ide,snapshot=on", path(image));
    let machine = ["-accel", "tcg", "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot", "-m", "64"];
    let arguments = [&[seconds, "qemu-system-x86_64"], &machine[..], &["-drive", &drive]].concat();
    let output = run("timeout", &arguments);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// GRUB itself, which reads a file of the root filesystem; and not once a sector that it needs is gone.
#[test]
fn a_bios_starts_grub() {
    let directory = tempfile::tempdir().unwrap();
    let [script, core, image] = ["script", "core.img", "disk"].map(|name| directory.path().join(name));
    for (kind, partition) in [(Table::Mbr, "msdos1"), (Table::Gpt, "gpt2")] {
        let commands = format!("serial\nterminal_output serial\ncat (hd0,{partition})/said\nreboot\n");
        fs_err::write(&script, commands).unwrap();
        let modules = ["biosdisk", "part_msdos", "part_gpt", "ext2", "serial", "terminal", "cat", "reboot"];
        let arguments =
            [&["--format", "i386-pc", "--prefix", "", "--config", path(&script), "--output", path(&core)], &modules[..]].concat();
        run_well("grub-mkimage", &arguments);
        let loader = BiosBoot { boot_img: fs_err::read("/usr/lib/grub/i386-pc/boot.img").unwrap(), core_img: fs_err::read(&core).unwrap() };
        let mut tree = everything();
        add(&mut tree, Tree::ROOT, "said", Kind::inline(&b"read from the root filesystem\n"[..]));
        let (_, disk) = write(&tree, &bios(loader, kind), &image);
        let said = start(&image, "60");
        assert!(said.contains("read from the root filesystem"), "{kind:?}: {said}");
        let mut bytes = fs_err::read(&image).unwrap();
        let core = disk.partition(Role::BiosBoot).map_or(512, |partition| usize::try_from(partition.start).unwrap());
        bytes[core + 512..core + 1024].fill(0);
        fs_err::write(&image, bytes).unwrap();
        assert!(!start(&image, "3").contains("read from"), "{kind:?}");
    }
}
