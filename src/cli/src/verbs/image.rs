use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rootfs_check::Severity;
use rootfs_package::lock::Lock;
use rootfs_package::observer::{Event, Observer as _, Step};
use rootfs_package::tools::ToolOptions;
use rootfs_sandbox::Local;
use rootfs_tree::{Overlay, Tree, TreeError};

use super::build::{host, now};
use super::extension::Extension;
use super::print_json;
use crate::args::ImageVerbArgs;
use crate::block_device::{self, BlockDevice};
use crate::customise::lay_layer;
use crate::engine_options::program;
use crate::environment::Environment;
use crate::expectations::Expected;
use crate::failure::{Exit, Failure};
use crate::guest_kernel::KernelSource;
use crate::invocation::Verbosity;
use crate::output::Boot;
use crate::privilege::become_owner;
use crate::progress::Progress;
use crate::publish::{Image, write_image};
use crate::record::{Record, read_expected, read_lock};
use crate::registry::Registry;
use crate::report::write_findings;
use crate::setting_error::SettingError;
use crate::settings::output;
use crate::sourced::{Source, Sourced};
use crate::starter::Starter;
use crate::target::{Targets, record_path};
use crate::tree_source::TreeSource;
use crate::units;
use crate::wishes::Wishes;

/// Writes a tree that is there as an image.
pub(super) fn run(
    args: &ImageVerbArgs,
    registry: &Registry,
    environment: &Environment,
    interrupted: Arc<AtomicBool>,
) -> Result<Exit, Failure> {
    let device = args.write.as_deref().map(|path| BlockDevice::claim(path, args.yes, &interrupted)).transpose()?;
    let sources = TreeSource::layers(&args.layers, args.arch.as_deref(), args.partition)?;
    for source in &sources {
        become_owner(source.path(), environment)?;
    }
    let scratch = device.as_ref().map(|_| scratch(environment)).transpose()?;
    let said = match (&args.output, &scratch) {
        (Some(output), _) => Sourced::new(output.clone(), Source::Flag("--output")),
        (None, Some(scratch)) => Sourced::new(scratch.path().join("disk.img"), Source::Flag("--write")),
        (None, None) => return Err(SettingError::NoTarget.into()),
    };
    let extension = args.extension.as_deref().map(Extension::named).transpose()?;
    let mut wishes = Wishes { output: Some(said), ..Wishes::from(args.image.clone()) };
    if extension.is_some() {
        Extension::wish(&mut wishes);
    }
    let output = output::settle(&wishes)?.ok_or(SettingError::NoTarget)?;
    if device.is_some() && !output.form.is_disk() {
        return Err(Failure::new("only a disk can be written over a disk").exit(Exit::Usage));
    }
    let targets = Targets::claim_for(None, Some(&output), args.force)?;
    let progress = Progress::new(Verbosity::Normal, Arc::clone(&interrupted));
    let source = read(&sources, targets.stage(), &interrupted)?;

    progress.event(Event::Began(Step::Check));
    let findings = if args.no_check || extension.is_some() { Vec::new() } else { source.expected.check(&source.tree)? };
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        progress.finish();
        let hint = "mend it, or write the image all the same with --no-check";
        let names: Vec<String> = args.layers.iter().map(|layer| layer.display().to_string()).collect();
        let failure = Failure::new(format!("{} is not in order", names.join(" with "))).hint(Some(hint.to_owned()));
        eprint(&write_findings(&findings));
        return Err(failure.exit(Exit::Findings));
    }
    let starter = starter(args, &source, output.form.boot(), targets.stage(), registry, environment, &progress)?;
    progress.event(Event::Began(Step::Write));
    let record = Record { tree: &source.tree, lock: source.lock.as_ref(), expected: &source.expected };
    let target = targets.output.clone().unwrap_or_else(|| output.path.clone());
    let written = write_image(&record, (&output.form, starter.as_ref()), &targets, &target, &progress);
    let written = written.and_then(|written| {
        device.as_ref().map_or(Ok(()), |device| block_device::write(device, &target, &progress))?;
        Ok(written)
    });
    progress.finish();
    let (image, paths) = match written {
        // It says what that has left behind.
        Err(failure) if failure.exit == Exit::Interrupted => return Err(failure),
        Err(_) if interrupted.load(Ordering::Relaxed) => return Err(Failure::new("interrupted").exit(Exit::Interrupted)),
        written => written?,
    };
    if args.json {
        print_json(&serde_json::to_value(&image.record).map_err(|error| Failure::of(&error))?)?;
    }
    match &device {
        // What lies beside the image on its way is of no use behind it.
        Some(device) => eprint(&told(device.path(), &image, &paths[..1], extension.as_ref())),
        None => eprint(&told(&output.path, &image, &paths, extension.as_ref())),
    }
    Ok(Exit::Done)
}

/// Where an image is made before it is written over a disk.
fn scratch(environment: &Environment) -> Result<tempfile::TempDir, Failure> {
    let place = environment.path("TMPDIR").unwrap_or_else(|| Path::new("/var/tmp").to_owned());
    tempfile::Builder::new().prefix("rootfs-gen.").tempdir_in(place).map_err(|error| Failure::of(&error))
}

/// What starts the disk: the newest kernel of the release that the root filesystem was built from, and what goes with it.
fn starter(
    args: &ImageVerbArgs,
    root: &Root,
    boot: Boot,
    stage: &Path,
    registry: &Registry,
    environment: &Environment,
    progress: &Progress,
) -> Result<Option<Starter>, Failure> {
    if boot == Boot::Direct {
        return Ok(None);
    }
    let Some(lock) = &root.lock else {
        let hint = format!("build it with `rootfs-gen DISTRO -o disk.img --boot {boot}`, or name a directory that rootfs-gen made");
        return Err(Failure::new("no kernel is known for this root filesystem").hint(Some(hint)));
    };
    let (release, arch) = (Some(lock.release.clone()), Some(lock.architecture.clone()));
    let source = KernelSource::of(registry.require(&lock.distribution)?, release, arch, &args.source, environment, &host(), now())?;
    let architecture = source.plan().architecture;
    let tools = ToolOptions {
        stage: stage.to_owned(),
        architecture,
        reuse: Some(program()?),
        seats: Arc::new(Local),
        cancelled: progress.interrupted(),
    };
    source.starter(boot, tools, progress)
}

/// What an image is made of.
struct Root {
    tree: Tree,
    lock: Option<Lock>,
    expected: Expected,
}

/// The layers one over another, with what is known of the first: what lies beside a directory of ours.
fn read(sources: &[TreeSource], spool: &Path, interrupted: &Arc<AtomicBool>) -> Result<Root, Failure> {
    let failed = |error: TreeError| Failure::of(&error);
    let (mut tree, mut lock, mut expected) = (Tree::default(), None, Expected::bootable());
    for (number, source) in sources.iter().enumerate() {
        let spool = spool.join(format!("layer {number}"));
        match source.directory() {
            Some(directory) if number > 0 => lay_layer(&mut tree, directory, &spool)?,
            Some(directory) => {
                tree = source.read(false, &spool, interrupted)?;
                let record = record_path(directory);
                expected = read_expected(&record)?.unwrap_or(expected);
                lock = read_lock(&record)?;
            }
            None if number > 0 => {
                let upper = source.read(false, &spool, interrupted)?;
                tree.overlay(&upper, Overlay::Layer)
                    .map_err(|error| Failure::new(format!("can't lay `{}` over the tree", source.path().display())).because(&error))?;
            }
            None => tree = source.read(false, &spool, interrupted)?,
        }
    }
    tree.hash_contents().map_err(failed)?;
    Ok(Root { tree, lock, expected })
}

fn told(path: &Path, image: &Image, paths: &[PathBuf], extension: Option<&Extension>) -> String {
    let mut text = format!("{}: {}", path.display(), units::size(image.size));
    let mut row = |name: &str, value: &str| text.push_str(&format!("\n  {name:<7} {value}"));
    if let Some(record) = &image.record {
        match extension {
            Some(extension) => extension.told(record).iter().for_each(|(name, value)| row(name, value)),
            None => row("boots", &record.command_line),
        }
        row("digest", &record.digest);
    }
    for path in &paths[1..] {
        row("in", &path.display().to_string());
    }
    for note in &image.notes {
        row("note", note);
    }
    text + "\n"
}

fn eprint(text: &str) {
    use std::io::Write as _;
    // Nobody is left to tell when standard error is gone.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
