use std::io::Write as _;
use std::process::Stdio;

use rootfs_image::inspect::{Content, FatKind, KnownRootHash, PartitionEntry};

use super::{assert_sound, disk, inspect, told, verify};
use crate::judge::{path, run, run_well};

/// Hands a script to sfdisk.
#[expect(clippy::disallowed_methods, reason = "the foreign program that makes the image")]
fn sfdisk(image: &std::path::Path, script: &str) {
    let mut child =
        std::process::Command::new("sfdisk").arg("--quiet").arg(image).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn tables_of_sfdisk_and_sgdisk() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    fs_err::File::create(&image).unwrap().set_len(64 << 20).unwrap();
    sfdisk(&image, "label: dos\nlabel-id: 0x12345678\n,8M,82\n,8M,83,*\n,4M,83\n,,5\n,4M,83\n,4M,83\n");
    let inspection = inspect(&image);
    let found: Vec<_> = disk(&inspection).partitions.iter().map(|one| (one.number, one.length >> 20, one.partuuid.clone())).collect();
    let expected = [(1, 8, "12345678-01"), (2, 8, "12345678-02"), (3, 4, "12345678-03"), (5, 4, "12345678-05"), (6, 4, "12345678-06")];
    assert_eq!(found, expected.map(|(number, size, uuid)| (number, size, uuid.to_owned())));
    assert_sound(&verify(&image, None));

    run_well("sgdisk", &["--zap-all", path(&image)]);
    run_well(
        "sgdisk",
        &["--new=1:0:+4M", "--typecode=1:ef00", "--change-name=1:boot \u{e9}", "--new=7:0:0", "--attributes=7:set:60", path(&image)],
    );
    let inspection = inspect(&image);
    let found = disk(&inspection);
    let entries: Vec<_> = found.partitions.iter().map(|one| (one.number, one.kind_name().unwrap(), one.length)).collect();
    assert_eq!((entries[0].clone(), entries[1].0), ((1, "esp".to_owned(), 4 << 20), 7));
    let [PartitionEntry::Gpt(boot), PartitionEntry::Gpt(rest)] = [&found.partitions[0].entry, &found.partitions[1].entry] else {
        panic!("{found:?}")
    };
    assert_eq!((boot.name.as_str(), rest.attributes), ("boot \u{e9}", 1 << 60));
    assert_sound(&verify(&image, None));
    // One that grew: sgdisk complains, and so do we.
    fs_err::OpenOptions::new().write(true).open(&image).unwrap().set_len(65 << 20).unwrap();
    assert!(!String::from_utf8_lossy(&run("sgdisk", &["--verify", path(&image)]).stdout).contains("No problems found"));
    assert!(told(&verify(&image, None)).iter().any(|line| line.contains("both ends of the disk")));
    // A backup alone is enough to know what was there.
    fs_err::OpenOptions::new().write(true).open(&image).unwrap().set_len(64 << 20).unwrap();
    let mut bytes = fs_err::read(&image).unwrap();
    bytes[512..1024].fill(0);
    fs_err::write(&image, bytes).unwrap();
    assert_eq!(disk(&inspect(&image)).partitions.len(), 2);
    assert_eq!(told(&verify(&image, None)), ["gpt: the first header is not there"]);
}

#[test]
fn filesystems_of_mke2fs() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image");
    for (kind, flags) in
        [("ext2", &["-b", "1024"][..]), ("ext3", &["-b", "2048"]), ("ext4", &["-O", "metadata_csum,inline_data,project,quota"])]
    {
        fs_err::File::create(&image).unwrap().set_len(16 << 20).unwrap();
        let uuid = "01234567-89ab-cdef-0123-456789abcdef";
        run_well("mke2fs", &[&["-q", "-F", "-t", kind, "-L", "mine", "-U", uuid], flags, &[path(&image)]].concat());
        let inspection = inspect(&image);
        let Content::Ext(facts) = &inspection.content else { panic!("{inspection:?}") };
        let said = run_well("dumpe2fs", &["-h", path(&image)]);
        let field = |name: &str| {
            said.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}: {said}")).trim().to_owned()
        };
        assert_eq!((facts.kind, facts.label.as_str(), facts.uuid.to_string().as_str()), (kind, "mine", uuid));
        let mut features: Vec<_> = field("Filesystem features:").split_whitespace().map(str::to_owned).collect();
        let mut found = facts.features.clone();
        features.sort();
        found.sort();
        assert_eq!(found, features);
        for (name, value) in [
            ("Block size:", facts.block_size.to_string()),
            ("Block count:", facts.blocks.to_string()),
            ("Free blocks:", facts.free_blocks.to_string()),
            ("Inode count:", facts.inodes.to_string()),
            ("Free inodes:", facts.free_inodes.to_string()),
        ] {
            assert_eq!(field(name), value, "{name}");
        }
        assert_sound(&verify(&image, None));
    }
}

#[test]
fn filesystems_of_others() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image");
    for (flag, kind, size) in [("12", FatKind::Fat12, 2 << 20), ("16", FatKind::Fat16, 16 << 20), ("32", FatKind::Fat32, 40 << 20)] {
        fs_err::write(&image, vec![0; size]).unwrap();
        run_well("mkfs.fat", &["-F", flag, "-n", "MINE", "-i", "1234abcd", path(&image)]);
        let inspection = inspect(&image);
        let Content::Fat(facts) = &inspection.content else { panic!("{inspection:?}") };
        assert_eq!((facts.kind, facts.label.as_str(), facts.volume_id), (kind, "MINE", Some(0x1234_ABCD)));
        assert_eq!(facts.size, size as u64);
        assert_sound(&verify(&image, None));
    }
    fs_err::write(&image, vec![0; 1 << 20]).unwrap();
    run_well("mkswap", &[path(&image)]);
    assert!(matches!(inspect(&image).content, Content::Named("swap")));
    assert!(!verify(&image, None).is_sound());

    let root = directory.path().join("root");
    fs_err::create_dir(&root).unwrap();
    fs_err::write(root.join("file"), vec![7; 300_000]).unwrap();
    fs_err::remove_file(&image).unwrap();
    run_well("mksquashfs", &[path(&root), path(&image), "-comp", "xz", "-quiet", "-no-progress"]);
    let inspection = inspect(&image);
    let Content::Squashfs(facts) = &inspection.content else { panic!("{inspection:?}") };
    let info = facts.as_ref().as_ref().unwrap();
    assert_eq!((info.compression_name(), info.inodes), ("xz", 2));
    assert_sound(&verify(&image, None));
}

#[test]
fn hashes_of_veritysetup() {
    let directory = tempfile::tempdir().unwrap();
    let [image, data, hashes] = ["image", "data", "hashes"].map(|name| directory.path().join(name));
    fs_err::write(&data, (0..1 << 20).map(|at: u32| at.to_le_bytes()[1]).collect::<Vec<_>>()).unwrap();
    let said = run_well("veritysetup", &["format", path(&data), path(&hashes)]);
    let hex = said.lines().find_map(|line| line.strip_prefix("Root hash:")).unwrap().trim().to_owned();
    let bytes: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect();
    let known = KnownRootHash::Digest(bytes.try_into().unwrap());
    fs_err::File::create(&image).unwrap().set_len(4 << 20).unwrap();
    sfdisk(&image, "label: dos\nstart=2048,size=2048,type=83\nstart=4096,size=2048,type=83\n");
    let mut whole = fs_err::read(&image).unwrap();
    for (at, path) in [(1 << 20, &data), (2 << 20, &hashes)] {
        let bytes = fs_err::read(path).unwrap();
        whole[at..at + bytes.len()].copy_from_slice(&bytes);
    }
    fs_err::write(&image, &whole).unwrap();
    let verification = verify(&image, Some(&known));
    assert_sound(&verification);
    assert!(verification.checked.iter().any(|note| note.text == format!("256 blocks against {hex}")), "{:?}", verification.checked);
    whole[(1 << 20) + 70_000] ^= 1;
    fs_err::write(&image, &whole).unwrap();
    assert_eq!(told(&verify(&image, Some(&known))), ["verity: block 17 of the data is damaged"]);
    // Hashes this crate can't make are said not to be verified.
    run_well("veritysetup", &["format", "--hash=sha512", path(&data), path(&hashes)]);
    let sha512 = fs_err::read(&hashes).unwrap();
    whole[2 << 20..(2 << 20) + sha512.len()].copy_from_slice(&sha512);
    fs_err::write(&image, &whole).unwrap();
    assert!(verify(&image, Some(&known)).not_verified.iter().any(|note| note.text.contains("sha512")));
}
