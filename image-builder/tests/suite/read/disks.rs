use rootfs_image::{
    ContainerChoice, DiskLayout, DiskOptions, EspOptions, Image, ImageFile, Quiet, ReadImage, RootFilesystem, SquashfsOptions, Table,
};
use rootfs_tree::Tree;

use super::complaint;
use crate::forest::everything;
use crate::judge::{assert_reader_sees, path, run_well};

fn hashed(mut tree: Tree) -> Tree {
    tree.hash_contents().unwrap();
    tree
}

#[test]
fn the_root_partition_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let tree = crate::squashfs::judge::everything();
    let esp = EspOptions::default();
    let cases = [
        (DiskOptions { table: Table::Mbr, ..DiskOptions::default() }, 1),
        (DiskOptions { table: Table::Gpt, esp: Some(esp), ..DiskOptions::default() }, 2),
        (DiskOptions { dax: true, ..DiskOptions::default() }, 1),
        (DiskOptions { root: RootFilesystem::Squashfs(SquashfsOptions::default()), table: Table::Gpt, ..DiskOptions::default() }, 1),
    ];
    for (options, number) in cases {
        let layout = DiskLayout::plan(&tree, &options).unwrap();
        let file = ImageFile::create(&image).unwrap();
        let disk = layout.write(&tree, &Image::new(&file)).unwrap();
        file.finish(disk.size).unwrap();
        let spool = tempfile::tempdir().unwrap();
        let read = ReadImage::of(&image, &ContainerChoice::default(), spool.path(), &Quiet).unwrap();
        assert_eq!(read.partition, Some(number), "{options:?}");
        let is_squashfs = matches!(options.root, RootFilesystem::Squashfs(_));
        let expected = if is_squashfs { crate::squashfs::judge::expected(&tree) } else { hashed(tree.clone()) };
        assert_reader_sees(&image, &expected);
    }
}

#[test]
fn several_roots_are_told_apart_by_what_the_table_says() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk");
    let (one, other) =
        (crate::judge::write(&everything(), &Default::default()), crate::judge::write(&crate::forest::empty(), &Default::default()));
    fs_err::File::create(&image).unwrap().set_len(64 << 20).unwrap();
    run_well("sgdisk", &["--new=1:2048:+20M", "--new=2:0:+20M", path(&image)]);
    let mut bytes = fs_err::read(&image).unwrap();
    for (start, from) in [(2048 * 512, &one), (2048 * 512 + (20 << 20), &other)] {
        let part = fs_err::read(&from.image).unwrap();
        bytes[start..start + part.len()].copy_from_slice(&part);
    }
    fs_err::write(&image, bytes).unwrap();
    assert_eq!(complaint(&image), "the disk has several filesystems and none is marked as the root: partitions 1 (ext4), 2 (ext4)");
    let read = |number| {
        let spool = tempfile::tempdir().unwrap();
        let read = ReadImage::of_partition(&image, number, spool.path(), &Quiet).map_err(|error| error.to_string())?;
        assert_eq!(read.partition, Some(number));
        Ok::<_, String>(hashed(read.tree))
    };
    for (number, expected) in [(1, everything()), (2, crate::forest::empty())] {
        assert_eq!(read(number).unwrap().digest().unwrap(), hashed(expected).digest().unwrap());
    }
    assert_eq!(read(3).unwrap_err(), "the disk has no partition 3: there are 1 (ext4), 2 (ext4)");
    let alone = ReadImage::of_partition(&one.image, 1, directory.path(), &Quiet).unwrap_err();
    assert_eq!(alone.to_string(), "there is no partition 1: it is ext4, without a partition table");
    run_well("sgdisk", &["--typecode=2:8304", path(&image)]);
    assert_reader_sees(&image, &hashed(crate::forest::empty()));
    assert_eq!(read(1).unwrap().digest().unwrap(), hashed(everything()).digest().unwrap());
    run_well("sgdisk", &["--typecode=2:8300", "--change-name=1:root", path(&image)]);
    assert_reader_sees(&image, &hashed(everything()));
    run_well("sgdisk", &["--delete=1", "--delete=2", "--new=3:110000:0", path(&image)]);
    assert_eq!(read(3).unwrap_err(), "partition 3 has no filesystem that can be read: it is unknown");
    assert!(complaint(&image).starts_with("the disk has"), "{}", complaint(&image));
}
