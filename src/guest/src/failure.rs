use rootfs_guest::protocol::Failure;
use rustix::io::Errno;

/// Names what was being done when the kernel refused.
pub(crate) trait Step<T> {
    /// `step` completes the sentence "can't …".
    fn step(self, step: &str) -> Result<T, Failure>;
}

impl<T> Step<T> for Result<T, Errno> {
    fn step(self, step: &str) -> Result<T, Failure> {
        self.map_err(|errno| Failure { step: step.to_owned(), errno: number(errno) })
    }
}

impl<T> Step<T> for std::io::Result<T> {
    fn step(self, step: &str) -> Result<T, Failure> {
        self.map_err(|error| Failure { step: step.to_owned(), errno: number(Errno::from_io_error(&error).unwrap_or(Errno::IO)) })
    }
}

/// The error's number as the protocol carries it.
pub(crate) fn number(errno: Errno) -> u32 {
    errno.raw_os_error().unsigned_abs()
}
