//! The disk around a filesystem.

use rootfs_image::{
    BlockSize, Disk, DiskError, DiskLayout, DiskOptions, EspOptions, Ext4Options, Image, ImageFile, Profile, RootFilesystem, Size, Table,
    VerityOptions,
};
use rootfs_tree::{Kind, Tree};

use crate::forest::{TIME, add, crowd, empty, everything, node};
use crate::gpt::boot_loader;
use crate::judge::{Mounted, assert_clean, expected, path, run, run_well};

/// With an ext4 of a size.
pub(crate) fn options(size: Size) -> DiskOptions {
    let filesystem = Ext4Options { size, time: Some(TIME), ..Ext4Options::default() };
    DiskOptions { root: RootFilesystem::Ext4(filesystem), ..DiskOptions::default() }
}

/// Writes a tree as a disk.
pub(crate) fn write(tree: &Tree, options: &DiskOptions, image: &std::path::Path) -> (DiskLayout, Disk) {
    let layout = DiskLayout::plan(tree, options).unwrap();
    let file = ImageFile::create(image).unwrap();
    let disk = layout.write(tree, &Image::new(&file)).unwrap();
    file.finish(disk.size).unwrap();
    assert_eq!(layout.size(), Some(disk.size));
    (layout, disk)
}

/// A partition as sfdisk tells it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) number: u32,
    pub(crate) start: u64,
    pub(crate) sectors: u64,
    pub(crate) kind: String,
    pub(crate) uuid: String,
    pub(crate) name: String,
    pub(crate) bootable: bool,
}

/// All partitions that sfdisk finds; it must have nothing to complain about.
pub(crate) fn table(image: &std::path::Path) -> Vec<Told> {
    let said = run_well("sfdisk", &["--verify", path(image)]);
    assert!(said.contains("No errors detected"), "{said}");
    let said = run_well("sfdisk", &["--dump", path(image)]);
    let signature = said.lines().find_map(|line| line.strip_prefix("label-id: 0x")).unwrap_or_default().to_owned();
    let lines = said.lines().filter(|line| line.contains("start="));
    (1..)
        .zip(lines)
        .map(|(number, line)| {
            let field = |name: &str| {
                let rest = line.split_once(&format!("{name}="))?.1;
                Some(rest.split(',').next()?.trim().trim_matches('"').to_owned())
            };
            Told {
                number,
                start: field("start").unwrap().parse().unwrap(),
                sectors: field("size").unwrap().parse().unwrap(),
                kind: field("type").unwrap(),
                uuid: field("uuid").unwrap_or_else(|| format!("{signature}-{number:02x}")),
                name: field("name").unwrap_or_default(),
                bootable: line.contains("bootable"),
            }
        })
        .collect()
}

#[test]
fn a_partition_that_tools_and_the_kernel_find() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let tree = everything();
    let (layout, disk) = write(&tree, &options(Size::Minimal), &image);
    assert_eq!(disk.size % (1 << 20), 0);
    assert_eq!(image.metadata().unwrap().len(), disk.size);
    let said = run_well("sfdisk", &["--verify", path(&image)]);
    assert!(said.contains("No errors detected"), "{said}");
    let said = run_well("sfdisk", &["--dump", path(&image)]);
    let sectors = layout.ext4().unwrap().size() / 512;
    assert!(said.contains(&format!("start=        2048, size= {sectors:>11}, type=83, bootable")), "{said}");
    let root = disk.root_device().unwrap();
    let identity = root.strip_prefix("PARTUUID=").unwrap().strip_suffix("-01").unwrap();
    assert!(said.contains(&format!("label-id: 0x{identity}")), "{said}");
    let mounted = Mounted::new(&image, "ro,offset=1048576");
    assert_eq!(mounted.tree().digest().unwrap(), expected(&tree).digest().unwrap());
    mounted.unmount();
    let bytes = fs_err::read(&image).unwrap();
    let partition = directory.path().join("partition");
    fs_err::write(&partition, &bytes[1 << 20..]).unwrap();
    assert_clean(&partition);
}

#[test]
fn a_damaged_table_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    write(&everything(), &options(Size::Minimal), &image);
    let mut bytes = fs_err::read(&image).unwrap();
    bytes[510] = 0;
    fs_err::write(&image, bytes).unwrap();
    assert!(!run("sfdisk", &["--dump", path(&image)]).status.success());
}

#[test]
fn a_fixed_size_is_the_disks() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let options = |size| DiskOptions { signature: Some(*b"abcd"), ..options(Size::Fixed(size)) };
    let (_, disk) = write(&everything(), &options(100_000_000), &image);
    assert_eq!((disk.size, disk.root_device().unwrap().as_str()), (100_000_000, "PARTUUID=64636261-01"));
    assert_eq!(image.metadata().unwrap().len(), 100_000_000);
    let error = DiskLayout::plan(&everything(), &options(1_000_000)).unwrap_err();
    let DiskError::TooSmall { size: 1_000_000, needed } = error else { panic!("{error}") };
    assert!(DiskLayout::plan(&everything(), &options(needed)).is_ok());
    assert!(DiskLayout::plan(&everything(), &options(needed - 4096)).is_err());
    assert!(matches!(DiskLayout::plan(&everything(), &options(3 << 40)), Err(DiskError::TooLarge { .. })));
}

/// A disk with hashes: veritysetup reads them where they lie.
#[test]
fn hashes_beside_the_root_filesystem() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let mut tree = everything();
    crowd(&mut tree, "crowd", 1000, 20);
    add(&mut tree, Tree::ROOT, "large", Kind::inline(vec![9; 3_000_001]));
    let profiles = [(Profile::Default, BlockSize::K4), (Profile::ReadOnly, BlockSize::K1), (Profile::Default, BlockSize::K2)];
    for (profile, block_size) in profiles {
        let filesystem = Ext4Options { profile, block_size, time: Some(TIME), ..Ext4Options::default() };
        let options =
            DiskOptions { root: RootFilesystem::Ext4(filesystem), verity: Some(VerityOptions::default()), ..DiskOptions::default() };
        let (_, disk) = write(&tree, &options, &image);
        let told = table(&image);
        assert_eq!(told.iter().map(|one| (one.kind.as_str(), one.bootable)).collect::<Vec<_>>(), [("83", true), ("83", false)]);
        let [root, hashes] = disk.partitions.as_slice() else { panic!("{disk:?}") };
        assert_eq!((told[1].start * 512, told[1].sectors * 512), (hashes.start, hashes.length));
        let verity = disk.verity.as_ref().unwrap();
        assert_eq!(verity.data_blocks * 4096, root.length);
        let parts = [root, hashes].map(|one| {
            let part = directory.path().join(one.role.name());
            let bytes = fs_err::read(&image).unwrap();
            let [start, end] = [one.start, one.start + one.length].map(|at| usize::try_from(at).unwrap());
            fs_err::write(&part, &bytes[start..end]).unwrap();
            part
        });
        let salt: String = verity.salt.iter().map(|byte| format!("{byte:02x}")).collect();
        let root_hash = verity.hex();
        let judge = || run("veritysetup", &["verify", "--no-superblock", "--salt", &salt, path(&parts[0]), path(&parts[1]), &root_hash]);
        assert!(judge().status.success(), "{:?}", judge());
        let mut bytes = fs_err::read(&parts[0]).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs_err::write(&parts[0], bytes).unwrap();
        assert!(!judge().status.success());
    }
}

#[test]
fn an_esp_in_an_mbr() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let mut files = empty();
    files.place(b"/EFI/BOOT/BOOTX64.EFI", node(Kind::inline(&b"MZ"[..]))).unwrap();
    let esp = EspOptions { tree: files, size: Size::Fixed(4 << 20), ..EspOptions::default() };
    let (_, disk) = write(&everything(), &DiskOptions { esp: Some(esp), ..options(Size::Minimal) }, &image);
    let told = table(&image);
    assert_eq!(
        told.iter().map(|one| (one.kind.as_str(), one.bootable, one.start)).collect::<Vec<_>>(),
        [("ef", false, 2048), ("83", true, 10240)]
    );
    assert!(disk.root_device().unwrap().ends_with("-02"));
    // The sectors in front of it are told, as mtools and firmware of old may ask.
    let said = run_well("minfo", &["-i", &format!("{}@@1M", path(&image)), "::"]);
    assert!(said.contains("hidden sectors: 2048"), "{said}");
}

#[test]
fn a_filesystem_without_a_disk() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let bare = |size| DiskOptions { table: Table::None, ..options(size) };
    let (layout, disk) = write(&everything(), &bare(Size::Minimal), &image);
    assert_eq!((disk.size, disk.partitions.len(), disk.root_device()), (layout.ext4().unwrap().size(), 0, None));
    assert_clean(&image);
    let (_, disk) = write(&everything(), &DiskOptions { align: Some(1 << 20), ..bare(Size::Fixed(20 << 20)) }, &image);
    assert_eq!(disk.size, 20 << 20);
    assert_clean(&image);
    let (_, disk) = write(&everything(), &DiskOptions { align: Some(8 << 20), ..bare(Size::Minimal) }, &image);
    assert_eq!(disk.size % (8 << 20), 0);
    assert_clean(&image);
}

/// Each pair that makes no sense, by name.
#[test]
fn options_that_exclude_each_other() {
    let usual = || options(Size::Minimal);
    let (esp, bios, verity) = (Some(EspOptions::default()), Some(boot_loader(1000)), Some(VerityOptions::default()));
    let cases = [
        (DiskOptions { dax: true, table: Table::Gpt, ..usual() }, "a DAX header and a GPT"),
        (DiskOptions { dax: true, table: Table::None, ..usual() }, "a DAX header and a disk without a table"),
        (DiskOptions { dax: true, esp: esp.clone(), ..usual() }, "a DAX header and an EFI system partition"),
        (DiskOptions { dax: true, bios: bios.clone(), ..usual() }, "a DAX header and a boot loader"),
        (DiskOptions { verity, table: Table::None, ..usual() }, "dm-verity and a disk without a table"),
        (DiskOptions { esp, table: Table::None, ..usual() }, "an EFI system partition and a disk without a table"),
        (DiskOptions { bios, table: Table::None, ..usual() }, "a boot loader and a disk without a table"),
    ];
    for (options, told) in cases {
        let error = DiskLayout::plan(&everything(), &options).unwrap_err();
        assert!(matches!(error, DiskError::Exclusive { .. }), "{error}");
        assert!(error.to_string().starts_with(&format!("{told} exclude each other: ")), "{error}");
    }
}

/// The digests change with the layout, on purpose only.
#[test]
fn pinned_digests() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let verity = || Some(VerityOptions::default());
    let cases = [
        (options(Size::Minimal), "6e5a7852e90d0f914a7187e3e8c35ab62855f9b72cbae5ed7161081f17f5089b"),
        (DiskOptions { dax: true, ..options(Size::Minimal) }, "27a354de987e36ac396e37af1f01f56cde5d211b2e71c6d7d62c0dd556287931"),
        (
            DiskOptions { dax: true, verity: verity(), ..options(Size::Fixed(64 << 20)) },
            "ca11ebac91ea91b6cd651d34dfca591481b1d39d969957c739b3ba60920858b1",
        ),
        (DiskOptions { table: Table::None, ..options(Size::Minimal) }, "1cf09e52d4df0a682aee9e46eef7bf6c485b1b0b905be6cdb29d8890035dcad6"),
    ];
    let found = cases.each_ref().map(|(options, _)| {
        write(&everything(), options, &image);
        crate::snapshot::digest(&image)
    });
    assert_eq!(found, cases.map(|(_, digest)| digest.to_owned()));
}
