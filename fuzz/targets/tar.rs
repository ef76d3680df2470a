//! An overlay or a root filesystem as a tar, in any compression: what is read can be written, and reads as the same tree.
#![no_main]

use std::io::Write as _;
use std::os::fd::AsRawFd as _;

use rootfs_tree::Tree;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let spool = std::env::temp_dir();
    let Ok(mut tree) = read(bytes, &spool) else { return };
    if tree.hash_contents().is_err() {
        return;
    }
    let mut archive = Vec::new();
    tree.write_tar(&mut archive).expect("a tree that was read can be written");
    let mut again = read(&archive, &spool).expect("our own archive can be read");
    again.hash_contents().expect("our own archive is whole");
    assert_eq!(again.digest().expect("hashed"), tree.digest().expect("hashed"));
});

fn read(bytes: &[u8], spool: &std::path::Path) -> Result<Tree, rootfs_tree::TreeError> {
    // Kept open by being leaked until the next one: a tree reads its contents from the file.
    let file = rustix::fs::memfd_create("tar", rustix::fs::MemfdFlags::empty()).expect("a file in memory");
    let mut file = std::fs::File::from(file);
    file.write_all(bytes).expect("a file in memory can be written");
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let tree = Tree::from_tar(path.as_ref(), spool);
    KEPT.with_borrow_mut(|kept| {
        kept.push_back(file);
        if kept.len() > 4 {
            kept.pop_front();
        }
    });
    tree
}

std::thread_local! {
    static KEPT: std::cell::RefCell<std::collections::VecDeque<std::fs::File>> = const { std::cell::RefCell::new(std::collections::VecDeque::new()) };
}
