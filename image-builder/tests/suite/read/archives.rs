use rootfs_image::{Compression, Encoder};
use rootfs_tree::{Kind, ScanOptions, Tree};

use super::{complaint, forest, try_read};
use crate::judge::{path, run_well};

/// Runs a line of the shell.
fn shell(line: &str) {
    run_well("sh", &["-ec", line]);
}

/// What a directory holds, but for what cpio can't keep.
fn plain(directory: &std::path::Path) -> Tree {
    let mut tree = Tree::scan(directory, &ScanOptions { hash: true, known: None }).unwrap();
    for entry in tree.clone().walk() {
        let metadata = &mut tree.node_mut(entry.id).metadata;
        metadata.xattrs = None;
        metadata.mtime.nanoseconds = 0;
    }
    tree
}

#[test]
fn what_cpio_writes_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let root = forest(directory.path());
    // It writes no sockets' numbers, but sockets.
    let expected = plain(&root);
    let archive = directory.path().join("archive");
    shell(&format!("cd {}; find . -print0 | cpio -0oH newc --quiet > {}", path(&root), path(&archive)));
    let found = try_read(&archive).unwrap();
    let differences = rootfs_tree::diff(&expected, &found);
    assert!(differences.is_empty(), "{differences:?}");
    // One archive behind another, as an initrd is: the second has the last word.
    let second = directory.path().join("second");
    fs_err::create_dir_all(second.join("bin")).unwrap();
    fs_err::write(second.join("bin/tool"), "new").unwrap();
    shell(&format!("cd {}; find . -print0 | cpio -0oH newc --quiet >> {}", path(&second), path(&archive)));
    let found = try_read(&archive).unwrap();
    assert_eq!(found.file(found.lookup(b"/bin/tool").unwrap()).unwrap().length, 3);
    assert_eq!(found.lookup(b"/same tool").map(|id| found.file(id).unwrap().length).unwrap(), 10_000);
    // Cut off, and with a name that leads out.
    let whole = fs_err::read(&archive).unwrap();
    fs_err::write(&archive, &whole[..whole.len() / 2]).unwrap();
    assert!(complaint(&archive).contains("cut off"));
    let at = whole.windows(8).position(|bytes| bytes == b"bin/tool").unwrap();
    let mut hostile = whole;
    hostile[at..at + 8].copy_from_slice(b"../tools");
    fs_err::write(&archive, hostile).unwrap();
    assert_eq!(complaint(&archive), "member `../tools` of the archive: its name leads out of the tree");
}

#[test]
fn what_tar_and_bsdtar_write_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let root = forest(directory.path());
    // No tar has a socket, and bsdtar's none of the largest device.
    for name in ["dev/socket", "dev/large"] {
        fs_err::remove_file(root.join(name)).unwrap();
    }
    let expected = plain(&root);
    for (index, line) in [
        "tar -C ROOT -cf OUT .",
        "tar -C ROOT --format=posix --zstd -cf OUT .",
        "bsdtar -C ROOT --format=gnutar --no-xattrs --no-acls --no-read-sparse -cf OUT .",
        "bsdtar -C ROOT --format=pax --no-xattrs --no-acls --no-fflags --no-read-sparse -cJf OUT .",
    ]
    .into_iter()
    .enumerate()
    {
        let archive = directory.path().join(format!("{index}.tar"));
        shell(&line.replace("ROOT", path(&root)).replace("OUT", path(&archive)));
        let mut found = try_read(&archive).unwrap();
        for entry in found.clone().walk() {
            found.node_mut(entry.id).metadata.mtime.nanoseconds = 0;
        }
        let differences = rootfs_tree::diff(&expected, &found);
        assert!(differences.is_empty(), "{line}: {differences:?}");
    }
}

#[test]
fn what_is_compressed_as_a_whole_is_unpacked_first() {
    let judged = crate::judge::write(&crate::forest::everything(), &rootfs_image::Ext4Options::default());
    let whole = fs_err::read(&judged.image).unwrap();
    let mut expected = crate::forest::everything();
    expected.hash_contents().unwrap();
    for compression in [Compression::GZIP, Compression::XZ, Compression::ZSTD] {
        let mut encoder = Encoder::new(Vec::new(), compression).unwrap();
        std::io::Write::write_all(&mut encoder, &whole).unwrap();
        let packed = encoder.finish().unwrap();
        fs_err::write(&judged.image, &packed).unwrap();
        crate::judge::assert_reader_sees(&judged.image, &expected);
        // A stream that is cut off is not half an image.
        fs_err::write(&judged.image, &packed[..packed.len() - 4]).unwrap();
        assert_eq!(complaint(&judged.image), "can't unpack the image");
        // A stream in a stream is nobody's image.
        let mut encoder = Encoder::new(Vec::new(), compression).unwrap();
        std::io::Write::write_all(&mut encoder, &packed).unwrap();
        fs_err::write(&judged.image, encoder.finish().unwrap()).unwrap();
        assert_eq!(complaint(&judged.image), "there is no tree in it: it is a compressed stream in a compressed stream");
    }
    fs_err::write(&judged.image, vec![7; 5000]).unwrap();
    assert_eq!(complaint(&judged.image), "there is no tree in it: it is unknown");
}

/// Streams behind each other are one, as their programs have it.
#[test]
fn what_bzip2_and_lz4_pack_is_unpacked() {
    let judged = crate::judge::write(&crate::forest::everything(), &rootfs_image::Ext4Options::default());
    let mut expected = crate::forest::everything();
    expected.hash_contents().unwrap();
    let whole = judged.directory.path().join("whole");
    fs_err::rename(&judged.image, &whole).unwrap();
    for program in ["bzip2 -c", "lz4 -qc", "lz4 -qc -BD -B4 --content-size", "lz4 -qc --no-frame-crc -12"] {
        let half = fs_err::metadata(&whole).unwrap().len() / 2;
        let (from, to) = (path(&whole), path(&judged.image));
        shell(&format!("{program} {from} >{to}"));
        crate::judge::assert_reader_sees(&judged.image, &expected);
        shell(&format!("(head -c {half} {from} | {program}; tail -c +{} {from} | {program}) >{to}", half + 1));
        crate::judge::assert_reader_sees(&judged.image, &expected);
        let packed = fs_err::read(&judged.image).unwrap();
        for length in [packed.len() - 1, packed.len() / 2, 40] {
            fs_err::write(&judged.image, &packed[..length]).unwrap();
            assert_eq!(complaint(&judged.image), "can't unpack the image", "{program}: {length}");
        }
        fs_err::write(&judged.image, [&packed[..], b"and more"].concat()).unwrap();
        assert_eq!(complaint(&judged.image), "can't unpack the image", "{program}");
    }
    // A tar of either.
    let root = forest(judged.directory.path());
    fs_err::remove_dir_all(root.join("dev")).unwrap();
    for program in ["bzip2", "lz4"] {
        shell(&format!("tar -C {} -c . | {program} -c >{}", path(&root), path(&judged.image)));
        let found = try_read(&judged.image).unwrap();
        let differences = rootfs_tree::diff(&plain(&root), &found);
        assert!(differences.is_empty(), "{differences:?}");
    }
}

#[test]
fn our_own_archives_come_back() {
    let directory = tempfile::tempdir().unwrap();
    let archive = directory.path().join("archive");
    let mut tree = crate::squashfs::judge::everything();
    for entry in tree.clone().walk() {
        let node = tree.node_mut(entry.id);
        node.metadata.xattrs = None;
        node.metadata.mtime.nanoseconds = 0;
    }
    tree.hash_contents().unwrap();
    let mut file = fs_err::File::create(&archive).unwrap();
    rootfs_image::write_cpio(&tree, &mut file).unwrap();
    crate::judge::assert_reader_sees(&archive, &tree);
    let dev = tree.lookup(b"/dev").unwrap();
    assert!(matches!(tree.node(tree.child(dev, b"socket").unwrap()).kind, Kind::Socket));
}
