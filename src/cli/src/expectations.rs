//! What a tree is to be, for the check: from the request when it is built, from what lies beside the directory later.

use rootfs_check::{Expectations, Finding, Init, Machine};
use rootfs_guest::names::AGENT_PROGRAM;
use rootfs_plugin::{Agent, Plan, Request};
use rootfs_tree::Tree;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// As it is kept beside a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    /// Whether a tree without `/sbin/init` is wrong.
    init: bool,
    /// The agent's absolute path.
    agent: Option<String>,
    /// As `uname -m` says it; none takes any.
    architecture: Option<String>,
}

impl Expected {
    /// What this build is to make.
    pub(crate) fn of(request: &Request, plan: &Plan) -> Self {
        let agent = match &request.agent {
            Agent::File(path) => request.agent_name.clone().or_else(|| Some(path.file_name()?.to_string_lossy().into_owned())),
            Agent::Own => Some(AGENT_PROGRAM.to_owned()),
            Agent::Default => request.agent_init.then(|| AGENT_PROGRAM.to_owned()),
            Agent::None => None,
        };
        Self {
            init: plan.init_expected || request.agent_init,
            agent: agent.map(|name| format!("/usr/bin/{name}")),
            architecture: Some(plan.architecture.name().to_owned()),
        }
    }

    /// What the tree runs on, as `uname -m` says it.
    pub(crate) fn architecture(&self) -> Option<&str> {
        self.architecture.as_deref()
    }

    /// What any bootable tree is.
    pub(crate) fn bootable() -> Self {
        Self { init: true, agent: None, architecture: None }
    }

    /// Applies the rules.
    ///
    /// # Errors
    /// When the tree can't be looked into.
    pub(crate) fn check(&self, tree: &Tree) -> Result<Vec<Finding>, Failure> {
        let expectations = Expectations {
            init: if self.init { Init::Required } else { Init::Optional },
            agent: self.agent.clone(),
            machine: self.architecture.as_deref().and_then(Machine::from_name),
        };
        rootfs_check::check(tree, &expectations).map_err(|error| Failure::of(&error))
    }
}
