//! baselayout's functions.

use rootfs_tree::{Kind, Time, Tree};

use crate::payload::EntryKind;
use crate::portage::binary::BinaryEntry;
use crate::portage::merge::MergeError;
use crate::portage::merge::skeleton::directory;
use crate::portage::merge::variables::Variables;

pub(super) const SETUP: &str = "eee1c098265e6017e45bf7e8f15a84064881633c7d6ad1c90c687abe799dcc38";
pub(super) const PREINST: &str = "3e1467bdf3e2150a7c0bab0c6d840fa01be51c5ad26b3cc7c44045340ef4263c";
pub(super) const POSTINST: &str = "4c46e845b003f8c92d434ca2660a9c8e6012f260584f4a41311eb00253294042";

/// What both of the first call, by its name and the SHA-256 of its body.
const LAYOUT: (&str, &str) = ("multilib_layout", "aed19b1c46966c3ea320f3ce57e7fa9ecc310f38868f0b0e8c7d02d01e2186b7");

/// Files that are in `/etc` from the beginning, and then the user's.
const FIRST: [&str; 5] = ["master.passwd", "passwd", "shadow", "group", "fstab"];

/// Whether the profile is of the kind that is known here: libraries in directories of their own, and nothing made of a stage.
pub(super) fn can_make_libraries(variables: &Variables, flags: &[String]) -> bool {
    variables.function(LAYOUT.0).as_deref() == Some(LAYOUT.1)
        && matches!(variables.get("SYMLINK_LIB"), None | Some("no"))
        && !variables.get("CHOST").is_some_and(|chost| chost.starts_with("riscv"))
        && !flags.iter().any(|flag| flag == "build")
        && libraries(variables).iter().all(|name| !name.contains('/') && name.starts_with("lib"))
}

/// The names of directories of libraries: `lib64`, `lib`.
fn libraries(variables: &Variables) -> Vec<String> {
    let default = variables.get("DEFAULT_ABI").unwrap_or("default");
    let of_abi = |abi: &str| variables.get(&format!("LIBDIR_{abi}")).unwrap_or("lib").to_owned();
    let mut names: Vec<String> = Vec::new();
    for name in variables.get("MULTILIB_ABIS").unwrap_or(default).split_ascii_whitespace().map(of_abi).chain(["lib".to_owned()]) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Directories below `/usr` and `/usr/local`; at the top, links to those below `/usr` unless `/usr` is split.
pub(super) fn make_libraries(tree: &mut Tree, variables: &Variables, flags: &[String], time: Time) -> Result<(), MergeError> {
    let is_split = flags.iter().any(|flag| flag == "split-usr");
    for name in libraries(variables) {
        let top = format!("/{name}");
        if !is_split && tree.lookup(top.as_bytes()).is_err() {
            let target = format!("usr/{name}");
            tree.symlink(target.as_bytes(), top.as_bytes(), time).map_err(|source| MergeError::root(&top, source))?;
        }
        for path in [format!("/usr/{name}"), format!("/usr/local/{name}"), top].into_iter().take(if is_split { 3 } else { 2 }) {
            directory(tree, &path, time)?;
        }
    }
    Ok(())
}

/// What becomes the package's own: `/var/lock` and `/var/run`.
pub(super) fn links(time: Time) -> Vec<BinaryEntry> {
    let link = |path: &str, target: &str| BinaryEntry {
        path: path.as_bytes().to_vec(),
        kind: EntryKind::Symlink(target.as_bytes().to_vec()),
        mode: 0o777,
        uid: 0,
        gid: 0,
        user: b"root".to_vec(),
        group: b"root".to_vec(),
        mtime: time.seconds,
        checksum: None,
        xattrs: Vec::new(),
    };
    vec![link("var/lock", "../run/lock"), link("var/run", "../run")]
}

/// The first accounts, unless there are some; nobody but root reads their passwords.
pub(super) fn first_accounts(tree: &mut Tree, time: Time) -> Result<(), MergeError> {
    for name in FIRST {
        let path = format!("/etc/{name}");
        let from = tree.resolve(format!("/usr/share/baselayout/{name}").as_bytes());
        let (Err(_), Ok(from)) = (tree.resolve(path.as_bytes()), from) else { continue };
        let node = tree.node(from).clone();
        if matches!(node.kind, Kind::File(_)) {
            tree.place(path.as_bytes(), node).map_err(|source| MergeError::root(&path, source))?;
        }
    }
    if let Ok(shadow) = tree.resolve(b"/etc/shadow") {
        tree.node_mut(shadow).metadata.mode &= 0o7770;
    }
    directory(tree, "/run", time).map(drop)
}
