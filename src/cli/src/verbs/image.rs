use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rootfs_check::Severity;
use rootfs_package::observer::{Event, Observer as _, Step};
use rootfs_tree::Tree;

use super::print_json;
use crate::args::ImageVerbArgs;
use crate::environment::Environment;
use crate::expectations::Expected;
use crate::failure::{Exit, Failure};
use crate::image_record::{ImageRecord, image_record_path};
use crate::invocation::{OutputKind, Verbosity};
use crate::privilege::become_owner;
use crate::progress::Progress;
use crate::record::{self, Record, read_expected, read_lock};
use crate::report::write_findings;
use crate::settings::{image, target};
use crate::sourced::{Source, Sourced};
use crate::target::{Targets, record_path};
use crate::{disk, publish, units};

/// Writes a tree that is there as an image.
pub(super) fn run(args: &ImageVerbArgs, environment: &Environment, interrupted: Arc<AtomicBool>) -> Result<Exit, Failure> {
    become_owner(&args.root, environment)?;
    let options = image::of_flags(&args.image)?;
    let output = target::output(&Sourced::new(args.output.clone(), Source::Flag("--output")))?;
    let source = fs_err::canonicalize(&args.root).map_err(|error| Failure::of(&error))?;
    let targets = Targets::claim(None, Some(&output.path), args.force)?;
    let progress = Progress::new(Verbosity::Normal, Arc::clone(&interrupted));
    let (tree, lock, expected) = read(&source, targets.stage())?;

    progress.event(Event::Began(Step::Check));
    let findings = if args.no_check { Vec::new() } else { expected.check(&tree)? };
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        progress.finish();
        let hint = "mend it, or write the image all the same with --no-check";
        let failure = Failure::new(format!("{} is not in order", args.root.display())).hint(Some(hint.to_owned()));
        eprint_findings(&write_findings(&findings));
        return Err(failure.exit(Exit::Findings));
    }
    progress.event(Event::Began(Step::Write));
    let file = targets.stage().join("output");
    let record = Record { tree: &tree, lock: lock.as_ref(), expected: &expected };
    let written = match output.kind {
        OutputKind::Tar => publish::write_tar(&tree, &file).map_err(|error| Failure::of(&error)).map(|()| None),
        OutputKind::Disk => disk::write(&tree, &options, &file, &progress).map(Some),
    };
    progress.finish();
    let image = match written {
        Err(_) if interrupted.load(Ordering::Relaxed) => return Err(Failure::new("interrupted").exit(Exit::Interrupted)),
        Err(failure) => return Err(failure),
        Ok(None) => None,
        Ok(Some(disk)) => Some(ImageRecord::of(&record, &disk)?),
    };
    if let Some(image) = &image {
        let beside = targets.stage().join("output.json");
        image.write(&beside)?;
        targets.publish_beside_output(&beside)?;
    }
    targets.publish_output(&file)?;
    if args.json {
        print_json(&serde_json::to_value(&image).map_err(|error| Failure::of(&error))?)?;
    }
    eprint_findings(&told(&output.path, image.as_ref()));
    Ok(Exit::Done)
}

/// The source with what is known of it: what lies beside a directory of ours.
fn read(source: &Path, spool: &Path) -> Result<(Tree, Option<rootfs_package::lock::Lock>, Expected), Failure> {
    let failed = |error: rootfs_tree::TreeError| Failure::of(&error);
    if source.is_dir() {
        let record = record_path(source);
        let tree = record::scan(source, true).map_err(failed)?;
        let expected = read_expected(&record)?.unwrap_or_else(Expected::bootable);
        return Ok((tree, read_lock(&record)?, expected));
    }
    let mut tree = Tree::from_tar(source, spool).map_err(failed)?;
    tree.hash_contents().map_err(failed)?;
    Ok((tree, None, Expected::bootable()))
}

fn told(path: &Path, image: Option<&ImageRecord>) -> String {
    let shown = path.display();
    match image {
        None => format!("{shown}\n"),
        Some(image) => format!(
            "{shown}: {}, root={}\n  digest  {}\n  in      {}\n",
            units::size(image.size),
            image.command_line.split_whitespace().find_map(|word| word.strip_prefix("root=")).unwrap_or_default(),
            image.digest,
            image_record_path(path).display(),
        ),
    }
}

fn eprint_findings(text: &str) {
    use std::io::Write as _;
    // Nobody is left to tell when standard error is gone.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
