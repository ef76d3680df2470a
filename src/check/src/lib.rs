//! Rules that a root filesystem must keep to boot and to be shared: a tree in, findings out.
//!
//! [`RULES`] is the whole list. "Could not be checked" is an error, apart from "is wrong", which is a [`Finding`]. Every path means the tree: links are
//! resolved inside it, and nothing of the machine that checks is looked at.

mod canonical;
mod closure;
mod elf;
mod error;
mod executable;
mod expectation;
mod finding;
mod identity;
mod library_path;
mod listed;
mod machine;
mod rule;
mod subject;

pub use closure::{Linked, linked};
pub use error::CheckError;
pub use expectation::{Expectations, Init};
pub use finding::{Finding, Severity};
pub use listed::{ListedLibrary, compare_names, listed_libraries};
pub use machine::Machine;
pub use rule::{RULES, Rule};

use rootfs_tree::Tree;

/// Applies every rule, in the list's order.
///
/// # Errors
/// When a file that a rule must look into can't be read.
pub fn check(tree: &Tree, expectations: &Expectations) -> Result<Vec<Finding>, CheckError> {
    let mut findings = Vec::new();
    for rule in RULES {
        findings.extend(rule.apply(tree, expectations)?);
    }
    Ok(findings)
}
