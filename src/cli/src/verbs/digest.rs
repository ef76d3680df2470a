use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::print;
use crate::args::DigestArgs;
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::privilege::become_owner;
use crate::tree_source::{self, TreeSource};

pub(super) fn run(args: &DigestArgs, environment: &Environment, interrupted: &Arc<AtomicBool>) -> Result<Exit, Failure> {
    become_owner(&args.root, environment)?;
    let spool = tempfile::tempdir().map_err(|error| Failure::of(&error))?;
    let tree = tree_source::read(TreeSource { path: &args.root, partition: args.partition }, true, spool.path(), interrupted)?;
    let digest = tree.digest().map_err(|error| Failure::of(&error))?;
    print(&format!("{digest}\n"))?;
    Ok(Exit::Done)
}
