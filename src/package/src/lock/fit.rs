use rootfs_plugin::Plan;

use super::{Lock, LockedAgent};

/// A lock that was made for something else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockMismatch {
    /// Another distribution, release or architecture.
    #[error("the lock is for {locked}, and the build is for {wanted}")]
    Target {
        /// What the lock says.
        locked: String,
        /// What the user asked for.
        wanted: String,
    },
    /// Another agent, or none.
    #[error("the lock has {locked}, and the build has {wanted}")]
    Agent {
        /// What the lock says.
        locked: String,
        /// What the user gave.
        wanted: String,
    },
    /// Something is compiled in one of them alone, or is another thing.
    #[error("the lock is of a build with {locked}, and this one is with {wanted}")]
    Source {
        /// What the lock says.
        locked: String,
        /// What the user asked for.
        wanted: String,
    },
}

impl Lock {
    /// Fails unless the lock was made for what the plan says, with the same agent.
    ///
    /// # Errors
    /// What differs.
    pub fn require_fit(&self, plan: &Plan, agent: Option<&LockedAgent>) -> Result<(), LockMismatch> {
        let locked = format!("{} {} for {}", self.distribution, self.release, self.architecture);
        let wanted = format!("{} {} for {}", plan.distribution, plan.release, plan.architecture);
        if locked != wanted {
            return Err(LockMismatch::Target { locked, wanted });
        }
        if self.agent.as_ref() != agent {
            return Err(LockMismatch::Agent { locked: described(self.agent.as_ref()), wanted: described(agent) });
        }
        // portage's packages are the same however they were made.
        if matches!(plan.installer, rootfs_plugin::Installer::Portage(_)) {
            return Ok(());
        }
        let source = plan.source.as_ref().map(|source| source.package.as_str());
        let compiled = self.sources.first().map(|source| source.name.as_str());
        if source != compiled {
            let told = |name: Option<&str>| name.map_or_else(|| "packages alone".to_owned(), |name| format!("{name} from source"));
            return Err(LockMismatch::Source { locked: told(compiled), wanted: told(source) });
        }
        Ok(())
    }
}

fn described(agent: Option<&LockedAgent>) -> String {
    agent.map_or_else(|| "no agent".to_owned(), |agent| format!("agent {} with sha256 {}", agent.name, agent.sha256))
}
