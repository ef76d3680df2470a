//! BusyBox's scripts.

use rootfs_tree::{Kind, Metadata, Node, NodeId, Time, Tree};

use crate::apk::install::InstallError;
use crate::apk::install::account::{Accounts, Command};
use crate::root::split;

/// The program that all links lead to.
const PROGRAM: &str = "/bin/busybox";

/// Where the package lists the links that `busybox --install` makes, relative to the root.
const PATHS: &[u8] = b"/etc/busybox-paths.d/busybox";

/// What installs links of its own when it is there.
const OTHERS: [&str; 2] = ["/bin/bbsuid", "/bin/busybox-extras"];

/// Where a shell without a PATH of its own looks for programs, as apk sets it.
const SEARCH_PATH: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// `busybox --install -s`, and klogd's group and user unless they are there.
pub(super) fn post_install(tree: &mut Tree, _arguments: &[String], time: Time) -> Result<bool, InstallError> {
    let Some(paths) = listed(tree) else { return Ok(false) };
    let accounts = [
        Command::Group { name: "klogd".to_owned(), gid: None },
        Command::User {
            name: "klogd".to_owned(),
            group: "klogd".to_owned(),
            gecos: "klogd".to_owned(),
            home: "/dev/null".to_owned(),
            shell: "/sbin/nologin".to_owned(),
        },
    ];
    for directory in ["/bin", "/sbin", "/usr/bin", "/usr/sbin"] {
        tree.make_directory(directory.as_bytes(), time).map_err(|source| InstallError::root(directory.as_bytes(), source))?;
    }
    install_links(tree, &paths, time)?;
    let mut state = Accounts::read(tree);
    for command in &accounts {
        // Who is there already stays as he is.
        let _outcome = state.apply(command, tree, time)?;
    }
    Ok(true)
}

/// The links again, when a directory of programs is among the arguments.
pub(super) fn trigger(tree: &mut Tree, arguments: &[String], time: Time) -> Result<bool, InstallError> {
    let (modules, programs): (Vec<_>, Vec<_>) = arguments.iter().partition(|path| path.starts_with("/lib/modules/"));
    let depmod = SEARCH_PATH.iter().find_map(|directory| tree.resolve(format!("{directory}/depmod").as_bytes()).ok());
    let is_busybox = |id: NodeId| tree.resolve(PROGRAM.as_bytes()).is_ok_and(|program| program == id);
    if !modules.is_empty() && depmod.is_some_and(is_busybox) {
        return Ok(false);
    }
    if programs.is_empty() {
        return Ok(true);
    }
    if OTHERS.iter().any(|path| tree.resolve(path.as_bytes()).is_ok()) {
        return Ok(false);
    }
    let Some(paths) = listed(tree) else { return Ok(false) };
    install_links(tree, &paths, time)?;
    Ok(true)
}

/// The links' paths; none when the package doesn't list them, or the list is not what is expected.
fn listed(tree: &Tree) -> Option<Vec<Vec<u8>>> {
    tree.resolve(PROGRAM.as_bytes()).ok()?;
    let text = tree.resolve(PATHS).and_then(|id| tree.read(id, 1 << 20)).ok()?;
    let paths: Vec<_> = text.split(|byte| *byte == b'\n').filter(|path| !path.is_empty()).map(|path| [b"/", path].concat()).collect();
    let is_odd = |path: &Vec<u8>| path.split(|byte| *byte == b'/').skip(1).any(|name| name.is_empty() || name == b"." || name == b"..");
    (!paths.is_empty() && !paths.iter().any(is_odd)).then_some(paths)
}

/// Links where nothing is, in directories that are there.
fn install_links(tree: &mut Tree, paths: &[Vec<u8>], time: Time) -> Result<(), InstallError> {
    for path in paths {
        let (directory, name) = split(path);
        let Ok(parent) = tree.resolve(directory) else { continue };
        if !matches!(tree.node(parent).kind, Kind::Directory(_)) || tree.child(parent, name).is_some() {
            continue;
        }
        let kind = Kind::Symlink(PROGRAM.as_bytes().into());
        let id = tree.add_node(Node { metadata: Metadata::root(0o777, time), kind, package: None });
        tree.insert(parent, name, id).map_err(|source| InstallError::root(path, source))?;
    }
    Ok(())
}
