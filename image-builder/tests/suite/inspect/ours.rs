use rootfs_image::inspect::{Content, KnownRootHash, PartitionEntry};
use rootfs_image::{DiskOptions, Role, Size, VerityOptions};

use super::{assert_sound, disk, inspect, told, verify};
use crate::disk::{options, write};
use crate::forest::everything;
use crate::gpt::full;

#[test]
fn everything_on_one_disk() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let (_, written) = write(&everything(), &full(), &image);
    let inspection = inspect(&image);
    let found = disk(&inspection);
    assert!(found.mbr.as_ref().unwrap().is_protective() && found.mbr.as_ref().unwrap().has_boot_code);
    let gpt = found.gpt.as_ref().unwrap();
    assert!(gpt.primary.as_ref().unwrap().is_right() && gpt.backup.as_ref().unwrap().is_right());
    assert_eq!(found.partitions.len(), written.partitions.len());
    for (found, ours) in found.partitions.iter().zip(&written.partitions) {
        assert_eq!((found.number, found.start, found.length), (ours.number, ours.start, ours.length));
        let PartitionEntry::Gpt(entry) = &found.entry else { panic!("{found:?}") };
        assert_eq!((entry.name.as_str(), found.partuuid.as_str()), (ours.role.name(), ours.partuuid.as_str()));
    }
    let kinds: Vec<_> = found.partitions.iter().map(|one| (one.kind_name().unwrap(), one.content.name())).collect();
    let expected = [("bios-boot", "unknown"), ("esp", "fat"), ("root-x86-64", "ext4"), ("root-x86-64-verity", "verity")];
    assert_eq!(kinds, expected.map(|(kind, content)| (kind.to_owned(), content)));

    let root = written.verity.clone().unwrap();
    for known in [None, Some(KnownRootHash::Digest(root.root_hash)), Some(KnownRootHash::Parameters(root.to_string().parse().unwrap()))] {
        let verification = verify(&image, known.as_ref());
        assert_sound(&verification);
        let of_hashes: Vec<_> = verification.not_verified.iter().filter(|note| note.what == "verity").collect();
        assert_eq!(of_hashes.len(), usize::from(known.is_none()), "{of_hashes:?}");
        assert!(verification.checked.iter().any(|note| note.what == "verity" && note.partition == Some(4)));
    }
    let wrong = KnownRootHash::Digest([1; 32]);
    assert!(told(&verify(&image, Some(&wrong)))[0].contains("0101 was promised"));

    // Whatever isn't anybody's in the data is the hashes' concern.
    let mut bytes = fs_err::read(&image).unwrap();
    let data = written.partition(Role::Root).unwrap();
    bytes[usize::try_from(data.start + data.length - 1).unwrap()] ^= 1;
    fs_err::write(&image, bytes).unwrap();
    let last = data.length / 4096 - 1;
    assert_eq!(told(&verify(&image, None)), [format!("verity: block {last} of the data is damaged")]);
}

#[test]
fn katas_image() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let kata = DiskOptions { dax: true, verity: Some(VerityOptions::default()), ..options(Size::Minimal) };
    let (_, written) = write(&everything(), &kata, &image);
    let inspection = inspect(&image);
    let found = disk(&inspection);
    let dax = found.dax.as_ref().unwrap();
    assert_eq!((dax.version, dax.data_offset, dax.align, dax.checksum), ((0, 2), 2 << 20, 2 << 20, dax.right_checksum));
    assert!(dax.agrees_with(found.mbr.as_ref()));
    let places: Vec<_> = found.partitions.iter().map(|one| (one.start, one.length, one.partuuid.clone())).collect();
    assert_eq!(places, written.partitions.iter().map(|one| (one.start, one.length, one.partuuid.clone())).collect::<Vec<_>>());
    let Content::Ext(ext) = &found.partitions[0].content else { panic!("{found:?}") };
    assert_eq!((ext.kind, ext.is_checksum_right, ext.size()), ("ext4", Some(true), written.partitions[0].length));

    let known = KnownRootHash::Parameters(written.verity.clone().unwrap().to_string().parse().unwrap());
    assert_sound(&verify(&image, Some(&known)));
    let unknown = verify(&image, None);
    assert_sound(&unknown);
    assert!(unknown.not_verified.iter().any(|note| note.partition == Some(2)));
    // A root hash without anything that it could speak for is not passed over.
    let plain = directory.path().join("plain");
    write(&everything(), &options(Size::Minimal), &plain);
    assert_eq!(told(&verify(&plain, Some(&known))).len(), 1);
}
