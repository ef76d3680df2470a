use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::MemfdFlags;

use crate::kernel::{Availability, Driver, Kernel};
use crate::machine::{Machine, Plugs};
use crate::parameters::{Parameters, needs_initramfs};
use crate::partition::find_root;
use crate::qemu::{Channels, DiskInterface, Loaded, MachineDescription, program_name};
use crate::watch::Watch;
use crate::{Accelerator, BootError, BootRequest, Forward, Network, QemuCommand, Session, Verdict, program};

/// Boots the guest, does in it what is asked, and powers it off.
///
/// QEMU is started by the calling thread and doesn't outlive it. At a terminal, a shell and the console take every key; Ctrl-] three times ends
/// the machine.
///
/// # Errors
/// See [`BootError`]; its [`BootError::exit_code`] is never a guest's.
pub fn boot(request: &BootRequest<'_>) -> Result<Verdict, BootError> {
    let plan = Plan::make(request)?;
    let failed = |step| move |source| BootError::Host { step, source };
    let (plugs, sockets) = Plugs::connect(plan.has_agent).map_err(failed("make sockets"))?;
    let mut files = Vec::new();
    let mut keep = |content: &[u8], step| {
        let (file, path) = in_memory(content).map_err(failed(step))?;
        files.push(file);
        Ok::<_, BootError>(path)
    };
    let kernel = request.kernel.map(|kernel| keep(kernel.vmlinuz(), "keep the kernel in memory")).transpose()?;
    let initrd = match &plan.initrd {
        Some(Initrd::File(path)) => Some(path.clone()),
        Some(Initrd::Ours(archive)) => Some(keep(archive, "keep the initramfs in memory")?),
        None => None,
    };
    let command = plan.command(request, kernel.as_deref(), initrd.as_deref(), &plugs.channels());
    let machine = Machine::start(&command, plugs, files, &request.host.temporary)?;
    Watch::new(request, machine, sockets, plan.accelerator)?.run()
}

/// What [`boot`] would run. Numbers of files are those that it has when it is the only one to open any.
///
/// # Errors
/// As [`boot`] before it starts QEMU.
pub fn command_line(request: &BootRequest<'_>) -> Result<QemuCommand, BootError> {
    let plan = Plan::make(request)?;
    let initrd = plan.initrd.as_ref().map(|initrd| match initrd {
        Initrd::File(path) => path.clone(),
        Initrd::Ours(_) => PathBuf::from("/proc/self/fd/7"),
    });
    let channels = Channels { console: 3, monitor: 4, agent: plan.has_agent.then_some(5) };
    let kernel = request.kernel.map(|_| Path::new("/proc/self/fd/6"));
    Ok(plan.command(request, kernel, initrd.as_deref(), &channels))
}

/// All decisions of a boot.
struct Plan<'a> {
    program: PathBuf,
    accelerator: Accelerator,
    interface: DiskInterface,
    /// Bytes of the disk.
    size: u64,
    initrd: Option<Initrd>,
    command_line: String,
    forwards: Option<&'a [Forward]>,
    has_agent: bool,
}

enum Initrd {
    File(PathBuf),
    Ours(Vec<u8>),
}

impl<'a> Plan<'a> {
    fn make(request: &'a BootRequest<'_>) -> Result<Self, BootError> {
        if request.disk.is_none() && (request.initrd.is_none() || request.kernel.is_none()) {
            return Err(BootError::NoRoot);
        }
        let name = program_name(request.architecture);
        let program = program::find(name, &request.host.path).ok_or(BootError::QemuMissing { program: name })?;
        let interface = interface(request);
        let failed = |source| BootError::Image { source };
        let (root, size) = match &request.disk {
            Some(disk) => {
                let size = fs_err::metadata(&disk.path).map_err(failed)?.len();
                (Some((interface, find_root(&disk.path).map_err(failed)?)), size)
            }
            None => (None, 0),
        };
        let verbose = request.session == Session::Console;
        let parameters = Parameters { given: &request.command_line, architecture: request.architecture, root, verbose };
        let command_line = parameters.complete();
        let has_agent = request.session != Session::Console;
        let forwards = forwards(request);
        let initrd = match (request.initrd, request.kernel) {
            (Some(path), _) => Some(Initrd::File(path.to_owned())),
            (None, Some(kernel)) => {
                let forced = needs_initramfs(&command_line);
                initramfs(request, kernel, interface, forwards.is_some(), forced)?.map(Initrd::Ours)
            }
            (None, None) => None,
        };
        let accelerator = Accelerator::choose(request.architecture, &request.host);
        Ok(Self { program, accelerator, interface, size, initrd, command_line, forwards, has_agent })
    }

    fn command(&self, request: &BootRequest<'_>, kernel: Option<&Path>, initrd: Option<&Path>, channels: &Channels) -> QemuCommand {
        let description = MachineDescription {
            architecture: request.architecture,
            accelerator: self.accelerator,
            processors: request.processors,
            memory_mib: request.memory_mib,
            kernel: kernel.map(|kernel| Loaded { kernel, initrd, command_line: &self.command_line }),
            disk: request.disk.as_ref().map(|disk| (disk, self.interface, self.size)),
            forwards: self.forwards,
            channels,
        };
        QemuCommand { program: self.program.clone(), arguments: description.arguments() }
    }
}

/// An NVDIMM if the image is made for that; else what the kernel has from the start, NVMe before virtio: Debian's cloud kernels have only that. Else virtio, by
/// modules, which is also what firmware and a kernel of the image's own are given.
fn interface(request: &BootRequest<'_>) -> DiskInterface {
    if request.disk.as_ref().is_some_and(|disk| disk.nvdimm) {
        return DiskInterface::Nvdimm;
    }
    let Some(kernel) = request.kernel else { return DiskInterface::Virtio };
    let built_in = |driver| kernel.availability(driver) == Availability::BuiltIn;
    if built_in(Driver::VirtioBlk) && built_in(Driver::VirtioPci) || !built_in(Driver::Nvme) {
        DiskInterface::Virtio
    } else {
        DiskInterface::Nvme
    }
}

/// Without a driver in the guest, a network is attached only if somebody counts on it.
fn forwards<'a>(request: &'a BootRequest<'_>) -> Option<&'a [Forward]> {
    let Network::User { forwards } = &request.network else {
        return None;
    };
    let usable = request.kernel.is_none_or(|kernel| kernel.availability(Driver::VirtioNet) != Availability::Missing);
    (usable || !forwards.is_empty()).then_some(forwards)
}

/// One with the drivers that this machine needs and that the kernel lacks at the start; none when it lacks none.
fn initramfs(
    request: &BootRequest<'_>,
    kernel: &Kernel,
    interface: DiskInterface,
    network: bool,
    forced: bool,
) -> Result<Option<Vec<u8>>, BootError> {
    let agent = request.session != Session::Console;
    let root_is = |parameter: &str| request.command_line.split_ascii_whitespace().any(|word| word == parameter);
    let virtio_disk = interface == DiskInterface::Virtio;
    let wanted = [
        (Driver::VirtioPci, agent || network || virtio_disk),
        (Driver::VirtioBlk, virtio_disk),
        (Driver::Nvme, interface == DiskInterface::Nvme),
        (Driver::Nfit, interface == DiskInterface::Nvdimm),
        (Driver::Pmem, interface == DiskInterface::Nvdimm),
        (Driver::VirtioConsole, agent),
        (Driver::VirtioNet, network),
        (Driver::Ext4, kernel.availability(Driver::Ext4) == Availability::Module),
        (Driver::Squashfs, root_is("rootfstype=squashfs")),
        (Driver::Erofs, root_is("rootfstype=erofs")),
    ];
    let wanted: Vec<Driver> = wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(driver, _)| driver).collect();
    let initramfs = match kernel.initramfs(&wanted, request.architecture)? {
        None if forced => Some(crate::Initramfs::new(crate::kernel::guest_program(request.architecture)?)),
        initramfs => initramfs,
    };
    Ok(initramfs.map(|initramfs| initramfs.to_cpio()))
}

/// A file without a name, and a path under which whoever inherits it can open it.
fn in_memory(content: &[u8]) -> io::Result<(OwnedFd, PathBuf)> {
    let mut file = File::from(rustix::fs::memfd_create("rootfs-boot", MemfdFlags::CLOEXEC)?);
    file.write_all(content)?;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd()).into();
    Ok((file.into(), path))
}
