//! A user without rights, who exists for one case only.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use tempfile::TempDir;

use crate::process::Process;
use crate::{Product, Workbench};

/// Number of the user and of the group.
const ID: u32 = 4242;

/// Puts files over those that say who has which ids, where only this case sees them, and goes on as the user.
const BECOME: &str = "set -e
for name in passwd group subuid subgid; do
    test -e /etc/$name || : > /etc/$name
    mount --bind \"$1/$name\" /etc/$name
done
shift
exec setpriv --reuid=4242 --regid=4242 --clear-groups -- \"$@\"";

/// A user with a home that holds the program under test.
#[derive(Debug)]
pub struct PlainUser {
    home: TempDir,
    program: PathBuf,
}

impl PlainUser {
    /// A user who has this many subordinate ids.
    ///
    /// # Errors
    /// When the home can't be made.
    pub fn new(workbench: &Workbench, ids: u32) -> Result<Self, Failed> {
        // Not in the workbench, which may lie where only root may look.
        let home =
            tempfile::Builder::new().prefix("rootfs-gen-user").permissions(PermissionsExt::from_mode(0o755)).tempdir_in("/var/tmp")?;
        let program = home.path().join("rootfs-gen");
        fs_err::copy(&workbench.settings().product, &program)?;
        for (name, text) in
            [("passwd", "root:x:0:0::/root:/bin/sh\nplain:x:4242:4242::/:/bin/sh\n"), ("group", "root:x:0:\nplain:x:4242:\n")]
        {
            fs_err::write(home.path().join(name), text)?;
        }
        for name in ["subuid", "subgid"] {
            let line = if ids == 0 { String::new() } else { format!("plain:600100000:{ids}\n") };
            fs_err::write(home.path().join(name), line)?;
        }
        let own = rustix::fs::chown(home.path(), Some(rustix::fs::Uid::from_raw(ID)), Some(rustix::fs::Gid::from_raw(ID)));
        own.map_err(std::io::Error::from)?;
        Ok(Self { home, program })
    }

    /// Where the user may write.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The program, run by the user.
    #[must_use]
    pub fn product<'a>(&self, workbench: &'a Workbench) -> Product<'a> {
        self.run_by(workbench, Process::judge("unshare"))
    }

    /// The program, run by the user and watched by strace, which needs root's rights to watch what is setuid.
    #[must_use]
    pub fn traced<'a>(&self, workbench: &'a Workbench, strace: Process) -> Product<'a> {
        self.run_by(workbench, strace.arg("unshare"))
    }

    /// A shell's script, run by the user at home.
    #[must_use]
    pub fn script(&self, script: &str) -> Process {
        let unshare = self.become_user(Process::judge("unshare"));
        unshare.args(["sh", "-ec", script]).directory(self.home.path()).env("HOME", self.home.path())
    }

    /// As the program whose execution in a trace begins what is the program's own doing.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    fn run_by<'a>(&self, workbench: &'a Workbench, unshare: Process) -> Product<'a> {
        Product::of(workbench, self.become_user(unshare).arg(&self.program))
            .env("HOME", self.home.path())
            .store(&self.home.path().join("store"))
    }

    /// What follows is run by the user.
    fn become_user(&self, unshare: Process) -> Process {
        unshare.args(["--mount", "--propagation", "private", "sh", "-c", BECOME, "sh"]).arg(self.home.path())
    }
}
