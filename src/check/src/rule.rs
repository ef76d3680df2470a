use rootfs_tree::{Tree, TreeError};

use crate::finding::{Fault, Finding, Severity, shown};
use crate::subject::{AGENT, INIT};
use crate::{CheckError, Expectations, identity, subject};

/// One rule of the list.
#[derive(Debug)]
pub struct Rule {
    /// Its name, in findings and in documents.
    pub name: &'static str,
    /// How bad it is to break it, unless what the tree is to be makes that milder.
    pub severity: Severity,
    /// What it demands, as a sentence.
    pub description: &'static str,
    check: fn(&Tree, &Expectations) -> Verdict,
}

/// All that is wrong, or why that can't be said.
pub(crate) type Verdict = Result<Vec<Fault>, TreeError>;

/// Every rule.
pub const RULES: &[Rule] = &[
    Rule {
        name: "init-present",
        severity: Severity::Error,
        description: "/sbin/init is an executable program, or a link that leads to one inside the root; what runs a script is there too.",
        check: |tree, expectations| subject::present(tree, expectations, &INIT),
    },
    Rule {
        name: "agent-present",
        severity: Severity::Error,
        description: "The agent is an executable program, or a link that leads to one inside the root; what runs a script is there too.",
        check: |tree, expectations| subject::present(tree, expectations, &AGENT),
    },
    Rule {
        name: "init-architecture",
        severity: Severity::Error,
        description: "/sbin/init is for the architecture of the image.",
        check: |tree, expectations| subject::architecture(tree, expectations, &INIT),
    },
    Rule {
        name: "agent-architecture",
        severity: Severity::Error,
        description: "The agent is for the architecture of the image.",
        check: |tree, expectations| subject::architecture(tree, expectations, &AGENT),
    },
    Rule {
        name: "init-libraries",
        severity: Severity::Error,
        description: "The loader and all shared libraries of /sbin/init are in the root, where that loader looks for them.",
        check: |tree, expectations| subject::libraries(tree, expectations, &INIT),
    },
    Rule {
        name: "agent-libraries",
        severity: Severity::Error,
        description: "The loader and all shared libraries of the agent are in the root, where that loader looks for them.",
        check: |tree, expectations| subject::libraries(tree, expectations, &AGENT),
    },
    Rule {
        name: "machine-id",
        severity: Severity::Warning,
        description: "No machine id is in the image: guests made from it would share it.",
        check: |tree, _| identity::machine_id(tree),
    },
    Rule {
        name: "ssh-host-keys",
        severity: Severity::Error,
        description: "No private host key is in the image: whoever has the image could pose as every guest made from it.",
        check: |tree, _| Ok(identity::ssh_host_keys(tree)),
    },
];

impl Rule {
    /// What the tree does against this rule.
    pub(crate) fn apply(&self, tree: &Tree, expectations: &Expectations) -> Result<Vec<Finding>, CheckError> {
        let faults = (self.check)(tree, expectations).map_err(|source| CheckError { rule: self.name, source })?;
        Ok(faults.into_iter().map(|fault| self.finding(fault)).collect())
    }

    fn finding(&self, fault: Fault) -> Finding {
        let Fault { path, reason, fix, severity } = fault;
        Finding { rule: self.name, severity: severity.unwrap_or(self.severity), path: shown(&path), reason, fix }
    }
}
