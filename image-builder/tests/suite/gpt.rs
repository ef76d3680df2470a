//! GUID partition tables as other programs and the kernel see them.

use rootfs_image::{
    Architecture, BiosBoot, Disk, DiskOptions, EspOptions, FileSource, Guid, Role, Size, Stretch, Table, VerityOptions, verify,
};
use rootfs_tree::Kind;

use crate::disk::{options, table, write};
use crate::forest::{empty, everything, node};
use crate::judge::{Mounted, assert_clean, expected, path, run, run_well};
use crate::snapshot::digest;

/// As for a machine with either firmware.
pub(crate) fn full() -> DiskOptions {
    let mut files = empty();
    files.place(b"/EFI/BOOT/BOOTX64.EFI", node(Kind::inline(vec![7; 100_000]))).unwrap();
    DiskOptions {
        table: Table::Gpt,
        esp: Some(EspOptions { tree: files, ..EspOptions::default() }),
        bios: Some(boot_loader(30_000)),
        verity: Some(VerityOptions { superblock: true, ..VerityOptions::default() }),
        architecture: Architecture::named("x86_64"),
        ..options(Size::Minimal)
    }
}

/// The shape of GRUB's images.
pub(crate) fn boot_loader(length: usize) -> BiosBoot {
    let mut core_img: Vec<u8> = (0..length).map(|at| at.to_le_bytes()[0]).collect();
    core_img[500..510].fill(0);
    core_img[510..512].copy_from_slice(&[0x20, 0x08]);
    BiosBoot { boot_img: vec![0xAA; 512], core_img }
}

/// Whether sgdisk finds nothing at all.
fn assert_sound(image: &std::path::Path) {
    let said = run_well("sgdisk", &["--verify", path(image)]);
    assert!(said.contains("No problems found") && !said.contains("Caution") && !said.contains("Warning"), "{said}");
    let said = run_well("sfdisk", &["--verify", path(image)]);
    assert!(said.contains("No errors detected"), "{said}");
}

#[test]
fn everything_on_one_disk() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let (_, disk) = write(&everything(), &full(), &image);
    assert_eq!((disk.size % (1 << 20), image.metadata().unwrap().len()), (0, disk.size));
    assert_sound(&image);
    let found = table(&image);
    let kinds: Vec<&str> = found.iter().map(|partition| partition.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "21686148-6449-6E6F-744E-656564454649",
            "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
            "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",
            "2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5"
        ]
    );
    for (found, ours) in found.iter().zip(&disk.partitions) {
        assert_eq!((found.number, found.start * 512, found.sectors * 512), (ours.number, ours.start, ours.length));
        assert_eq!((found.uuid.to_lowercase(), found.name.as_str()), (ours.partuuid.clone(), ours.role.name()));
    }
    let root = disk.partition(Role::Root).unwrap();
    let part = cut(&disk, Role::Root, &image, directory.path());
    assert_clean(&part);
    let mounted = Mounted::new(&image, &format!("ro,offset={}", root.start));
    assert_eq!(mounted.tree().digest().unwrap(), expected(&everything()).digest().unwrap());
    mounted.unmount();
    let esp = cut(&disk, Role::Esp, &image, directory.path());
    run_well("fsck.fat", &["-n", path(&esp)]);
}

/// A partition as a file of its own.
fn cut(disk: &Disk, role: Role, image: &std::path::Path, directory: &std::path::Path) -> std::path::PathBuf {
    let partition = disk.partition(role).unwrap();
    let [start, end] = [partition.start, partition.start + partition.length].map(|at| usize::try_from(at).unwrap());
    let path = directory.join(role.name());
    fs_err::write(&path, &fs_err::read(image).unwrap()[start..end]).unwrap();
    path
}

/// What systemd goes by: each half of the root hash is the name of a partition, and the superblock says the rest.
#[test]
fn partitions_that_a_root_hash_names() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let (_, disk) = write(&everything(), &full(), &image);
    let verity = disk.verity.clone().unwrap();
    let guids = [Role::Root, Role::RootVerity].map(|role| disk.partition(role).unwrap().partuuid.replace('-', ""));
    assert_eq!(guids.concat(), verity.hex());
    assert!(run_well("sgdisk", &["--info=3", path(&image)]).contains("Attribute flags: 1000000000000000"));
    let [data, hashes] = [Role::Root, Role::RootVerity].map(|role| cut(&disk, role, &image, directory.path()));
    run_well("veritysetup", &["verify", path(&data), path(&hashes), &verity.hex()]);
    let source = FileSource::open(&image).unwrap();
    let stretch = |role| disk.partition(role).map(|partition| Stretch::of(&source, partition.start, partition.length)).unwrap();
    verify(&stretch(Role::Root), &stretch(Role::RootVerity), &verity).unwrap();
    let mut bytes = fs_err::read(&data).unwrap();
    bytes[5000] ^= 1;
    fs_err::write(&data, bytes).unwrap();
    assert!(!run("veritysetup", &["verify", path(&data), path(&hashes), &verity.hex()]).status.success());
}

/// The library that mount, udev and lsblk go by.
#[test]
fn libblkid_finds_all_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let (_, disk) = write(&everything(), &full(), &image);
    let said = run_well("partx", &["--raw", "--noheadings", "--output", "NR,START,SECTORS,UUID,NAME", path(&image)]);
    let expected: Vec<String> = disk
        .partitions
        .iter()
        .map(|one| format!("{} {} {} {} {}", one.number, one.start / 512, one.length / 512, one.partuuid, one.role.name()))
        .collect();
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
    let said = run_well("blkid", &["--probe", "--offset", &disk.partition(Role::Esp).unwrap().start.to_string(), path(&image)]);
    assert!(said.contains("LABEL=\"ESP\"") && said.contains("TYPE=\"vfat\"") && said.contains("VERSION=\"FAT32\""), "{said}");
}

/// sgdisk sees a bit in either header or table.
#[test]
fn a_damaged_table_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let (_, disk) = write(&everything(), &DiskOptions { table: Table::Gpt, ..options(Size::Minimal) }, &image);
    assert_sound(&image);
    let end = usize::try_from(disk.size).unwrap();
    for at in [512 + 60, 1024 + 5, end - 512 + 60, end - 33 * 512 + 5] {
        let mut bytes = fs_err::read(&image).unwrap();
        bytes[at] ^= 1;
        let damaged = directory.path().join("damaged");
        fs_err::write(&damaged, bytes).unwrap();
        let output = run("sgdisk", &["--verify", path(&damaged)]);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(said.contains("CRC"), "{at}: {said}");
    }
}

/// Every type that the crate knows is the one that sfdisk knows by that name.
#[test]
fn types_are_those_of_other_programs() {
    let said = run_well("sfdisk", &["--label", "gpt", "--list-types"]);
    for (ours, theirs) in [
        ("alpha", "Alpha"),
        ("arc", "ARC"),
        ("arm", "ARM"),
        ("arm64", "ARM-64"),
        ("ia64", "IA-64"),
        ("loongarch64", "LoongArch-64"),
        ("mips-le", "MIPS-32 LE"),
        ("mips64-le", "MIPS-64 LE"),
        ("ppc", "PPC"),
        ("ppc64", "PPC64"),
        ("ppc64-le", "PPC64LE"),
        ("riscv32", "RISC-V-32"),
        ("riscv64", "RISC-V-64"),
        ("s390", "S390"),
        ("s390x", "S390X"),
        ("tilegx", "TILE-Gx"),
        ("x86", "x86"),
        ("x86-64", "x86-64"),
    ] {
        let architecture = Architecture::named(ours).unwrap();
        for (guid, name) in [(architecture.root(), "root"), (architecture.root_verity(), "root verity")] {
            let line = format!("{}  Linux {name} ({theirs})", guid.to_string().to_uppercase());
            assert!(said.contains(&line), "{line}");
        }
    }
}

#[test]
fn identities_can_be_given() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let given =
        DiskOptions { guid: Some(Guid::new(0x1234_5678_1234_1234_1234_1234_5678_9ABC)), table: Table::Gpt, ..options(Size::Minimal) };
    let (_, with) = write(&everything(), &given, &image);
    let said = run_well("sfdisk", &["--dump", path(&image)]);
    assert!(said.contains("label-id: 12345678-1234-1234-1234-123456789ABC"), "{said}");
    assert!(said.contains("type=0FC63DAF-8483-4772-8E79-3D69D8477DE4"), "{said}");
    let (_, without) = write(&everything(), &DiskOptions { guid: None, ..given }, &image);
    assert_ne!(with.root_device(), without.root_device());
}

#[test]
fn twice_is_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let pools = [1, 7].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
    let digests = pools.map(|pool| {
        let image = directory.path().join("disk");
        pool.install(|| write(&everything(), &full(), &image));
        digest(&image)
    });
    assert_eq!(digests[0], digests[1]);
    // Changes with the layout, on purpose only.
    assert_eq!(digests[0], "85c1c0ab90a7967d702824656f34d9c1e3d5a74c7464b4db8972c6ab20f43d83");
}

#[test]
fn a_fixed_size_is_the_disks() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let fixed = |size| DiskOptions { root: options(Size::Fixed(size)).root, ..full() };
    let refused = |size| rootfs_image::DiskLayout::plan(&everything(), &fixed(size)).unwrap_err();
    let error = refused(1 << 20);
    let rootfs_image::DiskError::TooSmall { needed, .. } = error else { panic!("{error}") };
    for size in [needed, needed + 512, 100 << 20] {
        let (_, disk) = write(&everything(), &fixed(size), &image);
        assert_eq!(disk.size, size);
        assert_sound(&image);
    }
    assert!(matches!(refused(needed - 512), rootfs_image::DiskError::TooSmall { .. }));
    assert_eq!(refused(100_000_001).to_string(), "100000001 bytes are no multiple of 512, as a disk with a GPT must be");
}
