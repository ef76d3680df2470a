use std::fmt;
use std::io;
use std::time::Duration;

use rootfs_guest::protocol::{Failure, ProtocolError, Refusal};

use crate::KernelError;

/// Why a boot gave no verdict. Most know the console's last lines.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// No QEMU on this host.
    #[error("`{program}` is not installed on this host")]
    QemuMissing {
        /// As it was looked for.
        program: &'static str,
    },
    /// Neither disk nor initramfs.
    #[error("nothing to boot from: no disk and no initramfs")]
    NoRoot,
    /// The image can't be read.
    #[error("can't read the image")]
    Image {
        /// With its path.
        #[source]
        source: io::Error,
    },
    /// The kernel doesn't fit.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// Something of the host's failed.
    #[error("can't {step}")]
    Host {
        /// What was being done.
        step: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// QEMU said no.
    #[error("QEMU failed ({status}){}", words(message))]
    Qemu {
        /// How it ended.
        status: String,
        /// Its last words.
        message: String,
    },
    /// The guest's kernel gave up.
    #[error("the guest's kernel panicked: {reason}")]
    Panicked {
        /// The kernel's own.
        reason: String,
        /// The console's last lines.
        console: Vec<String>,
    },
    /// The guest's agent said nothing.
    #[error("the guest's agent did not answer within {} s", limit.as_secs())]
    NoAnswer {
        /// How long it was waited for.
        limit: Duration,
        /// The console's last lines.
        console: Vec<String>,
    },
    /// The time is up.
    #[error("the time limit of {} s was reached while {stage}", limit.as_secs_f32())]
    TimedOut {
        /// As requested.
        limit: Duration,
        /// What was still going on.
        stage: Stage,
        /// The console's last lines.
        console: Vec<String>,
    },
    /// The guest is gone too early.
    #[error("the guest ended while {stage}")]
    GuestEnded {
        /// What was still going on.
        stage: Stage,
        /// The console's last lines.
        console: Vec<String>,
    },
    /// There is no such program in the guest.
    #[error("`{program}` is not installed in the guest")]
    ProgramMissing {
        /// As it was asked for.
        program: String,
    },
    /// The program is there, and can't be started.
    #[error("can't start `{program}` in the guest: {reason}")]
    Program {
        /// As it was asked for.
        program: String,
        /// Why not.
        reason: String,
    },
    /// An agent of another time.
    #[error("the guest's agent speaks version {found} of the protocol, this tool version {expected}")]
    Version {
        /// The agent's.
        found: u32,
        /// Ours.
        expected: u32,
    },
    /// The agent fell over and was started anew.
    #[error("the guest's agent died while {stage}")]
    AgentDied {
        /// What was still going on.
        stage: Stage,
        /// The console's last lines.
        console: Vec<String>,
    },
    /// The agent speaks nonsense.
    #[error("can't understand the guest's agent")]
    Protocol {
        /// What was received.
        #[source]
        source: ProtocolError,
    },
    /// The caller's streams broke.
    #[error("can't write the guest's output")]
    Output {
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The boot was to end.
    #[error("cancelled")]
    Cancelled,
}

/// What a boot was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Until the agent's first word.
    Booting,
    /// The command or the shell runs.
    Running,
    /// Until the machine is off.
    PoweringOff,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Booting => "it booted",
            Self::Running => "the session ran",
            Self::PoweringOff => "it powered off",
        })
    }
}

fn words(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

impl BootError {
    /// The exit status that tells this error from a guest's own: 124 for the time limit, 127 and 126 as a shell has them for a program that
    /// is missing or can't be started, 125 for everything else.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::TimedOut { .. } => 124,
            Self::Program { .. } => 126,
            Self::ProgramMissing { .. } => 127,
            _ => 125,
        }
    }

    /// The last lines of the guest's console, where they tell more.
    #[must_use]
    pub fn console(&self) -> &[String] {
        match self {
            Self::Panicked { console, .. }
            | Self::NoAnswer { console, .. }
            | Self::TimedOut { console, .. }
            | Self::GuestEnded { console, .. }
            | Self::AgentDied { console, .. } => console,
            _ => &[],
        }
    }

    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::QemuMissing { program } if program.ends_with("x86_64") => {
                "install QEMU: the package `qemu-system-x86` (Debian, Ubuntu, Fedora), `qemu-system-x86_64` (Alpine), `qemu-base` (Arch)"
            }
            Self::QemuMissing { .. } => {
                "install QEMU: the package `qemu-system-arm` (Debian, Ubuntu), `qemu-system-aarch64` (Fedora, Alpine, Arch)"
            }
            Self::Kernel(error) => error.hint()?,
            Self::NoAnswer { .. } => "is there an agent in the image? --console shows what the guest does without one",
            Self::Panicked { .. } => "--console shows the whole boot",
            Self::Version { .. } => "build the image anew, or attach to its --console",
            Self::Qemu { message, .. } if message.contains("host forwarding rule") => "another program uses the port of --forward",
            Self::Qemu { message, .. } if message.contains("lock") => "another machine writes to this image",
            _ => return None,
        };
        Some(hint.to_owned())
    }

    pub(crate) fn from_refusal(refusal: Refusal, program: String) -> Self {
        let reason = match refusal {
            Refusal::Missing => return Self::ProgramMissing { program },
            Refusal::Interpreter(path) => format!("it needs `{}`, which does not exist in the guest", path.escape_ascii()),
            Refusal::Directory(errno) => format!("its directory can't be entered: {}", kernel_error(errno)),
            Refusal::Program(errno) => kernel_error(errno).to_string(),
            Refusal::Other(Failure { step, errno }) => format!("can't {step}: {}", kernel_error(errno)),
        };
        Self::Program { program, reason }
    }
}

fn kernel_error(errno: u32) -> io::Error {
    io::Error::from_raw_os_error(i32::try_from(errno).unwrap_or(0))
}
