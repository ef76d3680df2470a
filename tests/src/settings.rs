//! What the environment says about a run; read once, here only.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where things are, and how strict a run is.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The program under test (`ROOTFS_GEN_BIN`, else `rootfs-gen` beside the test binary).
    pub product: PathBuf,
    /// Caches and scratch directories of the judges: `judges` in cargo's target directory.
    pub directory: PathBuf,
    /// Fixtures that are not in the project (`ROOTFS_TEST_SHARED`, else `../shared` beside the workspace); may be absent.
    pub shared: PathBuf,
    /// Debian's archive (`ROOTFS_TEST_MIRROR`, a URL that ends in `/debian`); none means what the host's apt is set up with.
    pub mirror: Option<String>,
    /// A case that can't run fails (`ROOTFS_TEST_STRICT=1`).
    pub strict: bool,
    /// Files of the project that a case compares with what it found are written anew (`UPDATE_SNAPSHOTS=1`).
    pub update: bool,
    /// Cases that take long run too (`ROOTFS_TEST_FULL=1`).
    pub full: bool,
}

impl Settings {
    /// The program without a distribution that is built in, which lies beside it.
    #[must_use]
    pub fn bare(&self) -> PathBuf {
        self.product.with_file_name("rootfs-gen-bare")
    }

    /// Reads the environment.
    #[must_use]
    pub fn from_environment() -> Self {
        let built = build_directory();
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        Self {
            product: variable("ROOTFS_GEN_BIN").map_or_else(|| built.join("rootfs-gen"), PathBuf::from),
            directory: built.parent().unwrap_or(&built).join("judges"),
            shared: variable("ROOTFS_TEST_SHARED").map_or_else(|| workspace.join("../shared"), PathBuf::from),
            mirror: variable("ROOTFS_TEST_MIRROR").map(|url| url.to_string_lossy().trim_end_matches('/').to_owned()),
            strict: variable("ROOTFS_TEST_STRICT").is_some_and(|value| value == "1"),
            update: variable("UPDATE_SNAPSHOTS").is_some(),
            full: variable("ROOTFS_TEST_FULL").is_some_and(|value| value == "1"),
        }
    }
}

/// Where a program of this name is in PATH.
#[must_use]
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = variable("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

/// Where cargo put this binary: `target/debug`, also for a test binary in its `deps`.
fn build_directory() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let directory = program.parent().unwrap_or(Path::new("."));
    if directory.ends_with("deps") { directory.parent().unwrap_or(directory).to_path_buf() } else { directory.to_path_buf() }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the judges read their environment")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
