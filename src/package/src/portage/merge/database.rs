//! portage's database of what is installed (`/var/db/pkg`), and what it keeps in `/var/lib/portage`, as portage 3.0.83 writes them.

use rootfs_tree::{Metadata, Time, Tree};

use super::layout::Owned;
use super::{MergeError, MergePackage, MergeRequest};
use crate::portage::binary::hex;

const DATABASE: &str = "/var/db/pkg";
const STATE: &str = "/var/lib/portage";

/// A package and what it owns, by absolute paths.
pub(super) type Installed<'a, 'p> = (&'p MergePackage<'a>, Vec<(Vec<u8>, Owned)>);

/// Writes all of it.
pub(super) fn write(
    tree: &mut Tree,
    installed: &[Installed<'_, '_>],
    MergeRequest { world, mask, .. }: &MergeRequest<'_>,
    time: Time,
) -> Result<(), MergeError> {
    for (counter, (package, contents)) in installed.iter().enumerate() {
        let content = &package.layer.content;
        let directory = format!("{DATABASE}/{}", content.metadata.title());
        let mut file = |name: &str, text: Vec<u8>| put(tree, &format!("{directory}/{name}"), 0o644, text, time);
        for (name, text) in content.metadata.files() {
            file(name, text.to_vec())?;
        }
        let md5 = hex(&content.md5);
        file("BINPKGMD5", format!("{md5}\n").into_bytes())?;
        if let Some(mask) = mask.text() {
            file("INSTALL_MASK", format!("{mask}\n").into_bytes())?;
        }
        file("COUNTER", counter.to_string().into_bytes())?;
        if !contents.is_empty() {
            file("CONTENTS", contents.iter().flat_map(|(path, owned)| contents_line(path, owned)).collect())?;
        }
    }
    if let Some(last) = installed.len().checked_sub(1) {
        put(tree, "/var/cache/edb/counter", 0o644, last.to_string().into_bytes(), time)?;
    }
    for name in ["config", "preserved_libs_registry"] {
        put(tree, &format!("{STATE}/{name}"), 0o660, Vec::new(), time)?;
    }
    if !world.is_empty() {
        put(tree, &format!("{STATE}/world"), 0o644, world.iter().flat_map(|name| format!("{name}\n").into_bytes()).collect(), time)?;
    }
    let state = tree.make_directory(STATE.as_bytes(), time).map_err(|source| MergeError::root(STATE, source))?;
    tree.node_mut(state).metadata.mode = 0o2755;
    Ok(())
}

fn put(tree: &mut Tree, path: &str, mode: u16, text: Vec<u8>, time: Time) -> Result<(), MergeError> {
    tree.write(path.as_bytes(), text, Metadata::root(mode, time)).map(drop).map_err(|source| MergeError::root(path, source))
}

/// A line of `CONTENTS`.
pub(crate) fn contents_line(path: &[u8], owned: &Owned) -> Vec<u8> {
    let (kind, rest) = match owned {
        Owned::Directory => ("dir", Vec::new()),
        Owned::File { md5, mtime } => {
            let md5 = hex(md5);
            ("obj", format!(" {md5} {mtime}").into_bytes())
        }
        Owned::Link { target, mtime } => ("sym", [b" -> ", target.as_slice(), format!(" {mtime}").as_bytes()].concat()),
        Owned::Fifo => ("fif", Vec::new()),
        Owned::Device => ("dev", Vec::new()),
    };
    [kind.as_bytes(), b" ", path, &rest, b"\n"].concat()
}
