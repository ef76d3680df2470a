use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rootfs_boot::{BootError, BootRequest, Disk, Forward, Kernel, Network, Session, Stdio, Verdict, boot, command_line};
use rootfs_image::inspect::{Content, Inspection};
use rootfs_image::{FileSource, Qcow2Image};
use rootfs_plugin::Architecture;
use serde_json::json;

use super::build::{host, now};
use super::print;
use crate::architecture::has_bios;
use crate::args::BootArgs;
use crate::container_name;
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::guest_kernel::KernelSource;
use crate::image_record::ImageRecord;
use crate::invocation::Verbosity;
use crate::progress::Progress;
use crate::registry::Registry;
use crate::settings::size::parse_bytes;

/// The exit code of a boot that failed for our own reasons.
const OURS: u8 = 125;

/// Boots an image, and does in the guest what is asked. The guest's exit status is the program's.
pub(super) fn run(args: &BootArgs, registry: &Registry, environment: &Environment, interrupted: Arc<AtomicBool>) -> Result<Exit, Failure> {
    let ours = |failure: Failure| failure.exit(Exit::Guest(OURS));
    container_name::refuse(&args.image, ".img").map_err(ours)?;
    let kind = fs_err::metadata(&args.image).map_err(|error| ours(Failure::of(&error)))?;
    let content = content(&args.image);
    if kind.is_dir() || matches!(content, Some(Content::Archives(_))) {
        let hint = format!("make a disk of it first: rootfs-gen image {} -o guest.img", args.image.display());
        return Err(ours(Failure::new(format!("`{}` is no disk", args.image.display())).hint(Some(hint))));
    }
    let record = ImageRecord::read(&args.image).map_err(ours)?;
    let progress = Progress::new(Verbosity::Quiet, Arc::clone(&interrupted));
    let architecture = architecture(record.as_ref()).map_err(ours)?;
    let kernel = match starts_by_itself(args, architecture, content.as_ref()) {
        true => None,
        false => Some(kernel(args, registry, record.as_ref(), environment, &progress).map_err(ours)?),
    };
    let (input, output, error) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    let request = BootRequest {
        architecture,
        kernel: kernel.as_ref(),
        initrd: args.initrd.as_deref(),
        disk: Some(Disk {
            path: args.image.clone(),
            write: args.write,
            nvdimm: record.as_ref().is_some_and(|record| record.dax),
            qcow2: is_qcow2(&args.image),
        }),
        command_line: guest_command_line(args, record.as_ref()),
        memory_mib: memory(&args.memory).map_err(ours)?,
        processors: args.cpus,
        network: Network::User { forwards: forwards(&args.forward).map_err(ours)? },
        session: session(args),
        timeout: args.timeout.as_deref().map(duration).transpose().map_err(ours)?,
        host: boot_host(environment),
        stdio: Stdio { input: Some(input.as_fd()), output: output.as_fd(), error: error.as_fd() },
        cancelled: &interrupted,
    };
    if args.dry_run {
        let command = command_line(&request).map_err(failed)?;
        return print(&format!("{command}\n")).map(|()| Exit::Done);
    }
    let verdict = boot(&request).map_err(failed)?;
    if args.json {
        eprintln_json(&verdict);
    }
    Ok(Exit::Guest(verdict.exit_code()))
}

/// Whether a BIOS finds a boot loader on the disk, and nothing was said that only a kernel from outside can be given.
fn starts_by_itself(args: &BootArgs, architecture: Architecture, content: Option<&Content>) -> bool {
    if !has_bios(architecture) || args.kernel.is_some() || args.initrd.is_some() || args.append.is_some() {
        return false;
    }
    let has_code = |content: &Content| matches!(content, Content::Disk(disk) if disk.mbr.as_ref().is_some_and(|mbr| mbr.has_boot_code));
    match content {
        Some(Content::Qcow2(qcow2)) => qcow2.as_ref().as_ref().is_ok_and(|qcow2| has_code(&qcow2.disk.content)),
        Some(content) => has_code(content),
        None => false,
    }
}

/// What is in the image. What can't be looked at is for whoever boots it to complain of.
fn content(image: &Path) -> Option<Content> {
    FileSource::open(image).ok().and_then(|source| Inspection::of(&source).ok()).map(|inspection| inspection.content)
}

/// By its header. What can't be read is for whoever boots it to complain of.
fn is_qcow2(image: &Path) -> bool {
    FileSource::open(image).is_ok_and(|source| Qcow2Image::open(&source).is_ok())
}

fn kernel(
    args: &BootArgs,
    registry: &Registry,
    record: Option<&ImageRecord>,
    environment: &Environment,
    progress: &Progress,
) -> Result<Kernel, Failure> {
    if let Some(path) = &args.kernel {
        return Kernel::from_file(path).map_err(|error| Failure::of(&error).hint(error.hint().map(str::to_owned)));
    }
    let known = record.and_then(|record| Some((record, record.distribution.as_deref()?)));
    let Some((record, distribution)) = known else {
        let hint = "name one with --kernel FILE; `rootfs-gen kernel DISTRO -d DIR` fetches one";
        let message = format!("no kernel is known for {}", args.image.display());
        return Err(Failure::new(message).hint(Some(hint.to_owned())));
    };
    let (release, arch) = (record.release.clone(), record.architecture.clone());
    let source = KernelSource::of(registry.require(distribution)?, release, arch, &args.source, environment, &host(), now())?;
    let pinned = record.kernel.iter().map(crate::image_record::KernelRecord::locked).collect::<Result<Vec<_>, _>>()?;
    source.kernel(pinned, progress)
}

fn architecture(record: Option<&ImageRecord>) -> Result<Architecture, Failure> {
    match record.and_then(|record| record.architecture.as_deref()) {
        Some(name) => name.parse().map_err(|error: rootfs_plugin::UnknownArchitecture| Failure::of(&error)),
        None => Architecture::native().ok_or_else(|| Failure::new("guests for this machine's architecture can't be booted")),
    }
}

fn guest_command_line(args: &BootArgs, record: Option<&ImageRecord>) -> String {
    let own = record.map(|record| record.command_line.clone()).unwrap_or_default();
    [own.as_str(), args.append.as_deref().unwrap_or_default()].join(" ").trim().to_owned()
}

fn session(args: &BootArgs) -> Session {
    if args.console {
        Session::Console
    } else if args.command.is_empty() {
        Session::Shell
    } else {
        Session::Run(args.command.iter().map(|word| word.as_bytes().to_vec()).collect())
    }
}

fn memory(text: &str) -> Result<u32, Failure> {
    let mib = parse_bytes(text).map(|bytes| bytes >> 20).and_then(|mib| u32::try_from(mib).ok()).filter(|mib| *mib >= 64);
    mib.ok_or_else(|| Failure::new(format!("--memory {text}: it is no size from 64M on")))
}

fn forwards(said: &[String]) -> Result<Vec<Forward>, Failure> {
    said.iter().map(|text| text.parse().map_err(|error: rootfs_boot::ForwardError| Failure::of(&error))).collect()
}

/// `60s`, `5m`, `1h`, or seconds.
fn duration(text: &str) -> Result<Duration, Failure> {
    let (number, unit) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        _ => (text, 1),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).filter(|seconds| *seconds > 0);
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| Failure::new(format!("--timeout {text}: it is no time")).hint(Some("write seconds, or 60s, 5m, 1h".to_owned())))
}

/// Where guests are booted.
pub(crate) fn boot_host(environment: &Environment) -> rootfs_boot::Host {
    let text = |name: &str| environment.path(name).map(|path| path.to_string_lossy().into_owned());
    rootfs_boot::Host {
        path: text("PATH").unwrap_or_default().into(),
        // Without it the kernel is trusted to say what its /dev/kvm can do.
        processor: fs_err::read_to_string("/proc/cpuinfo").unwrap_or_default(),
        temporary: environment.path("TMPDIR").unwrap_or_else(|| Path::new("/var/tmp").to_owned()),
        terminal: text("TERM"),
    }
}

fn failed(error: BootError) -> Failure {
    if matches!(error, BootError::Cancelled) {
        return Failure::new("interrupted").exit(Exit::Interrupted);
    }
    let mut failure = Failure::of(&error).hint(error.hint()).exit(Exit::Guest(error.exit_code()));
    if !error.console().is_empty() {
        let output = crate::failure::ScriptOutput { origin: "the guest's console".to_owned(), lines: error.console().to_vec() };
        failure.output = Some(Box::new(output));
    }
    failure
}

fn eprintln_json(verdict: &Verdict) {
    use std::io::Write as _;
    let value = json!({
        "exit_code": verdict.exit_code(),
        "accelerator": format!("{:?}", verdict.accelerator).to_lowercase(),
        "answered_after": verdict.answered_after.map(|time| time.as_secs_f64()),
        "seconds": verdict.total.as_secs_f64(),
        "powered_off": verdict.powered_off,
    });
    // Nobody is left to tell when standard error is gone.
    let _ = writeln!(std::io::stderr(), "{value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_memory_are_read() {
        let seconds = |text: &str| duration(text).map(|time| time.as_secs()).ok();
        assert_eq!(
            ["60", "60s", "5m", "1h", "", "s", "0", "-1s"].map(seconds),
            [Some(60), Some(60), Some(300), Some(3600), None, None, None, None]
        );
        assert_eq!(["1G", "512M", "1M", "x"].map(|text| memory(text).ok()), [Some(1024), Some(512), None, None]);
    }
}
