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
use crate::tree_source::TreeSource;

pub(super) fn run(args: &CheckArgs, environment: &Environment, interrupted: &Arc<AtomicBool>) -> Result<Exit, Failure> {
    let source = TreeSource::named(&args.root, args.arch.as_deref())?.partition(args.partition);
    become_owner(source.path(), environment)?;
    let known = source.directory().map(|root| record::read_expected(&record_path(root))).transpose()?.flatten();
    let expected = known.unwrap_or_else(Expected::bootable);
    let spool = tempfile::tempdir().map_err(|error| Failure::of(&error))?;
    let tree = source.read(false, spool.path(), interrupted)?;
    let findings = expected.check(&tree)?;
    if args.json {
        print_json(&findings_json(&findings))?;
    } else {
        print(&write_findings(&findings))?;
    }
    let wrong = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if wrong { Exit::Findings } else { Exit::Done })
}
