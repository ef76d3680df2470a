use std::time::Duration;

use crate::Accelerator;

/// How a boot went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What came of the session.
    pub end: End,
    /// How the guest's instructions were run.
    pub accelerator: Accelerator,
    /// From QEMU's start to the agent's first word; none without a session with the agent.
    pub answered_after: Option<Duration>,
    /// From QEMU's start to its end.
    pub total: Duration,
    /// Whether the guest powered itself off. Else it was asked to and took too long.
    pub powered_off: bool,
}

/// What came of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The command exited with this status.
    Exited(u8),
    /// This signal killed the command.
    Killed(u8),
    /// The guest ended by itself, as one at the console does, or one that is told so in a shell.
    PoweredOff,
}

impl Verdict {
    /// The exit status that passes the verdict on, as a shell does: a signal adds 128.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.end {
            End::Exited(code) => code,
            End::Killed(signal) => signal.saturating_add(128),
            End::PoweredOff => 0,
        }
    }
}
