use std::ffi::CString;
use std::path::Path;

use rootfs_guest::names::INITRAMFS_MODULES;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::parameters::Parameters;
use crate::kernel_log;

/// Loads what the list names, in its order, and frees the memory that the files take. One that fails is told, and the others are tried: what it was
/// needed for will say so.
pub(super) fn load(parameters: &Parameters) {
    let list = fs_err::read_to_string(INITRAMFS_MODULES).unwrap_or_default();
    for path in list.lines().filter(|line| !line.is_empty()) {
        if let Err(error) = load_one(path, parameters) {
            kernel_log::error(&format!("can't load {path}: {error}"));
        }
        let _ = fs_err::remove_file(path);
    }
}

fn load_one(path: &str, parameters: &Parameters) -> Result<(), Errno> {
    let name = Path::new(path).file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let options = CString::new(parameters.for_module(name)).or(Err(Errno::INVAL))?;
    let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    match rustix::system::finit_module(&file, &options, 0) {
        // It is there already.
        Err(Errno::EXIST) => Ok(()),
        loaded => loaded,
    }
}
