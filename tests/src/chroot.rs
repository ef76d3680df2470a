//! Commands inside a tree, as its own administrator would type them.

use std::path::{Path, PathBuf};

use libtest_mimic::Failed;

use crate::process::{Finished, Process, words};

/// Mounts what a command expects, in namespaces that end with it; the tree keeps no trace.
const ENTER: &str = r#"
mount --make-rprivate /
mount -t proc proc "$1/proc"
mount -t sysfs -o ro sys "$1/sys" 2>/dev/null || mount --rbind /sys "$1/sys"
mount --rbind /dev "$1/dev"
exec chroot "$1" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive TMPDIR=/tmp /bin/sh -ec "$2"
"#;

/// A tree to run commands in. The host's network is there.
#[derive(Debug, Clone)]
pub struct Chroot {
    tree: PathBuf,
}

impl Chroot {
    /// A tree with `/proc`, `/sys`, `/dev` and a shell.
    #[must_use]
    pub fn new(tree: &Path) -> Self {
        Self { tree: tree.to_path_buf() }
    }

    /// Runs a shell script as root in the tree.
    ///
    /// # Errors
    /// When it can't be entered; a bad exit is not an error here.
    pub fn run(&self, script: &str) -> Result<Finished, Failed> {
        let namespaces = ["--mount", "--pid", "--fork", "--ipc", "--uts", "--kill-child", "--", "sh", "-ec", ENTER, "sh"];
        Process::judge("unshare").args(namespaces).args(words([&self.tree, &script])).run()
    }

    /// Runs a script that must succeed, and gives what it printed on standard output.
    ///
    /// # Errors
    /// When it fails.
    pub fn prints(&self, script: &str) -> Result<String, Failed> {
        Ok(self.run(script)?.success()?.output)
    }
}
