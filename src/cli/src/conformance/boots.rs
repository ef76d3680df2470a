//! Whether a disk of the distribution's boots.

use std::os::fd::AsFd as _;
use std::time::Duration;

use rootfs_boot::{BootError, BootRequest, Disk, Kernel, Network, Session, Stdio, boot};
use rootfs_plugin::Plan;

use super::Trial;
use super::bench::Bench;
use crate::args::BuildArgs;
use crate::failure::Failure;
use crate::guest_kernel::KernelSource;
use crate::image_record::{ImageRecord, KernelRecord};
use crate::verbs::boot_host;

const NAME: &str = "boots";

/// What the guest's own shell exits with: no kernel, firmware or monitor does so by itself.
const EXIT: u8 = 123;

/// In MiB.
const MEMORY: u32 = 1024;

const PATIENCE: Duration = Duration::from_secs(300);

/// Boots a disk with the agent in it, when that is asked for and this machine can.
pub(super) fn run(bench: &Bench<'_>, plan: &Plan) -> Trial {
    if !bench.args.boot {
        return Trial::skipped(NAME, "say --boot");
    }
    if plan.kernel.is_none() && bench.args.kernel.is_none() {
        return Trial::skipped(NAME, "it has no kernel for guests: name one with --kernel FILE");
    }
    match tried(bench, plan) {
        Ok(Err(error @ BootError::QemuMissing { .. })) => Trial::skipped(NAME, error.to_string()),
        Ok(Err(error)) => Trial::of(NAME, Err(Failure::of(&error).in_one())),
        Ok(Ok(EXIT)) => Trial::of(NAME, Ok(format!("its shell exits with {EXIT}, as it was told"))),
        Ok(Ok(code)) => Trial::of(NAME, Err(format!("its shell exits with {code}, not {EXIT}"))),
        Err(failure) => Trial::of(NAME, Err(failure.in_one())),
    }
}

/// What the guest's shell exits with. The outer error is one of a time before the boot.
fn tried(bench: &Bench<'_>, plan: &Plan) -> Result<Result<u8, BootError>, Failure> {
    let image = bench.stage.join("boot.img");
    bench.build(BuildArgs { output: Some(image.clone()), agent: Some("own".to_owned()), ..bench.args("boot") })?;
    let record = ImageRecord::read(&image)?;
    let kernel = kernel(bench, record.as_ref())?;
    let words = tempfile::tempfile_in(bench.stage).map_err(|error| Failure::of(&error))?;
    let interrupted = bench.progress.interrupted();
    let request = BootRequest {
        architecture: plan.architecture,
        kernel: Some(&kernel),
        initrd: bench.args.initrd.as_deref(),
        disk: Some(Disk { path: image, write: false, nvdimm: false, qcow2: false }),
        command_line: record.map(|record| record.command_line).unwrap_or_default(),
        memory_mib: MEMORY,
        processors: 1,
        network: Network::None,
        session: Session::Run(["sh", "-c", &format!("exit {EXIT}")].map(|word| word.as_bytes().to_vec()).to_vec()),
        timeout: Some(PATIENCE),
        host: boot_host(bench.environment),
        stdio: Stdio { input: None, output: words.as_fd(), error: words.as_fd() },
        cancelled: &interrupted,
    };
    Ok(boot(&request).map(|verdict| verdict.exit_code()))
}

/// The kernel that was named, or the one that the lock of the image pins.
fn kernel(bench: &Bench<'_>, record: Option<&ImageRecord>) -> Result<Kernel, Failure> {
    if let Some(path) = &bench.args.kernel {
        return Kernel::from_file(path).map_err(|error| Failure::of(&error).hint(error.hint().map(str::to_owned)));
    }
    let pinned = record.iter().flat_map(|record| &record.kernel).map(KernelRecord::locked).collect::<Result<Vec<_>, _>>()?;
    KernelSource::of_settled(bench.distro, bench.settle(bench.args("kernel"))?)?.kernel(pinned, &bench.progress)
}
