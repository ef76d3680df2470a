use std::error::Error;

use landlock::{
    ABI, Access as _, AccessFs, CompatLevel, Compatible as _, PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
};
use rootfs_guest::protocol::Failure;
use rustix::io::Errno;

use super::root::TREE;
use crate::failure::Step;

/// What is told apart of access to files. A kernel that knows less does what it can.
const KNOWN: ABI = ABI::V5;

/// Whoever leaves the tree by a trick can write nothing outside of it. A kernel without Landlock has the other walls only.
///
/// Reading is not forbidden there: process 1 looks at `/proc` from outside, and there is nothing but the stage.
pub(super) fn restrict() -> Result<(), Failure> {
    write_below_tree_only().map_err(|error| errno(&*error)).step("forbid writing outside of the tree")
}

fn write_below_tree_only() -> Result<(), Box<dyn Error>> {
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(KNOWN))?
        .create()?
        .add_rule(PathBeneath::new(PathFd::new("/")?, AccessFs::from_read(KNOWN)))?
        .add_rule(PathBeneath::new(PathFd::new(TREE)?, AccessFs::from_all(KNOWN)))?
        // Programs with setuid belong to a system: a script may call `su`.
        .no_new_privs(false)
        .restrict_self()?;
    Ok(())
}

/// What the kernel said, somewhere below.
fn errno(error: &(dyn Error + 'static)) -> Errno {
    let of_kernel = error.downcast_ref::<std::io::Error>().and_then(Errno::from_io_error);
    of_kernel.or_else(|| error.source().map(errno)).unwrap_or(Errno::INVAL)
}
