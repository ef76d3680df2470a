use std::path::PathBuf;

use rootfs_plugin::Architecture;
use rootfs_tree::TreeError;

/// Why a tree can't be made what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum CustomiseError {
    /// The tree refuses.
    #[error("can't change `{path}` in the tree")]
    Tree {
        /// Inside the tree.
        path: String,
        /// Why.
        #[source]
        source: TreeError,
    },
    /// A file of the host's can't be read; the cause names it.
    #[error("can't read a file that was asked for")]
    Host(#[source] std::io::Error),
    /// Not a regular file, or a monstrous one.
    #[error("`{path}` in the tree is not a file of a reasonable size")]
    NotAFile {
        /// Inside the tree.
        path: String,
    },
    /// Needed, and not there.
    #[error("the tree has no `{path}`")]
    Missing {
        /// Inside the tree.
        path: String,
        /// A package that has it.
        package: &'static str,
    },
    /// A line of passwd or its like that no program would read.
    #[error("line {line} of `{path}` has {found} fields, not {expected}")]
    Fields {
        /// Inside the tree.
        path: &'static str,
        /// From 1.
        line: usize,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A number that is none.
    #[error("`{text}` in `{path}` is not a number")]
    Number {
        /// Inside the tree.
        path: &'static str,
        /// As it is there.
        text: String,
    },
    /// The user or group is there already.
    #[error("the {kind} `{name}` exists already")]
    Exists {
        /// `user`, `group`, `user id`.
        kind: &'static str,
        /// As asked for.
        name: String,
    },
    /// No such group.
    #[error("there is no group `{name}` for the user `{user}`")]
    NoGroup {
        /// As asked for.
        name: String,
        /// Who should be in it.
        user: String,
    },
    /// All ids for users are taken.
    #[error("no user id from 1000 to 59999 is free")]
    NoFreeId,
    /// A password that can't be hashed.
    #[error("the password of `{user}` can't be hashed: {reason}")]
    Hash {
        /// Whose.
        user: String,
        /// What the library says.
        reason: String,
    },
    /// The unit is not in the tree.
    #[error("the unit `{unit}` is not in the tree")]
    NoUnit {
        /// Its name.
        unit: String,
    },
    /// Units that can't be enabled.
    #[error("the unit `{unit}` can't be enabled: {reason}")]
    Unit {
        /// Its name.
        unit: String,
        /// Why not.
        reason: &'static str,
    },
    /// The agent is not a program.
    #[error("the agent {} is neither an ELF program nor a script", path.display())]
    NotAProgram {
        /// On the host.
        path: PathBuf,
    },
    /// The agent is for another machine.
    #[error("the agent {} is for {found}, and the guest is {wanted}", path.display())]
    AgentArchitecture {
        /// On the host.
        path: PathBuf,
        /// What its header says.
        found: String,
        /// The guest's.
        wanted: Architecture,
    },
    /// The agent's file name can't be that of a program and a unit.
    #[error("`{name}` can't be the name of an agent")]
    AgentName {
        /// The file's own name.
        name: String,
    },
}

impl CustomiseError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { package, .. } => Some(format!("add the package {package}")),
            Self::NoGroup { .. } => Some("name a group that the tree's packages make, or add the package that makes it".to_owned()),
            Self::AgentArchitecture { wanted, .. } => Some(format!("compile it for {wanted}, or build for another --arch")),
            Self::AgentName { .. } => Some("give it one with --agent-name".to_owned()),
            _ => None,
        }
    }
}
