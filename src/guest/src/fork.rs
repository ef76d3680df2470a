use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, WaitStatus};

/// Which side of a fork this is.
pub(crate) enum Fork {
    /// The new process.
    Child,
    /// The old one, with the new one's id.
    Parent(Pid),
}

/// Makes a copy of this process, which has one thread only: so the child may do anything.
pub(crate) fn fork() -> Result<Fork, Errno> {
    // SAFETY: this program never starts a thread, so no lock can be held by one that the child lacks.
    let process = unsafe { libc::fork() };
    match Pid::from_raw(process) {
        None => Ok(Fork::Child),
        Some(child) if process > 0 => Ok(Fork::Parent(child)),
        Some(_) => Err(last_error()),
    }
}

/// Ends this copy of the program, without the destructors of what the original still uses.
pub(crate) fn leave(status: i32) -> ! {
    // SAFETY: ends the process; nothing runs afterwards.
    unsafe { libc::_exit(status) }
}

/// Waits until a child has ended.
pub(crate) fn await_child(child: Pid) -> Result<WaitStatus, Errno> {
    loop {
        match rustix::process::waitpid(Some(child), WaitOptions::empty()) {
            Err(Errno::INTR) | Ok(None) => {}
            Ok(Some((_, status))) => return Ok(status),
            Err(error) => return Err(error),
        }
    }
}

/// The error of the C library's last call.
pub(crate) fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

/// Closes every file but the three standard ones: what the client's caller left open is nothing for scripts.
///
/// Kernels before 5.9 lack the call; then what was inherited stays open in the runner, and commands still don't get it unless it was meant to be inherited.
pub(crate) fn close_inherited_files() {
    // SAFETY: no value of this process owns any of these descriptors yet, or it will not use and close them again.
    unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
}
