use rootfs_tree::{Content, Tree};

use super::{assert_as_mounted, complaint, forest, try_read};
use crate::forest::everything;
use crate::judge::{debugfs, path, run_well, write};

/// Every way in which blocks and contents are kept.
const FORMS: [&[&str]; 7] = [
    &["-t", "ext2", "-b", "1024"],
    &["-t", "ext3", "-b", "4096", "-I", "128"],
    &["-t", "ext4", "-b", "4096"],
    &["-t", "ext4", "-b", "1024", "-O", "^metadata_csum,^64bit,uninit_bg"],
    &["-t", "ext4", "-b", "2048", "-O", "inline_data,metadata_csum_seed,large_dir,project,quota"],
    &["-t", "ext4", "-b", "4096", "-O", "^extent,^64bit"],
    &["-t", "ext4", "-b", "4096", "-O", "mmp,verity,sparse_super2"],
];

#[test]
fn images_of_mke2fs_are_as_the_kernel_mounts_them() {
    let directory = tempfile::tempdir().unwrap();
    let root = forest(directory.path());
    for form in FORMS {
        let image = directory.path().join("image");
        run_well("mke2fs", &[&["-q", "-F"], form, &["-d", path(&root), path(&image), "200M"]].concat());
        let tree = assert_as_mounted("ext4", &image);
        assert_eq!(tree.file(tree.lookup(b"/large").unwrap()).unwrap().length, 3_000_000);
        fs_err::remove_file(&image).unwrap();
    }
}

#[test]
fn contents_in_one_piece_stay_in_the_image() {
    let judged = write(&everything(), &rootfs_image::Ext4Options::default());
    let spool = judged.directory.path().join("spool");
    let tree = crate::judge::read(&judged.image, &spool);
    let file = tree.file(tree.lookup(b"/bin/tool").unwrap()).unwrap();
    let Content::At { layer, .. } = file.content else { panic!("{file:?}") };
    assert_eq!(tree.layer(layer).path, judged.image);
    let copied: u64 = fs_err::read_dir(&spool).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert_eq!(copied, 0);
}

#[test]
fn what_is_wrong_is_told() {
    let judged = write(&everything(), &rootfs_image::Ext4Options::default());
    let image = &judged.image;
    let whole = fs_err::read(image).unwrap();
    let damaged = |request: &str| {
        fs_err::write(image, &whole).unwrap();
        run_well("debugfs", &["-w", "-R", request, path(image)]);
        complaint(image)
    };
    assert!(try_read(image).is_ok());
    assert!(damaged("feature needs_recovery").contains("its journal has changes"));
    assert!(damaged("feature meta_bg").contains("meta_bg can't be read"), "{}", damaged("feature meta_bg"));
    assert!(damaged("clri /bin/tool").contains("is free"));
    assert!(damaged("sif /bin/tool block[5] 0x7fffffff").contains("a block can't be"));
    // A second name for a directory is a circle.
    assert!(damaged("link /bin /bin/again").contains("another name too"));
    fs_err::write(image, &whole[..whole.len() - 4096]).unwrap();
    assert!(complaint(image).contains("bytes, and the filesystem"));
    fs_err::write(image, &whole).unwrap();
    assert!(debugfs(image, "stat /bin/tool").contains("Type: regular"));
}

#[test]
fn a_directory_of_that_name_that_is_the_trees_own_stays() {
    let mut tree = everything();
    let own = crate::forest::add(&mut tree, Tree::ROOT, "lost+found", rootfs_tree::Kind::directory());
    tree.node_mut(own).metadata.mode = 0o755;
    let judged = write(&tree, &rootfs_image::Ext4Options::default());
    tree.hash_contents().unwrap();
    crate::judge::assert_reader_sees(&judged.image, &tree);
}
