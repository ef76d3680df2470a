//! Kata's two views of one disk.

use rootfs_image::{DiskError, DiskOptions, FileSource, Role, Size, Stretch, VerityOptions, verify};
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use crate::disk::{options, table, write};
use crate::forest::everything;
use crate::judge::{Mounted, assert_clean, expected, path, run, run_well};

const MIB: u64 = 1 << 20;

fn dax(size: Size, verity: bool) -> DiskOptions {
    DiskOptions { dax: true, verity: verity.then(VerityOptions::default), ..options(size) }
}

#[test]
fn both_tables_name_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let (image, body) = (directory.path().join("image"), directory.path().join("body"));
    for verity in [false, true] {
        let (layout, disk) = write(&everything(), &dax(Size::Minimal, verity), &image);
        assert_eq!(disk.size % (2 * MIB), 0);
        let bytes = fs_err::read(&image).unwrap();
        fs_err::write(&body, &bytes[2 << 20..]).unwrap();
        let [whole, behind] = [&image, &body].map(|path| table(path));
        assert_eq!(whole.len(), 1 + usize::from(verity));
        for (whole, behind) in whole.iter().zip(&behind) {
            assert_eq!((whole.start, whole.sectors), (behind.start + 4096, behind.sectors));
            assert_eq!((whole.kind.as_str(), whole.bootable), ("83", verity && whole.number == 1));
            assert_eq!((&behind.kind, behind.bootable, &behind.uuid), (&whole.kind, whole.bootable, &whole.uuid));
        }
        assert_eq!((whole[0].start, whole[0].sectors * 512), (6144, layout.ext4().unwrap().size()));
        assert_eq!(whole[0].uuid, disk.partition(Role::Root).unwrap().partuuid);
        let block: [u8; 32] = Sha256::digest(&bytes[0x1000..0x2000]).into();
        assert_eq!(Digest(block).to_string(), "b502df4b37a7b6ba1f3c93416b77768a9f6df41ce2ec7fe46804180ca2191553");
        assert!(bytes[512..0x1000].iter().chain(&bytes[0x2000..2 << 20]).all(|byte| *byte == 0));
        fs_err::write(&body, &bytes[3 << 20..][..usize::try_from(whole[0].sectors).unwrap() * 512]).unwrap();
        assert_clean(&body);
        for image in [&image, &body] {
            let options = if image == &body { "ro" } else { "ro,offset=3145728" };
            let mounted = Mounted::new(image, options);
            assert_eq!(mounted.tree().digest().unwrap(), expected(&everything()).digest().unwrap());
            mounted.unmount();
        }
    }
}

/// All sizes near those where Kata's own two tables would not agree.
#[test]
fn the_boundary_is_one_in_both_views() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image");
    for mebibytes in [198, 200, 202, 204, 302] {
        let (_, disk) = write(&everything(), &dax(Size::Fixed(mebibytes * MIB), true), &image);
        assert_eq!(disk.size, mebibytes * MIB);
        let [root, hashes] = disk.partitions.as_slice() else { panic!("{disk:?}") };
        assert!(root.start + root.length <= hashes.start && hashes.start + hashes.length <= disk.size);
        let source = FileSource::open(&image).unwrap();
        let (data, area) = (Stretch::of(&source, root.start, root.length), Stretch::of(&source, hashes.start, hashes.length));
        verify(&data, &area, disk.verity.as_ref().unwrap()).unwrap();
        // Not a block is lost between the two.
        assert!(disk.size - hashes.start - hashes.length < 2 * MIB, "{disk:?}");
    }
}

#[test]
fn an_alignment_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image");
    let aligned = |align, size| DiskOptions { align: Some(align), ..dax(size, false) };
    let (_, disk) = write(&everything(), &aligned(128 * MIB, Size::Minimal), &image);
    assert_eq!((disk.size, image.metadata().unwrap().len()), (128 * MIB, 128 * MIB));
    let refused = |options: &DiskOptions| rootfs_image::DiskLayout::plan(&everything(), options).unwrap_err();
    for (options, told) in [
        (aligned(MIB, Size::Minimal), "1048576 bytes are no multiple of 2097152, as a disk with a DAX header must be"),
        (aligned(0, Size::Minimal), "0 bytes are no multiple of 2097152, as a disk with a DAX header must be"),
        (dax(Size::Fixed(21 * MIB), false), "22020096 bytes are no multiple of 2097152, as a disk with a DAX header must be"),
    ] {
        assert_eq!(refused(&options).to_string(), told);
    }
    let error = refused(&dax(Size::Fixed(2 * MIB), true));
    let DiskError::TooSmall { needed, .. } = error else { panic!("{error}") };
    assert_eq!(needed % (2 * MIB), 0);
    write(&everything(), &dax(Size::Fixed(needed), true), &image);
    assert!(matches!(refused(&dax(Size::Fixed(needed - 2 * MIB), true)), DiskError::TooSmall { .. }));
}

#[test]
fn a_damaged_table_of_the_body_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (image, body) = (directory.path().join("image"), directory.path().join("body"));
    write(&everything(), &dax(Size::Minimal, false), &image);
    let mut bytes = fs_err::read(&image).unwrap().split_off(2 << 20);
    fs_err::write(&body, &bytes).unwrap();
    run_well("sfdisk", &["--dump", path(&body)]);
    bytes[511] = 0;
    fs_err::write(&body, &bytes).unwrap();
    assert!(!run("sfdisk", &["--dump", path(&body)]).status.success());
}
