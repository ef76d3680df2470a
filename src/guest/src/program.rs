use std::convert::Infallible;
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;

use rootfs_guest::protocol::{Event, Exec, Failure, Refusal};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::Pid;

use crate::failure::{Step, number};
use crate::fork::{self, Fork, last_error};
use crate::interpreter::interpreter;
use crate::signals;

/// Where a command without a `PATH` of its own is looked for.
const DEFAULT_PATH: &[u8] = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How many interpreters of interpreters the kernel follows.
const INTERPRETER_DEPTH: usize = 5;

/// Starts the command in a session of its own, whose leader it is, and returns when its program runs or can't.
///
/// `arrange` runs in the new process, in that session: it sets streams, a terminal and a root.
pub(crate) fn start(exec: &Exec, arrange: impl FnOnce() -> Result<(), Failure>) -> Result<Pid, Refusal> {
    let (report, report_end) = pipe_with(PipeFlags::CLOEXEC).step("make a pipe").map_err(Refusal::Other)?;
    let (report, mut report_end) = (File::from(report), File::from(report_end));
    match fork::fork().step("start a process").map_err(Refusal::Other)? {
        Fork::Child => {
            let Err(refusal) = become_command(exec, arrange);
            // Nobody is left to tell when the pipe is gone.
            let _ = Event::Refused(refusal).send(0, &mut report_end);
            fork::leave(1)
        }
        Fork::Parent(process) => {
            drop(report_end);
            await_program(report).map(|()| process)
        }
    }
}

/// Gives this process its standard streams.
pub(crate) fn set_streams(input: impl AsFd, output: impl AsFd, error: impl AsFd) -> Result<(), Failure> {
    rustix::stdio::dup2_stdin(input).step("set standard input")?;
    rustix::stdio::dup2_stdout(output).step("set standard output")?;
    rustix::stdio::dup2_stderr(error).step("set standard error")
}

/// The report's end closes without a word when the program takes over.
fn await_program(mut report: File) -> Result<(), Refusal> {
    match Event::receive(&mut report) {
        Ok(None) => Ok(()),
        Ok(Some((_, Event::Refused(refusal)))) => Err(refusal),
        _ => Err(Refusal::Other(Failure { step: "hear from the new process".to_owned(), errno: number(Errno::IO) })),
    }
}

fn become_command(exec: &Exec, arrange: impl FnOnce() -> Result<(), Failure>) -> Result<Infallible, Refusal> {
    rustix::process::setsid().step("start a session").map_err(Refusal::Other)?;
    arrange().map_err(Refusal::Other)?;
    rustix::process::chdir(exec.directory.as_slice()).map_err(|errno| Refusal::Directory(number(errno)))?;
    signals::restore_defaults();
    become_program(exec)
}

/// Turns this process into the program; returns only when that fails.
pub(crate) fn become_program(exec: &Exec) -> Result<Infallible, Refusal> {
    let program = exec.arguments.first().ok_or(Refusal::Missing)?;
    let arguments = strings(&exec.arguments)?;
    let environment = strings(&exec.environment)?;
    let mut reason = Refusal::Missing;
    for path in candidates(program, &exec.environment) {
        match execute(&path, &arguments, &environment) {
            Errno::NOENT | Errno::NOTDIR => {
                if let Some(missing) = missing_interpreter(&path) {
                    return Err(Refusal::Interpreter(missing));
                }
            }
            // As a shell does: the search goes on, and this is the reason if it finds nothing.
            Errno::ACCESS => reason = Refusal::Program(number(Errno::ACCESS)),
            errno => return Err(Refusal::Program(number(errno))),
        }
    }
    Err(reason)
}

/// Where to look for a program: its own path when it has a slash, else each directory of the command's `PATH`.
fn candidates(program: &[u8], environment: &[Vec<u8>]) -> Vec<Vec<u8>> {
    if program.contains(&b'/') {
        return vec![program.to_vec()];
    }
    if program.is_empty() {
        return Vec::new();
    }
    let path = environment.iter().find_map(|variable| variable.strip_prefix(b"PATH=")).unwrap_or(DEFAULT_PATH);
    let directories = path.split(|byte| *byte == b':').filter(|directory| !directory.is_empty());
    directories.map(|directory| [directory, b"/", program].concat()).collect()
}

/// Returns only when the kernel refuses.
fn execute(path: &[u8], arguments: &[CString], environment: &[CString]) -> Errno {
    let Ok(path) = CString::new(path) else {
        return Errno::NOENT;
    };
    let pointers = |strings: &[CString]| -> Vec<*const libc::c_char> {
        strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
    };
    let (arguments, environment) = (pointers(arguments), pointers(environment));
    // SAFETY: all are strings that end in NUL, the lists end in a null pointer, and all outlive the call.
    unsafe { libc::execve(path.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    last_error()
}

/// The interpreter that is missing when a program is there and the kernel says otherwise.
fn missing_interpreter(path: &[u8]) -> Option<Vec<u8>> {
    let mut path = path.to_vec();
    let mut start = first_bytes(&path).ok()?;
    for _ in 0..INTERPRETER_DEPTH {
        path = interpreter(&start)?;
        match first_bytes(&path) {
            Ok(bytes) => start = bytes,
            Err(_) => return Some(path),
        }
    }
    Some(path)
}

fn first_bytes(path: &[u8]) -> io::Result<Vec<u8>> {
    let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty())?;
    let mut start = Vec::new();
    File::from(file).take(4096).read_to_end(&mut start)?;
    Ok(start)
}

fn strings(values: &[Vec<u8>]) -> Result<Vec<CString>, Refusal> {
    let invalid = Refusal::Program(number(Errno::INVAL));
    values.iter().map(|value| CString::new(value.as_slice()).or(Err(invalid.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_looked_for_in_the_commands_own_path() {
        let environment = [b"HOME=/".to_vec(), b"PATH=/a::/b".to_vec()];
        assert_eq!(candidates(b"x", &environment), [b"/a/x".to_vec(), b"/b/x".to_vec()]);
        assert_eq!(candidates(b"./x", &environment), [b"./x".to_vec()]);
        assert_eq!(candidates(b"", &environment), [] as [Vec<u8>; 0]);
        assert_eq!(candidates(b"x", &[]).len(), 6);
    }
}
