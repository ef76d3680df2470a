//! qcow2, judged by qemu-img.

use std::path::{Path, PathBuf};

use rootfs_image::inspect::{Content, Inspection, Verification};
use rootfs_image::{
    DiskLayout, DiskOptions, Ext4Options, FileSource, Image, ImageFile, ImageSource as _, Qcow2Compression, Qcow2Error, Qcow2File,
    Qcow2Image, Quiet, RootFilesystem, Size, SquashfsOptions, Table, VerityOptions,
};
use rootfs_tree::{Kind, Tree};

use crate::forest::{add, everything};
use crate::judge::{assert_reader_sees, path, run, run_well};
use crate::squashfs::judge::noise;

#[path = "../../../fuzz/seeds/qcow2.rs"]
mod seeds;

const ZSTD: Qcow2Compression = Qcow2Compression::Zstd { level: 3 };

fn full() -> Tree {
    let mut tree = crate::squashfs::judge::everything();
    add(&mut tree, Tree::ROOT, "noise", Kind::inline(noise(5_000_000, 1)));
    add(&mut tree, Tree::ROOT, "text", Kind::inline(b"some text ".repeat(400_000)));
    add(&mut tree, Tree::ROOT, "holes", Kind::inline([noise(70_000, 2), vec![0; 900_000], noise(70_000, 3)].concat()));
    tree
}

fn sized(size: u64, table: Table) -> DiskOptions {
    DiskOptions {
        root: RootFilesystem::Ext4(Ext4Options { size: Size::Fixed(size), ..Ext4Options::default() }),
        table,
        ..DiskOptions::default()
    }
}

fn write_raw(tree: &Tree, options: &DiskOptions, to: &Path) {
    let file = ImageFile::create(to).unwrap();
    let disk = DiskLayout::plan(tree, options).unwrap().write(tree, &Image::new(&file)).unwrap();
    file.finish(disk.size).unwrap();
}

fn write(tree: &Tree, options: &DiskOptions, compression: Qcow2Compression, to: &Path) -> u64 {
    let file = Qcow2File::create(to, compression).unwrap();
    let disk = DiskLayout::plan(tree, options).unwrap().write(tree, &Image::new(&file)).unwrap();
    file.finish(disk.size, &Quiet).unwrap()
}

/// Whether qemu-img finds nothing wrong in it and the same disk as in the raw image, and our own reader both, too.
fn assert_judged(image: &Path, raw: &Path) {
    let said = run_well("qemu-img", &["check", "-f", "qcow2", path(image)]);
    assert!(said.contains("No errors were found on the image."), "{said}");
    let back = image.with_extension("back");
    run_well("qemu-img", &["convert", "-f", "qcow2", "-O", "raw", path(image), path(&back)]);
    run_well("cmp", &[path(&back), path(raw)]);
    fs_err::remove_file(&back).unwrap();
    let source = FileSource::open(image).unwrap();
    let verification = Verification::of(&source, &Inspection::of(&source).unwrap(), None).unwrap();
    // Hashes without a superblock are not known without their root hash.
    let is_whole = verification.not_verified.iter().all(|note| note.what != "qcow2");
    assert!(verification.is_sound() && is_whole, "{verification:?}");
}

fn places() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let (image, raw) = (directory.path().join("disk.qcow2"), directory.path().join("disk.raw"));
    (directory, image, raw)
}

#[test]
fn qemu_finds_the_disk_in_it() {
    let (_directory, image, raw) = places();
    let tree = full();
    let squashfs = DiskOptions { root: RootFilesystem::Squashfs(SquashfsOptions::default()), ..DiskOptions::default() };
    let verity = DiskOptions { verity: Some(VerityOptions::default()), table: Table::Gpt, ..DiskOptions::default() };
    let bare = DiskOptions { table: Table::None, ..DiskOptions::default() };
    for options in [DiskOptions::default(), sized(600 << 20, Table::Gpt), squashfs, verity, bare] {
        write_raw(&tree, &options, &raw);
        let used = std::os::unix::fs::MetadataExt::blocks(&fs_err::metadata(&raw).unwrap()) * 512;
        for compression in [Qcow2Compression::None, ZSTD] {
            let size = write(&tree, &options, compression, &image);
            assert_eq!(fs_err::metadata(&image).unwrap().len(), size);
            assert_judged(&image, &raw);
            // Clusters that are partly in use, and the tables.
            assert!(size < used + used / 4 + (8 << 20), "{size} bytes, and {used} are in use");
            let source = FileSource::open(&image).unwrap();
            let facts = Qcow2Image::open(&source).unwrap().facts().clone();
            let said = run_well("qemu-img", &["info", "--output=json", path(&image)]);
            let (virtual_size, packing) =
                (format!("\"virtual-size\": {}", facts.size), format!("\"compression-type\": \"{}\"", facts.compression));
            assert!(said.contains(&virtual_size) && said.contains(&packing) && said.contains("\"corrupt\": false"), "{said}");
            assert_eq!(facts.compression == "zstd", compression == ZSTD);
        }
    }
}

#[test]
fn the_tree_comes_back() {
    let (_directory, image, _) = places();
    let mut tree = full();
    for compression in [Qcow2Compression::None, ZSTD] {
        write(&tree, &sized(600 << 20, Table::Gpt), compression, &image);
        tree.hash_contents().unwrap();
        assert_reader_sees(&image, &tree);
    }
}

#[test]
fn threads_do_not_show() {
    let (_directory, image, _) = places();
    let tree = full();
    let bytes = |threads: usize, compression| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| write(&tree, &sized(100 << 20, Table::Gpt), compression, &image));
        fs_err::read(&image).unwrap()
    };
    for compression in [Qcow2Compression::None, ZSTD] {
        assert!(bytes(1, compression) == bytes(7, compression), "{compression:?}");
    }
}

#[test]
fn what_qemu_writes_is_read() {
    let (_directory, image, raw) = places();
    let mut tree = full();
    write_raw(&tree, &sized(50 << 20, Table::Mbr), &raw);
    tree.hash_contents().unwrap();
    for options in [
        &["-o", "compat=0.10"][..],
        &["-c"],
        &["-c", "-o", "compression_type=zstd"],
        &["-o", "cluster_size=512"],
        &["-c", "-o", "cluster_size=2M"],
        &["-o", "refcount_bits=1,cluster_size=4096"],
        &["-o", "refcount_bits=64"],
        &["-o", "lazy_refcounts=on"],
    ] {
        run_well("qemu-img", &[&["convert", "-f", "raw", "-O", "qcow2"], options, &[path(&raw), path(&image)]].concat());
        assert_reader_sees(&image, &tree);
        let source = FileSource::open(&image).unwrap();
        let verification = Verification::of(&source, &Inspection::of(&source).unwrap(), None).unwrap();
        assert!(verification.is_sound(), "{options:?}: {verification:?}");
    }
    // What is not all in the file.
    let data = format!("data_file={},data_file_raw=on", path(&raw.with_extension("data")));
    for (options, expected) in [
        (&["-b", path(&raw), "-F", "raw"][..], "backing"),
        (&["-o", &data, "50M"], "file of their own"),
        (&["-o", "extended_l2=on", "50M"], "features"),
    ] {
        fs_err::remove_file(&image).unwrap();
        let create = [&["create", "-q", "-f", "qcow2"][..], &options[..2], &[path(&image)], &options[2..]].concat();
        let create = if options.contains(&"-b") { [&["create", "-q", "-f", "qcow2"], options, &[path(&image)]].concat() } else { create };
        run_well("qemu-img", &create);
        let error = Qcow2Image::open(&FileSource::open(&image).unwrap()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        let source = FileSource::open(&image).unwrap();
        let inspection = Inspection::of(&source).unwrap();
        assert!(matches!(&inspection.content, Content::Qcow2(found) if found.is_err()));
        assert!(!Verification::of(&source, &inspection, None).unwrap().is_sound());
    }
}

/// What qemu-img refuses, we do.
#[test]
fn damage_is_found() {
    let (_directory, image, _) = places();
    let tree = everything();
    for compression in [Qcow2Compression::None, ZSTD] {
        write(&tree, &DiskOptions::default(), compression, &image);
        let whole = fs_err::read(&image).unwrap();
        let number = |at: usize| usize::try_from(u64::from_be_bytes(whole[at..at + 8].try_into().unwrap())).unwrap();
        let (first, table) = (number(40), number(48));
        let second = number(first) & 0xFF_FFFF_FFFF_FE00;
        let block = number(table);
        // The first table's first entry, an entry of a second, a count, the cluster bits.
        for at in [first + 4, second + 4, block + 3, block + 1, 23] {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            fs_err::write(&image, &bytes).unwrap();
            let theirs = run("qemu-img", &["check", "-f", "qcow2", path(&image)]).status.success();
            let source = FileSource::open(&image).unwrap();
            let inspection = Inspection::of(&source).unwrap();
            let found = Verification::of(&source, &inspection, None).unwrap();
            let ours = found.is_sound() && !found.not_verified.iter().any(|note| note.text.contains("belong to nothing"));
            assert!(!theirs && !ours, "byte {at}: {theirs} {found:?}");
        }
        // Any damage at all: nothing but an error.
        for at in (0..whole.len()).step_by(977) {
            let mut bytes = whole.clone();
            bytes[at] = bytes[at].wrapping_add(77);
            let source = bytes.as_slice();
            let inspection = Inspection::of(&source).unwrap();
            let _ = Verification::of(&source, &inspection, None).unwrap();
        }
    }
    assert!(matches!(Qcow2Image::open(&&b"QFI"[..]), Err(Qcow2Error::Magic)));
}

/// The disks that the search for bad ones begins with: sound to QEMU and to us, and cut anywhere no more than damaged.
#[test]
fn seeds_are_sound_and_their_cuts_are_not_believed() {
    let (_directory, image, raw) = places();
    for (name, bytes) in seeds::seeds() {
        fs_err::write(&image, &bytes).unwrap();
        run_well("qemu-img", &["check", "-q", "-f", "qcow2", path(&image)]);
        run_well("qemu-img", &["convert", "-f", "qcow2", "-O", "raw", path(&image), path(&raw)]);
        let expected = fs_err::read(&raw).unwrap();
        let source = bytes.as_slice();
        let disk = Qcow2Image::open(&source).unwrap();
        let mut found = vec![1; expected.len()];
        disk.read_exact_at(0, &mut found).unwrap();
        assert!(disk.length() == expected.len() as u64 && found == expected, "{name}");
        let is_sound = |bytes: &[u8]| {
            let inspection = Inspection::of(&bytes).unwrap();
            let verification = Verification::of(&bytes, &inspection, None).unwrap();
            matches!(inspection.content, Content::Qcow2(_)) && verification.problems.iter().all(|problem| problem.what != "qcow2")
        };
        assert!(is_sound(&bytes), "{name}");
        // Behind the tables is data, which QEMU takes for zeros where the file ends before it.
        for length in 0..5 * 512 {
            assert!(!is_sound(&bytes[..length]), "{name}, {length} bytes");
        }
        for length in 5 * 512..bytes.len() {
            is_sound(&bytes[..length]);
        }
    }
    let cut = &seeds::seeds()[1].1[..100];
    assert!(matches!(Qcow2Image::open(&cut), Err(Qcow2Error::Cut { length: 100 })));
}
