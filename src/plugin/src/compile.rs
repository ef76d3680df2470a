use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Key;

/// How portage's own emerge compiles what is asked for, in place of packages of a binary host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortageCompile {
    /// The root that emerge runs in.
    pub stage3: Stage3,
    /// Ebuild repositories, the main one first: directories, archives of one, or URLs of such. Empty where those of the stage3 are meant.
    pub ebuilds: Vec<String>,
    /// A directory with `etc/portage`, which is copied: what `PORTAGE_CONFIGROOT` names. None means that a small one is written.
    pub config_root: Option<PathBuf>,
    /// The profile that was asked for; without it that of `config_root` counts, and then the plan's.
    pub profile: Option<String>,
    /// A directory of source archives, which are looked for there first.
    pub distfiles: Option<PathBuf>,
}

/// A tree with emerge, its compilers and all they need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage3 {
    /// A directory, an archive, or the URL of one.
    pub location: String,
    /// The location is that of a signed list, whose first line names the archive beside it.
    pub is_list: bool,
    /// Who may sign it. A directory is signed by nobody.
    pub keys: Vec<Key>,
    /// The upper-case fingerprints that the keys must have; empty when every key of `keys` counts.
    pub fingerprints: Vec<String>,
}
