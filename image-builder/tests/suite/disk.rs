//! The disk around a filesystem.

use rootfs_image::{DiskError, DiskLayout, DiskOptions, Ext4Options, Image, ImageFile, Size};
use rootfs_tree::Tree;

use crate::forest::{TIME, everything};
use crate::judge::{Mounted, assert_clean, expected, path, run, run_well};

fn options(size: Size) -> DiskOptions {
    DiskOptions { filesystem: Ext4Options { size, time: Some(TIME), ..Ext4Options::default() }, signature: None }
}

fn write(tree: &Tree, options: &DiskOptions, image: &std::path::Path) -> DiskLayout {
    let layout = DiskLayout::plan(tree, options).unwrap();
    let file = ImageFile::create(image).unwrap();
    layout.write(tree, &Image::new(&file)).unwrap();
    file.finish(layout.size()).unwrap();
    layout
}

#[test]
fn a_partition_that_tools_and_the_kernel_find() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let tree = everything();
    let layout = write(&tree, &options(Size::Minimal), &image);
    assert_eq!(layout.size() % (1 << 20), 0);
    assert_eq!(image.metadata().unwrap().len(), layout.size());
    let said = run_well("sfdisk", &["--verify", path(&image)]);
    assert!(said.contains("No errors detected"), "{said}");
    let said = run_well("sfdisk", &["--dump", path(&image)]);
    let sectors = layout.filesystem().size() / 512;
    assert!(said.contains(&format!("start=        2048, size= {sectors:>11}, type=83, bootable")), "{said}");
    let identity = u32::from_le_bytes(layout.signature());
    assert!(said.contains(&format!("label-id: {identity:#010x}")), "{said}");
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
    let layout = write(&everything(), &options(100_000_000), &image);
    assert_eq!((layout.size(), layout.signature()), (100_000_000, *b"abcd"));
    assert_eq!(image.metadata().unwrap().len(), 100_000_000);
    let error = DiskLayout::plan(&everything(), &options(1_000_000)).unwrap_err();
    let DiskError::TooSmall { size: 1_000_000, needed } = error else { panic!("{error}") };
    assert!(DiskLayout::plan(&everything(), &options(needed)).is_ok());
    assert!(DiskLayout::plan(&everything(), &options(needed - 4096)).is_err());
    assert!(matches!(DiskLayout::plan(&everything(), &options(3 << 40)), Err(DiskError::TooLarge { .. })));
}
