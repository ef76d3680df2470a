use crate::SandboxError;

/// A place where commands run in a tree.
pub trait Runner {
    /// Runs a command to its end; what it writes comes to `output` as it is written, in pieces of no particular size.
    ///
    /// Processes that it leaves behind are killed before this returns, and named in the [`Outcome`].
    ///
    /// # Errors
    /// When the command can't be started, the build was cancelled (everything was killed then), or the runner broke. A nonzero exit is no error.
    fn run(&mut self, command: &Command, output: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome, SandboxError>;

    /// Makes the tree on this machine what commands have made of it. Before that, nobody may read in it what a command could have written.
    ///
    /// # Errors
    /// When it can't be brought here, or not written.
    fn bring_back(&mut self) -> Result<(), SandboxError> {
        Ok(())
    }
}

/// A program to run in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program, looked up in the command's own `PATH` inside the tree when it has no slash, and its arguments.
    pub arguments: Vec<Vec<u8>>,
    /// Exactly this.
    pub environment: Vec<(String, String)>,
    /// Where it starts: absolute, inside the tree.
    pub directory: String,
    /// What it reads before the end of its input.
    pub input: Vec<u8>,
}

/// Which of a command's streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// How a command ended, and what was left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The command's own process.
    pub exit: Exit,
    /// Names of the processes that it left behind and that were killed.
    pub left_running: Vec<String>,
}

/// A process's last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this status.
    Code(i32),
    /// This signal killed it.
    Signal(i32),
}

impl Exit {
    /// Whether the status is 0.
    #[must_use]
    pub fn success(self) -> bool {
        self == Self::Code(0)
    }

    /// As a shell tells it: a signal adds 128.
    #[must_use]
    pub fn status(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128 + signal,
        }
    }
}

/// `SIGKILL`.
const KILLED: i32 = 9;

/// What a sentence says of the program: `exited with 1`.
impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const AS_KERNEL: &str = "as the kernel does when memory runs out";
        match *self {
            Self::Signal(KILLED) => write!(f, "was killed, {AS_KERNEL}"),
            Self::Signal(signal) => write!(f, "was ended by signal {signal}"),
            // A shell, of which a program was killed.
            Self::Code(code) if code == 128 + KILLED => write!(f, "exited with {code}: a program was killed, {AS_KERNEL}"),
            Self::Code(code) => write!(f, "exited with {code}"),
        }
    }
}
