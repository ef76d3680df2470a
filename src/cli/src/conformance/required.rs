//! Whether the tree has what any guest needs.

use rootfs_plugin::Plan;
use rootfs_tree::{Kind, Tree};

use super::Trial;
use super::bench::Bench;

const NAME: &str = "has what a guest needs";

/// Files without which nobody can log in.
const FILES: [&str; 2] = ["/etc/passwd", "/etc/group"];

/// Where a guest's kernel and init mount something, and where its programs are.
const DIRECTORIES: [&str; 6] = ["/dev", "/proc", "/sys", "/run", "/tmp", "/usr/bin"];

/// Looks into the first build's tree.
pub(super) fn run(bench: &Bench<'_>, plan: &Plan) -> Trial {
    let missing = tempfile::tempdir_in(bench.stage).map_err(|error| error.to_string()).and_then(|spool| {
        let tree = Tree::from_tar(&bench.output("first"), spool.path()).map_err(|error| error.to_string())?;
        Ok(missing(&tree, plan.init_expected))
    });
    Trial::of(
        NAME,
        missing.and_then(|missing| if missing.is_empty() { Ok(found(plan)) } else { Err(format!("it has no {}", missing.join(", no "))) }),
    )
}

fn found(plan: &Plan) -> String {
    let init = if plan.init_expected { "/sbin/init, " } else { "" };
    format!("{init}{} and {} directories", FILES.join(", "), DIRECTORIES.len())
}

fn missing(tree: &Tree, init: bool) -> Vec<&'static str> {
    let is = |path: &str, wanted: fn(&Kind) -> bool| tree.resolve(path.as_bytes()).is_ok_and(|id| wanted(&tree.node(id).kind));
    let file = |path: &str| is(path, |kind| matches!(kind, Kind::File(_)));
    let directory = |path: &str| is(path, |kind| matches!(kind, Kind::Directory(_)));
    let init = init.then_some("/sbin/init");
    let files = init.into_iter().chain(FILES).filter(|path| !file(path));
    files.chain(DIRECTORIES.into_iter().filter(|path| !directory(path))).collect()
}

#[cfg(test)]
mod tests {
    use rootfs_tree::{Metadata, Time};

    use super::*;

    #[test]
    fn what_is_not_there_is_named() {
        let now = Time::from_seconds(0);
        let mut tree = Tree::new(Metadata::root(0o755, now));
        for path in DIRECTORIES.iter().chain(&["/etc", "/usr/sbin", "/lib"]) {
            tree.make_directory(path.as_bytes(), now).unwrap();
        }
        for path in ["/etc/passwd", "/usr/group", "/lib/init"] {
            tree.write(path.as_bytes(), Vec::new(), Metadata::root(0o755, now)).unwrap();
        }
        tree.symlink(b"../usr/group", b"/etc/group", now).unwrap();
        assert_eq!(missing(&tree, false), [""; 0]);
        assert_eq!(missing(&tree, true), ["/sbin/init"]);
        tree.symlink(b"usr/sbin", b"/sbin", now).unwrap();
        tree.symlink(b"/lib/init", b"/usr/sbin/init", now).unwrap();
        assert_eq!(missing(&tree, true), [""; 0]);
        tree.remove(b"/usr/group", now).unwrap();
        tree.remove(b"/run", now).unwrap();
        assert_eq!(missing(&tree, true), ["/etc/group", "/run"]);
    }
}
