//! What must not be written over. The kernel is asked in more than one way: what is mounted, what memory is swapped to, what other devices are made of, and, by
//! an exclusive open, whether anything at all holds the disk.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use fs_err::File;
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::DeviceError;

/// A disk that nothing is known to use.
#[derive(Debug)]
pub(super) struct Disk {
    pub(super) size: u64,
    /// As it calls itself; empty where it doesn't.
    pub(super) model: String,
}

/// A disk, or a partition of it.
struct Part {
    /// `sda1`
    name: String,
    /// `8:1`
    number: String,
    /// In /sys.
    directory: PathBuf,
}

/// Refuses what isn't a whole disk that nothing uses.
pub(super) fn look(path: &Path) -> Result<Disk, DeviceError> {
    let failed = |source| DeviceError::Io { action: "look at", path: path.to_owned(), source };
    let metadata = fs_err::metadata(path).map_err(failed)?;
    if !metadata.file_type().is_block_device() {
        return Err(DeviceError::NoDevice { path: path.to_owned() });
    }
    let number = metadata.rdev();
    let number = format!("{}:{}", rustix::fs::major(number), rustix::fs::minor(number));
    let directory = fs_err::canonicalize(format!("/sys/dev/block/{number}")).map_err(failed)?;
    if directory.join("partition").exists() {
        let disk = directory.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        return Err(DeviceError::Partition { path: path.to_owned(), disk });
    }
    let parts = parts(&directory, number).map_err(failed)?;
    check_mounts(path, &parts)?;
    check_swaps(path, &parts)?;
    check_holders(path, &parts)?;
    if text(&directory.join("ro")) == "1" {
        return Err(DeviceError::ReadOnly { path: path.to_owned() });
    }
    // In units of 512 bytes, whatever the disk's sectors are.
    let sectors: u64 = text(&directory.join("size")).parse().map_err(|error| failed(io::Error::other(error)))?;
    let model = ["device/vendor", "device/model", "loop/backing_file"].map(|name| text(&directory.join(name)));
    let model = model.iter().filter(|word| !word.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ");
    Ok(Disk { size: sectors.saturating_mul(512), model })
}

/// Opens it so that nothing can mount it meanwhile.
pub(super) fn open(path: &Path, disk: &Disk) -> Result<File, DeviceError> {
    let failed = |source| DeviceError::Io { action: "open", path: path.to_owned(), source };
    let flags = OFlags::RDWR | OFlags::EXCL | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Err(Errno::BUSY) => return Err(DeviceError::Busy { path: path.to_owned() }),
        opened => File::from_parts(std::fs::File::from(opened.map_err(|errno| failed(errno.into()))?), path.to_owned()),
    };
    // As systemd asks of whoever changes tables: udev then waits.
    if let Err(Errno::WOULDBLOCK) = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        return Err(DeviceError::Busy { path: path.to_owned() });
    }
    // It may be another one by now.
    let size = io::Seek::seek(&mut &file, io::SeekFrom::End(0)).map_err(failed)?;
    if size == disk.size { Ok(file) } else { Err(DeviceError::Busy { path: path.to_owned() }) }
}

/// The disk and its partitions.
fn parts(directory: &Path, number: String) -> io::Result<Vec<Part>> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut parts = vec![Part { name: name(directory), number, directory: directory.to_owned() }];
    for entry in fs_err::read_dir(directory)? {
        let path = entry?.path();
        if path.join("partition").exists() {
            parts.push(Part { name: name(&path), number: text(&path.join("dev")), directory: path });
        }
    }
    Ok(parts)
}

fn check_mounts(path: &Path, parts: &[Part]) -> Result<(), DeviceError> {
    let failed = |source| DeviceError::Io { action: "see what is mounted of", path: path.to_owned(), source };
    let mounts = fs_err::read_to_string("/proc/self/mountinfo").map_err(failed)?;
    for line in mounts.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let (Some(number), Some(at)) = (fields.get(2), fields.get(4)) else { continue };
        // Filesystems of several disks have a number of their own, and name one of them behind the dash.
        let source = fields.iter().position(|field| *field == "-").and_then(|dash| fields.get(dash + 2));
        let source = source.and_then(|source| number_of(Path::new(source)));
        if let Some(part) = parts.iter().find(|part| part.number == *number || Some(&part.number) == source.as_ref()) {
            return Err(DeviceError::Mounted { path: path.to_owned(), part: part.name.clone(), at: (*at).to_owned() });
        }
    }
    Ok(())
}

fn check_swaps(path: &Path, parts: &[Part]) -> Result<(), DeviceError> {
    let swaps = fs_err::read_to_string("/proc/swaps").unwrap_or_default();
    for swap in swaps.lines().skip(1).filter_map(|line| line.split_whitespace().next()) {
        let number = number_of(Path::new(swap));
        if let Some(part) = parts.iter().find(|part| Some(&part.number) == number.as_ref()) {
            return Err(DeviceError::Swap { path: path.to_owned(), part: part.name.clone() });
        }
    }
    Ok(())
}

/// Volumes, arrays, encrypted disks; and loop devices, which hold nothing by themselves, as long as their filesystem isn't mounted.
fn check_holders(path: &Path, parts: &[Part]) -> Result<(), DeviceError> {
    for entry in fs_err::read_dir("/sys/block").into_iter().flatten().flatten() {
        let number = number_of(Path::new(&text(&entry.path().join("loop/backing_file"))));
        if let Some(part) = parts.iter().find(|part| Some(&part.number) == number.as_ref()) {
            let holder = entry.file_name().to_string_lossy().into_owned();
            return Err(DeviceError::Held { path: path.to_owned(), part: part.name.clone(), holder });
        }
    }
    for part in parts {
        let holders = fs_err::read_dir(part.directory.join("holders")).into_iter().flatten().flatten();
        if let Some(holder) = holders.map(|entry| entry.file_name().to_string_lossy().into_owned()).min() {
            return Err(DeviceError::Held { path: path.to_owned(), part: part.name.clone(), holder });
        }
    }
    Ok(())
}

/// The number of a block device.
fn number_of(path: &Path) -> Option<String> {
    let metadata = fs_err::metadata(path).ok().filter(|metadata| path.is_absolute() && metadata.file_type().is_block_device())?;
    Some(format!("{}:{}", rustix::fs::major(metadata.rdev()), rustix::fs::minor(metadata.rdev())))
}

/// A file of /sys, trimmed; nothing where there is none.
fn text(path: &Path) -> String {
    fs_err::read_to_string(path).unwrap_or_default().trim().to_owned()
}
