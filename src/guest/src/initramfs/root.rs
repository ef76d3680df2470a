use std::convert::Infallible;
use std::ffi::CString;
use std::path::Path;

use rootfs_guest::protocol::{Exec, Refusal};
use rustix::fs::{AtFlags, Mode};
use rustix::io::Errno;
use rustix::mount::{MountFlags, mount, mount_move};

use super::device;
use super::parameters::Parameters;
use crate::program;

/// Where the root is mounted before it is the root.
const PLACE: &str = "/root";

/// What is looked for when the command line names no init, as the kernel does it.
const INITS: [&str; 4] = ["/sbin/init", "/etc/init", "/bin/init", "/bin/sh"];

/// Mounts the root and becomes its init. The error is a sentence for the kernel's log.
pub(super) fn enter(wanted: &str, parameters: &Parameters) -> Result<Infallible, String> {
    let device = device::wait(wanted)?;
    let _ = rustix::fs::mkdir(PLACE, Mode::from_raw_mode(0o755));
    mount_root(&device, parameters)?;
    switch(PLACE).map_err(|error| format!("can't make {} the root: {error}", device.display()))?;
    let named = parameters.value("init").map(|path| [path]);
    let inits = named.as_ref().map_or(&INITS[..], |one| &one[..]);
    let mut reason = String::new();
    for init in inits {
        let Err(refusal) = become_init(init);
        if reason.is_empty() || !matches!(refusal, Refusal::Missing) {
            reason = format!("can't run {init}: {}", explain(&refusal));
        }
    }
    Err(reason)
}

fn mount_root(device: &Path, parameters: &Parameters) -> Result<(), String> {
    let writable = parameters.prefers("rw", "ro");
    let flags = if writable { MountFlags::empty() } else { MountFlags::RDONLY };
    let options = parameters.value("rootflags").and_then(|options| CString::new(options).ok());
    let kinds = match parameters.value("rootfstype") {
        Some(kinds) => kinds.split(',').map(str::to_owned).collect(),
        None => disk_filesystems(&fs_err::read_to_string("/proc/filesystems").unwrap_or_default()),
    };
    let mut reason = "the kernel knows no filesystem for disks".to_owned();
    for kind in &kinds {
        match mount(device, PLACE, kind.as_str(), flags, options.as_deref()) {
            Ok(()) => return Ok(()),
            // Another kind, when none was named.
            Err(Errno::INVAL) if kinds.len() > 1 => reason = format!("it holds none of {}", kinds.join(", ")),
            Err(error) => reason = format!("as {kind}: {error}"),
        }
    }
    Err(format!("can't mount {}: {reason}", device.display()))
}

/// Those that the kernel lists without `nodev`.
fn disk_filesystems(list: &str) -> Vec<String> {
    list.lines().filter_map(|line| line.strip_prefix('\t')).map(str::to_owned).collect()
}

/// Takes the mounts along and leaves the initramfs, whose files are gone then.
fn switch(place: &str) -> Result<(), Errno> {
    for name in ["dev", "proc", "sys"] {
        // A root without the directory does without, or its init makes it.
        let _ = mount_move(format!("/{name}"), format!("{place}/{name}"));
    }
    for file in ["/init", rootfs_guest::names::INITRAMFS_MODULES] {
        let _ = rustix::fs::unlinkat(rustix::fs::CWD, file, AtFlags::empty());
    }
    rustix::process::chdir(place)?;
    mount_move(".", "/")?;
    rustix::process::chroot(".")?;
    rustix::process::chdir("/")
}

fn become_init(path: &str) -> Result<Infallible, Refusal> {
    let environment = vec![b"HOME=/".to_vec(), b"TERM=linux".to_vec()];
    program::become_program(&Exec { arguments: vec![path.as_bytes().to_vec()], environment, directory: Vec::new() })
}

fn explain(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Missing => "it does not exist".to_owned(),
        Refusal::Interpreter(path) => format!("it needs {}, which does not exist", path.escape_ascii()),
        Refusal::Program(errno) | Refusal::Directory(errno) => Errno::from_raw_os_error(i32::try_from(*errno).unwrap_or(0)).to_string(),
        Refusal::Other(failure) => failure.step.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::disk_filesystems;

    #[test]
    fn filesystems_without_a_disk_are_left_out() {
        assert_eq!(disk_filesystems("nodev\tsysfs\n\text4\nnodev\ttmpfs\n\tvfat\n"), ["ext4", "vfat"]);
    }
}
