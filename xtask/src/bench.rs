//! `cargo xtask bench`.

use std::path::PathBuf;

use crate::error::TaskError;
use crate::judges::{Wanted, install_judges};
use crate::process::{Process, workspace};

/// Measures the released program against its peers; the arguments are those of `rootfs-bench`.
///
/// # Errors
/// When something can't be built or measured.
pub(crate) fn bench(arguments: &[String]) -> Result<(), TaskError> {
    install_judges(Wanted::Daily)?;
    Process::cargo(&["build", "--release", "--workspace", "--bins"]).run()?;
    Process::cargo(&["build", "--release", "--package", "rootfs-image", "--examples"]).run()?;
    Process::cargo(&["build", "--release", "--package", "rootfs-package", "--example", "portage_resolve"]).run()?;
    let release = target_directory()?.join("release");
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    Process::new(&release.join("rootfs-bench").to_string_lossy(), &arguments).with("ROOTFS_GEN_BIN", release.join("rootfs-gen")).run()
}

/// Where cargo puts what it builds.
fn target_directory() -> Result<PathBuf, TaskError> {
    let output = Process::cargo(&["metadata", "--no-deps", "--format-version", "1"]).output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output).map_err(|cause| TaskError::Metadata { cause })?;
    Ok(metadata["target_directory"].as_str().map_or_else(|| workspace().join("target"), PathBuf::from))
}
