use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::build::{host, now};
use super::print;
use crate::args::KernelArgs;
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::guest_kernel::KernelSource;
use crate::invocation::Verbosity;
use crate::progress::Progress;
use crate::registry::Registry;

/// What fits a disk of ours without more being known of it.
const COMMAND_LINE: &str = "console=ttyS0 rw\n";

/// Fetches a distribution's kernel for virtual machines and lays out what their monitors load.
pub(super) fn run(
    args: &KernelArgs,
    registry: &Registry,
    environment: &Environment,
    interrupted: Arc<AtomicBool>,
) -> Result<Exit, Failure> {
    let progress = Progress::new(Verbosity::Normal, interrupted);
    let (release, arch) = (args.release.clone(), args.arch.clone());
    let source = KernelSource::of(registry.require(&args.distribution)?, release, arch, &args.source, environment, &host(), now())?;
    let kernel = source.kernel(Vec::new(), &progress)?;
    progress.finish();
    let fail = |error: &rootfs_boot::KernelError| Failure::of(error).hint(error.hint().map(str::to_owned));
    fs_err::create_dir_all(&args.directory).map_err(|error| Failure::of(&error))?;
    let vmlinux = kernel.vmlinux().map_err(|error| fail(&error))?;
    let initramfs = kernel.general_initramfs(source.plan().architecture).map_err(|error| fail(&error))?;
    let initrd = initramfs.map(|initramfs| initramfs.to_cpio()).unwrap_or_default();
    let files: [(&str, &[u8]); 4] =
        [("vmlinuz", kernel.vmlinuz()), ("vmlinux", &vmlinux), ("initrd", &initrd), ("cmdline", COMMAND_LINE.as_bytes())];
    for (name, content) in files {
        write(&args.directory.join(name), content, args.force)?;
    }
    print(&format!("{}\n", kernel.release()))?;
    Ok(Exit::Done)
}

/// Beside its final name first, so that nothing half-written ever has it.
fn write(path: &Path, content: &[u8], force: bool) -> Result<(), Failure> {
    if !force && path.exists() {
        return Err(Failure::new(format!("`{}` exists", path.display())).hint(Some("`--force` replaces it".to_owned())).exit(Exit::Usage));
    }
    let parent = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(parent).map_err(|error| Failure::of(&error))?;
    std::io::Write::write_all(&mut file, content).map_err(|error| Failure::of(&error))?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(mode).map_err(|error| Failure::of(&error))?;
    file.persist(path).map(drop).map_err(|error| Failure::of(&error.error))
}
