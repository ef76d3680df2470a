use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a shell directory needs: `config.sh`, and `rootfs_lib.sh` where it has one, as Kata's osbuilder defines them.
///
/// The directory's own scripts make the root, with programs of the host, and download for themselves: nothing of it is pinned, so such a build knows no lock, is
/// never offline, and is not reused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShellInstaller {
    /// Absolute, without links in its path.
    pub directory: PathBuf,
    /// What the scripts are told, by the names that osbuilder has for it: `ARCH`, `EXTRA_PKGS`.
    pub variables: BTreeMap<String, String>,
    /// Whether who wrote them says that they fail at times (`BUILD_CAN_FAIL`).
    #[serde(default)]
    pub can_fail: bool,
}
