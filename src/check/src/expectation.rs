use crate::Machine;

/// What a tree is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectations {
    /// Whether it boots by itself.
    pub init: Init,
    /// The agent's absolute path, when one is to be there.
    pub agent: Option<String>,
    /// What its programs must be for; none takes any.
    pub machine: Option<Machine>,
}

/// Whether `/sbin/init` must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Init {
    /// A tree without one is wrong.
    Required,
    /// A tree without one is meant, and only warned about. One that is there and can't start is still wrong.
    Optional,
}
