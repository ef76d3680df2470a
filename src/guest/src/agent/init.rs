use super::network;
use crate::kernel_log;
use crate::mounts;

/// What an init does before anything else runs. Each step is tried whatever became of the others: a guest that answers can be asked.
pub(super) fn prepare() {
    mounts::mount_all();
    let _ = rustix::process::chdir("/");
    let _ = rustix::process::setsid();
    if let Some(name) = hostname()
        && let Err(error) = rustix::system::sethostname(name.as_bytes())
    {
        kernel_log::error(&format!("can't set the host name: {error}"));
    }
    if let Err(error) = network::bring_loopback_up() {
        kernel_log::error(&format!("can't bring the loopback interface up: {error}"));
    }
}

fn hostname() -> Option<String> {
    let text = fs_err::read_to_string("/etc/hostname").ok()?;
    text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned)
}
