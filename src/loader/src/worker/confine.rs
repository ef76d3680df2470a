use std::error::Error;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, PathBeneath, PathFd, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, Scope,
};

/// What is told apart. A kernel that knows less does what it can.
const KNOWN: ABI = ABI::V6;

/// From here on this process, whatever code it runs, can read and compute, and nothing else: it can't change a file, start a program, open a connection or
/// signal another process. A kernel without Landlock can't promise that.
///
/// # Errors
/// What the kernel refuses.
pub(super) fn confine() -> Result<(), Box<dyn Error>> {
    let handled = AccessFs::from_all(KNOWN);
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(handled)?
        .handle_access(AccessNet::from_all(KNOWN))?
        .scope(Scope::from_all(KNOWN))?
        .create()?
        .add_rule(PathBeneath::new(PathFd::new("/")?, AccessFs::ReadFile | AccessFs::ReadDir))?
        .restrict_self()?;
    Ok(())
}
