use std::path::PathBuf;

use crate::sourced::{Source, Sourced};

/// The directory to fill. `-o` on the command line puts a ROOTFS_DIR that is merely in the environment out of force.
pub(super) fn directory(said: Option<&Sourced<PathBuf>>, has_output: bool) -> Option<PathBuf> {
    said.filter(|said| !(has_output && matches!(said.source, Source::Variable(_)))).map(Sourced::path)
}
