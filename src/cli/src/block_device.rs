//! A disk of the host's, written over: `--write /dev/sdX`.

mod error;
mod guard;
mod write;

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

pub(crate) use error::DeviceError;
pub(crate) use write::write;

use crate::failure::{Exit, Failure};
use crate::units;

/// How long Ctrl-C may take while a question waits.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// A disk that nothing uses, held so that nothing can begin to.
#[derive(Debug)]
pub(crate) struct BlockDevice {
    /// As the user named it.
    path: PathBuf,
    file: fs_err::File,
    /// Bytes.
    size: u64,
}

impl BlockDevice {
    /// Looks at a disk, asks whether it may be written over, and takes hold of it.
    ///
    /// # Errors
    /// When it is none, something uses it, or the user doesn't want it, or to end.
    pub(crate) fn claim(path: &Path, yes: bool, interrupted: &AtomicBool) -> Result<Self, Failure> {
        let disk = guard::look(path)?;
        if !yes {
            ask(path, &disk, interrupted)?;
        }
        let file = guard::open(path, &disk)?;
        Ok(Self { path: path.to_owned(), file, size: disk.size })
    }

    /// As the user named it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Asks on the terminal, where there is one.
fn ask(path: &Path, disk: &guard::Disk, interrupted: &AtomicBool) -> Result<(), Failure> {
    let shown = path.display();
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        let hint = format!("say --yes, and all that is on {shown} ({}) is lost", disk.described());
        return Err(Failure::new(format!("nobody can be asked whether {shown} may be written over")).hint(Some(hint)).exit(Exit::Usage));
    }
    let mut stderr = std::io::stderr();
    let question = format!("All that is on {shown} ({}) will be lost. Write it over? Type yes: ", disk.described());
    // Who can't read the question won't answer it.
    let _ = stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush());
    wait_for_answer(interrupted)?;
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    if answer.trim() == "yes" { Ok(()) } else { Err(Failure::new(format!("{shown} stays as it is"))) }
}

/// Waits for a line. A read would go on after Ctrl-C.
fn wait_for_answer(interrupted: &AtomicBool) -> Result<(), Failure> {
    let stdin = std::io::stdin();
    while !interrupted.load(Ordering::Relaxed) {
        let mut terminal = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut terminal, Some(&LOOK)) {
            Ok(0) | Err(Errno::INTR) => {}
            // What is wrong with it, reading tells.
            Ok(_) | Err(_) => return Ok(()),
        }
    }
    Err(Failure::new("interrupted").exit(Exit::Interrupted))
}

impl guard::Disk {
    fn described(&self) -> String {
        let size = units::size(self.size);
        if self.model.is_empty() { size } else { format!("{}, {size}", self.model) }
    }
}
