use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fs_err as fs;
use rustix::fs::{AtFlags, Timespec, Timestamps, UTIME_OMIT};

use super::{Transaction, TransactionError};
use crate::root::{Root, RootError};

/// Where the sandbox mounts, so that rpm can't say how the directories below are.
const MOUNT_POINTS: [&str; 3] = ["dev", "proc", "sys"];

/// What engines mount over a container's own files, Podman also in one without a network: rpm takes these for files of an older root, which a new one can't have, and lays
/// the package's own beside them.
const OF_ENGINE: [(&str, &str); 3] =
    [("etc/hosts.rpmnew", "hosts"), ("etc/resolv.conf.rpmnew", "resolv.conf"), ("etc/hostname.rpmnew", "hostname")];

/// What SQLite keeps beside a database that is open; a database that was closed in order needs neither.
const SHARED_MEMORY: &str = "rpmdb.sqlite-shm";
const JOURNAL: &str = "rpmdb.sqlite-wal";

/// Leaves the root as if nobody had mounted anything in it, and its database at rest.
pub(super) fn settle(path: &Path, transaction: &Transaction<'_>) -> Result<(), TransactionError> {
    let root = Root::open(path)?;
    let owned = transaction.packages.iter().flat_map(|chosen| &chosen.header.top_directories);
    for (name, mode, mtime) in owned.filter(|(name, ..)| MOUNT_POINTS.iter().any(|point| point.as_bytes() == name)) {
        let directory = root.make_directory(name)?;
        let failed = |errno| RootError::new("set the mode of", name, errno);
        // A path of ours, opened without following a link: chmod(2) needs one.
        let place = path.join(String::from_utf8_lossy(name).as_ref());
        fs::set_permissions(&place, std::fs::Permissions::from_mode((*mode).into()))?;
        let omit = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
        let times = Timestamps { last_access: omit, last_modification: Timespec { tv_sec: *mtime, tv_nsec: 0 } };
        rustix::fs::utimensat(&directory, ".", &times, AtFlags::empty()).map_err(failed)?;
    }
    for (beside, name) in OF_ENGINE {
        if root.stat(beside.as_bytes())?.is_some() {
            root.rename(beside.as_bytes(), name.as_bytes())?;
        }
    }
    let at = |name: &str| format!("{}/{name}", transaction.database).into_bytes();
    let journal = root.stat(&at(JOURNAL))?;
    if journal.is_none_or(|journal| journal.st_size == 0) {
        root.remove(&at(JOURNAL))?;
        root.remove(&at(SHARED_MEMORY))?;
    }
    Ok(())
}
