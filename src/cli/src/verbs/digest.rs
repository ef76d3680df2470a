use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::print;
use crate::args::DigestArgs;
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::privilege::become_owner;
use crate::tree_source::TreeSource;

pub(super) fn run(args: &DigestArgs, environment: &Environment, interrupted: &Arc<AtomicBool>) -> Result<Exit, Failure> {
    let source = TreeSource::named(&args.root, args.arch.as_deref())?.partition(args.partition);
    become_owner(source.path(), environment)?;
    let spool = tempfile::tempdir().map_err(|error| Failure::of(&error))?;
    let tree = source.read(true, spool.path(), interrupted)?;
    let digest = tree.digest().map_err(|error| Failure::of(&error))?;
    print(&format!("{digest}\n"))?;
    Ok(Exit::Done)
}
