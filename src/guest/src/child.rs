use rootfs_guest::protocol::Status;
use rustix::process::{Pid, WaitStatus};

/// A process's last word, from what wait(2) says.
pub(crate) fn meaning(status: WaitStatus) -> Status {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Status::Code(code.unsigned_abs()),
        (None, signal) => Status::Signal(signal.unwrap_or(0).unsigned_abs()),
    }
}

/// A number that is no signal does nothing, as a group that is gone.
pub(crate) fn kill_group(leader: Pid, signal: u32) {
    let signal = i32::try_from(signal).unwrap_or(0);
    // SAFETY: the call takes no pointers.
    unsafe { libc::killpg(leader.as_raw_nonzero().get(), signal) };
}
