//! The first program of an initramfs: loads the kernel modules that it holds, mounts the root that the kernel's command line names, and becomes that
//! root's init. Without a root it becomes the agent, as the init of the initramfs itself.

mod device;
mod label;
mod modules;
mod parameters;
mod partition;
mod root;

use std::process::ExitCode;

use crate::{agent, kernel_log, mounts};
use parameters::Parameters;

/// Returns only when there is no way on; the kernel panics then, and its log says why.
pub(crate) fn run() -> ExitCode {
    mounts::mount_early();
    let parameters = Parameters::parse(&fs_err::read_to_string("/proc/cmdline").unwrap_or_default());
    modules::load(&parameters);
    let Some(wanted) = parameters.value("root") else {
        return agent::run();
    };
    let Err(reason) = root::enter(wanted, &parameters);
    kernel_log::error(&reason);
    ExitCode::FAILURE
}
