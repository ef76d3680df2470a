use std::path::PathBuf;

use crate::invocation::{Output, OutputKind, UnknownKind};
use crate::setting_error::SettingError;
use crate::sourced::{Source, Sourced};

/// The file to write, with the format that its suffix says.
pub(crate) fn output(said: &Sourced<PathBuf>) -> Result<Output, SettingError> {
    let shown = said.with(said.value.display());
    match OutputKind::of(&said.value) {
        Ok(kind) => Ok(Output { path: said.path(), kind }),
        Err(UnknownKind::Later) => Err(SettingError::NotYet { setting: shown.to_string(), what: "writing this format".to_owned() }),
        Err(UnknownKind::Never) => Err(SettingError::invalid_with_hint(
            &shown,
            "the suffix tells no format",
            "write a tar with -o rootfs.tar, a disk with -o guest.img",
        )),
    }
}

/// The directory to fill. `-o` on the command line puts a ROOTFS_DIR that is merely in the environment out of force.
pub(super) fn directory(said: Option<&Sourced<PathBuf>>, has_output: bool) -> Option<PathBuf> {
    said.filter(|said| !(has_output && matches!(said.source, Source::Variable(_)))).map(Sourced::path)
}
