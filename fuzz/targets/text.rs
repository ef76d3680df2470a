//! The tree's text form, as it lies beside a directory: what is read is written as the same bytes.
#![no_main]

use rootfs_tree::Tree;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut input = bytes;
    if let Ok(tree) = Tree::read_text(&mut input, "tree".as_ref()) {
        let mut text = Vec::new();
        tree.write_text(&mut text).expect("a tree that was read has a text");
        let again = Tree::read_text(&mut &text[..], "tree".as_ref()).expect("our own text is a tree");
        assert_eq!(again.digest().expect("hashed"), tree.digest().expect("hashed"));
    }
});
