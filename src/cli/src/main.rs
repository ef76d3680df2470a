//! `rootfs-gen`: see `rootfs-gen --help`.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    rootfs_gen::run(&arguments, &rootfs_gen::registry::DISTRIBUTIONS)
}
