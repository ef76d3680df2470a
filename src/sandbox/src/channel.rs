use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// How long a cancelled build may go unnoticed.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// What a pipe takes without blocking once it is writable: PIPE_BUF, pipe(7).
const ATOMIC: usize = 4096;

/// One end of a pipe to the runner, which is not waited for once the build is cancelled.
#[derive(Debug)]
pub(crate) struct Channel<F> {
    file: F,
    cancelled: Arc<AtomicBool>,
}

impl<F: AsFd> Channel<F> {
    pub(crate) fn new(file: F, cancelled: Arc<AtomicBool>) -> Self {
        Self { file, cancelled }
    }

    /// An error of kind `Other` when the build is cancelled first.
    fn await_ready(&self, what: PollFlags) -> io::Result<()> {
        loop {
            if self.cancelled.load(Ordering::Relaxed) {
                return Err(io::Error::other("cancelled"));
            }
            match poll(&mut [PollFd::new(&self.file, what)], Some(&PATIENCE)) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl<F: AsFd + Read> Read for Channel<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.await_ready(PollFlags::IN)?;
        self.file.read(buffer)
    }
}

impl<F: AsFd + Write> Write for Channel<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.await_ready(PollFlags::OUT)?;
        self.file.write(&bytes[..bytes.len().min(ATOMIC)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
