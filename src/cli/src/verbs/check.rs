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

pub(super) fn run(args: &CheckArgs, environment: &Environment) -> Result<Exit, Failure> {
    become_owner(&args.root, environment)?;
    let directory = fs_err::canonicalize(&args.root).map_err(|error| Failure::of(&error))?;
    let expected = record::read_expected(&record_path(&directory))?.unwrap_or_else(Expected::bootable);
    let tree = record::scan(&directory, false).map_err(|error| Failure::of(&error))?;
    let findings = expected.check(&tree)?;
    if args.json {
        print_json(&findings_json(&findings))?;
    } else {
        print(&write_findings(&findings))?;
    }
    let wrong = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if wrong { Exit::Findings } else { Exit::Done })
}
