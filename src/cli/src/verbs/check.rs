use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_check::Severity;

use super::{print, print_json};
use crate::args::CheckArgs;
use crate::environment::Environment;
use crate::expectations::Expected;
use crate::failure::{Exit, Failure};
use crate::privilege::become_owner;
use crate::record;
use crate::report::{findings_json, write_findings};
use crate::target::record_path;
use crate::tree_source::{self, TreeSource};

pub(super) fn run(args: &CheckArgs, environment: &Environment, interrupted: &Arc<AtomicBool>) -> Result<Exit, Failure> {
    become_owner(&args.root, environment)?;
    let root = fs_err::canonicalize(&args.root).map_err(|error| Failure::of(&error))?;
    let known = if root.is_dir() { record::read_expected(&record_path(&root))? } else { None };
    let expected = known.unwrap_or_else(Expected::bootable);
    let spool = tempfile::tempdir().map_err(|error| Failure::of(&error))?;
    let tree = tree_source::read(TreeSource { path: &root, partition: args.partition }, false, spool.path(), interrupted)?;
    let findings = expected.check(&tree)?;
    if args.json {
        print_json(&findings_json(&findings))?;
    } else {
        print(&write_findings(&findings))?;
    }
    let wrong = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if wrong { Exit::Findings } else { Exit::Done })
}
