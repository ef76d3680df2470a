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

/// What a tree must have.
struct Required {
    init: bool,
    /// Files and directories, too: osbuilder asks the scripts of a shell directory for `/sbin/init` alone.
    rest: bool,
}

/// Looks into the first build's tree.
pub(super) fn run(bench: &Bench<'_>, plan: &Plan) -> Trial {
    let required = Required { init: plan.init_expected, rest: plan.installer.can_be_locked() };
    let looked = tempfile::tempdir_in(bench.stage).map_err(|error| error.to_string()).and_then(|spool| {
        let tree = Tree::from_tar(&bench.output("first"), spool.path()).map_err(|error| error.to_string())?;
        required.of(&tree)
    });
    Trial::of(NAME, looked)
}

impl Required {
    fn files(&self) -> Vec<&'static str> {
        let files = FILES.into_iter().filter(|_| self.rest);
        self.init.then_some("/sbin/init").into_iter().chain(files).collect()
    }

    /// What is there, or what is missing.
    fn of(&self, tree: &Tree) -> Result<String, String> {
        let is = |path: &str, wanted: fn(&Kind) -> bool| tree.resolve(path.as_bytes()).is_ok_and(|id| wanted(&tree.node(id).kind));
        let files = self.files();
        let directories: Vec<&str> = DIRECTORIES.into_iter().filter(|_| self.rest).collect();
        let mut missing: Vec<&str> = files.iter().copied().filter(|path| !is(path, |kind| matches!(kind, Kind::File(_)))).collect();
        missing.extend(directories.iter().filter(|path| !is(path, |kind| matches!(kind, Kind::Directory(_)))));
        if !missing.is_empty() {
            return Err(format!("it has no {}", missing.join(", no ")));
        }
        let counted = if self.rest { format!(" and {} directories", directories.len()) } else { String::new() };
        Ok(format!("{}{counted}", files.join(", ")))
    }
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
        let told = |init, rest| Required { init, rest }.of(&tree);
        assert_eq!(told(false, true).unwrap(), "/etc/passwd, /etc/group and 6 directories");
        assert_eq!(told(true, true).unwrap_err(), "it has no /sbin/init");
        tree.symlink(b"usr/sbin", b"/sbin", now).unwrap();
        tree.symlink(b"/lib/init", b"/usr/sbin/init", now).unwrap();
        tree.remove(b"/usr/group", now).unwrap();
        tree.remove(b"/run", now).unwrap();
        let told = |init, rest| Required { init, rest }.of(&tree);
        assert_eq!(told(true, true).unwrap_err(), "it has no /etc/group, no /run");
        assert_eq!(told(true, false).unwrap(), "/sbin/init");
    }
}
