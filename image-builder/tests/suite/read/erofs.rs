use super::{assert_as_mounted, complaint, forest};
use crate::judge::{path, run_well};

const FORMS: [&[&str]; 8] = [
    &["-Enoinline_data"],
    &["--chunksize=4096"],
    &["-Eforce-inode-extended"],
    &["-zlz4"],
    &["-zlz4hc,12", "-C65536"],
    &["-zlz4hc", "-Elegacy-compress"],
    &["-zlz4hc", "-Eztailpacking"],
    &["-zlz4hc", "-Efragments,dedupe", "-C16384"],
];

#[test]
fn images_of_mkfs_erofs_are_as_the_kernel_mounts_them() {
    let directory = tempfile::tempdir().unwrap();
    let root = forest(directory.path());
    fs_err::copy(root.join("large"), root.join("twice")).unwrap();
    // mkfs.erofs writes holes out.
    fs_err::OpenOptions::new().write(true).open(root.join("sparse")).unwrap().set_len(1 << 22).unwrap();
    fs_err::write(root.join("words"), "the same words again and again ".repeat(40_000)).unwrap();
    for form in FORMS {
        let image = directory.path().join("image");
        run_well("mkfs.erofs", &[form, &["--quiet", path(&image), path(&root)]].concat());
        let tree = assert_as_mounted("erofs", &image);
        let digest = |name: &[u8]| tree.file(tree.lookup(name).unwrap()).unwrap().sha256;
        assert_eq!(digest(b"/twice"), digest(b"/large"));
        fs_err::remove_file(&image).unwrap();
    }
}

#[test]
fn a_damaged_image_is_no_tree() {
    let directory = tempfile::tempdir().unwrap();
    let root = forest(directory.path());
    let image = directory.path().join("image");
    run_well("mkfs.erofs", &["-zlz4hc", path(&image), path(&root)]);
    let whole = fs_err::read(&image).unwrap();
    fs_err::write(&image, &whole[..whole.len() / 2]).unwrap();
    let complaint = complaint(&image);
    assert!(complaint.contains("number of blocks can't be"), "{complaint}");
}
