use std::os::fd::AsRawFd;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::fork::last_error;

/// Sets `IFF_UP` of `lo`, which gets its addresses from the kernel then.
pub(super) fn bring_loopback_up() -> Result<(), Errno> {
    let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    let up = libc::c_short::try_from(libc::IFF_UP | libc::IFF_RUNNING).or(Err(Errno::INVAL))?;
    // SAFETY: zeros are a whole request: an empty name, no flags.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (slot, byte) in request.ifr_name.iter_mut().zip(b"lo") {
        *slot = libc::c_char::try_from(*byte).or(Err(Errno::INVAL))?;
    }
    request.ifr_ifru.ifru_flags = up;
    // SAFETY: the kernel reads the request, whose name ends in NUL, and writes nothing else.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}
