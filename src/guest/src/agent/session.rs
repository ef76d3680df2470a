use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rootfs_guest::protocol::{Ended, Exec, Refusal, Size, Status, Stream};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::Pid;

use super::input::Input;
use super::{shell, terminal};
use crate::child::kill_group;
use crate::failure::Step;
use crate::program;

/// How long streams stay open after their command, when something that it left behind holds them.
const GRACE: Duration = Duration::from_millis(100);

/// How much such a thing may still write: more than any pipe holds, so that the command's own words are never cut.
const LINGERING_OUTPUT: usize = 2 << 20;

/// A command that runs for the client.
pub(super) struct Session {
    process: Pid,
    /// What it reads.
    pub(super) input: Input,
    outputs: [Option<OwnedFd>; 2],
    terminal: Option<OwnedFd>,
    end: Option<(Status, Instant)>,
    read_since_end: usize,
}

impl Session {
    /// Starts a command with pipes for its streams.
    pub(super) fn start(mut exec: Exec) -> Result<Self, Refusal> {
        shell::choose_directory(&mut exec);
        let pipe = || pipe_with(PipeFlags::CLOEXEC).step("make a pipe").map_err(Refusal::Other);
        let (input_end, input) = pipe()?;
        let (output, output_end) = pipe()?;
        let (error, error_end) = pipe()?;
        let process = program::start(&exec, || program::set_streams(&input_end, &output_end, &error_end))?;
        // Only our end: the two of a pipe are apart in this.
        rustix::fs::fcntl_setfl(&input, OFlags::WRONLY | OFlags::NONBLOCK).step("set the pipe up").map_err(Refusal::Other)?;
        Ok(Self { process, input: Input::new(input), outputs: [Some(output), Some(error)], terminal: None, end: None, read_since_end: 0 })
    }

    /// Starts a command on a terminal of its own; root's shell when it has no arguments.
    pub(super) fn start_on_terminal(mut exec: Exec, size: Size) -> Result<Self, Refusal> {
        if exec.arguments.is_empty() {
            exec.arguments = shell::command_line();
        }
        shell::choose_directory(&mut exec);
        let (ours, theirs) = terminal::open(size).map_err(Refusal::Other)?;
        let copy = || ours.try_clone().step("keep the terminal").map_err(Refusal::Other);
        let (input, output) = (copy()?, copy()?);
        let process = program::start(&exec, || terminal::enter(&theirs))?;
        Ok(Self { process, input: Input::new(input), outputs: [Some(output), None], terminal: Some(ours), end: None, read_since_end: 0 })
    }

    pub(super) fn process(&self) -> Pid {
        self.process
    }

    /// The command's open streams by their number.
    pub(super) fn outputs(&self) -> impl Iterator<Item = (usize, &OwnedFd)> {
        self.outputs.iter().enumerate().filter_map(|(number, file)| Some((number, file.as_ref()?)))
    }

    /// Some of what the command wrote to a stream. The stream's end gives nothing, and closes it.
    pub(super) fn read(&mut self, number: usize, buffer: &mut [u8]) -> Option<(Stream, usize)> {
        let file = self.outputs.get_mut(number)?;
        match rustix::io::read(file.as_ref()?, buffer) {
            Ok(0) => *file = None,
            Ok(count) => {
                self.read_since_end += if self.end.is_some() { count } else { 0 };
                return Some((if number == 0 { Stream::Output } else { Stream::Error }, count));
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            // What a terminal says when its last user has gone.
            Err(_) => *file = None,
        }
        None
    }

    /// The size of a command's terminal that has one.
    pub(super) fn resize(&self, size: Size) {
        if let Some(terminal) = &self.terminal {
            // The terminal's user may be gone already.
            let _ = terminal::resize(terminal, size);
        }
    }

    pub(super) fn kill(&self, signal: u32) {
        if self.end.is_none() {
            kill_group(self.process, signal);
        }
    }

    /// Says how the command's own process ended.
    pub(super) fn note_end(&mut self, status: Status) {
        self.end = Some((status, Instant::now()));
    }

    /// Whether only what it left behind is still there.
    pub(super) fn lingers(&self) -> bool {
        self.end.is_some()
    }

    /// The last word, once it is over. `quiet` says that none of its streams had anything just now.
    pub(super) fn last_word(&self, quiet: bool) -> Option<Ended> {
        let (status, since) = self.end?;
        let closed = self.outputs().next().is_none();
        let over = closed || quiet && since.elapsed() >= GRACE || self.read_since_end > LINGERING_OUTPUT;
        over.then_some(Ended { status, left_running: Vec::new() })
    }
}

impl Drop for Session {
    /// A client that leaves hangs up.
    fn drop(&mut self) {
        self.kill(libc::SIGHUP.unsigned_abs());
    }
}
