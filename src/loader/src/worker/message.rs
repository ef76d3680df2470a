use rootfs_plugin::{BuildError, Command, Output};
use serde::{Deserialize, Serialize};

/// What the engine sends.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToWorker {
    /// Make a plan for the request in the body.
    Plan,
    /// Build by the plan in the body.
    Build,
    /// The call was done; its result, where it has bytes, is the body.
    Done,
    /// What the program in the tree left.
    Ran(Output),
    /// The names in a directory.
    Names(Vec<String>),
    /// Whether the user wants the build to end.
    Cancelled(bool),
    /// The call failed.
    Failed(BuildError),
}

/// What the worker sends.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FromWorker {
    /// The library is loaded.
    Ready {
        /// Whether it makes plans itself.
        plans: bool,
        /// Whether it builds itself.
        builds: bool,
    },
    /// The library can't be used.
    Refused(String),
    /// The call into the library came back with this status; the body is what it gave.
    Returned(i32),
    /// The library calls the engine.
    Call(Call),
}

/// A call of the engine.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Call {
    /// The plan is in the body; the one that is built by when that is empty.
    Install,
    Run(Command),
    Read(String),
    List(String),
    /// The content is in the body.
    Write {
        path: String,
        mode: u32,
    },
    Remove(String),
    Symlink {
        target: String,
        path: String,
    },
    Progress {
        step: String,
        done: u64,
        total: u64,
    },
    Log(String),
    Cancelled,
}
