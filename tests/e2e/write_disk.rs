//! Disks written over: loop devices, the tools that look at their tables, and all that must not be written.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use rootfs_tests::{Case, Failed, Need, Process, Workbench, ensure};

use crate::read_back::small_tree;

const JUDGED: &[Need] =
    &[Need::Product, Need::Root, Need::Judge("busybox"), Need::Judge("losetup"), Need::Judge("sgdisk"), Need::Judge("sfdisk")];

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("write_disk::a disk holds what was written and its tables fit it", JUDGED, written),
        Case::new("write_disk::what is in use, too small or no disk is refused", JUDGED, refused),
    ]
}

/// A file as a disk, full of what was there before.
struct Loop {
    path: PathBuf,
    _file: PathBuf,
}

impl Loop {
    fn new(place: &Path, name: &str, size: usize) -> Result<Self, Failed> {
        let file = place.join(name);
        fs_err::write(&file, vec![0xA5; size])?;
        let path = Process::judge("losetup").args(["--find", "--show", "--partscan"]).arg(&file).run()?.success()?.output;
        Ok(Self { path: path.trim().into(), _file: file })
    }

    fn read(&self, length: u64) -> Result<Vec<u8>, Failed> {
        let mut bytes = Vec::new();
        fs_err::File::open(&self.path)?.take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _detached = Process::judge("losetup").arg("--detach").arg(&self.path).run();
    }
}

fn write<'a>(workbench: &'a Workbench, tree: &Path, disk: &Path) -> rootfs_tests::Product<'a> {
    workbench.product().arg("image").arg(tree).arg("--write").arg(disk).arg("--no-check")
}

fn written(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = small_tree(scratch.path())?;
    let digest = workbench.product().digest(&tree)?;
    // Sizes that are no whole number of megabytes.
    let disk = Loop::new(scratch.path(), "disk", (200 << 20) + 512 * 7)?;
    let image = scratch.path().join("same.img");
    workbench.product().arg("image").arg(&tree).arg("-o").arg(&image).arg("--no-check").run()?.success()?;
    write(workbench, &tree, &disk.path).arg("--yes").run()?.success()?;
    let same = fs_err::read(&image)?;
    ensure!(disk.read(same.len() as u64)? == same, "the disk holds another image");
    ensure!(workbench.product().digest(&disk.path)? == digest, "the disk is another tree");
    Process::judge("sfdisk").args(["--verify"]).arg(&disk.path).run()?.success()?;

    write(workbench, &tree, &disk.path).args(["--yes", "--table", "gpt"]).run()?.success()?;
    let sgdisk = || Process::judge("sgdisk").arg("--verify").arg(&disk.path).run();
    let said = sgdisk()?.success()?;
    ensure!(said.output.contains("No problems found"), "{}", said.report("sgdisk complains"));
    let said = Process::judge("sfdisk").arg("--verify").arg(&disk.path).run()?.success()?;
    ensure!(said.output.contains("No errors detected"), "{}", said.report("sfdisk complains"));
    workbench.product().arg("verify").arg(&disk.path).run()?.success()?;
    ensure!(workbench.product().digest(&disk.path)? == digest, "the disk is another tree");
    // The kernel mounts it.
    let at = scratch.path().join("mounted");
    fs_err::create_dir(&at)?;
    Process::judge("mount").args(["-o", "ro,offset=1048576"]).arg(&disk.path).arg(&at).run()?.success()?;
    let hostname = fs_err::read_to_string(at.join("etc/hostname"));
    // In use, as long as it is mounted.
    let mounted = write(workbench, &tree, &disk.path).arg("--yes").run();
    Process::judge("umount").arg(&at).run()?.success()?;
    ensure!(hostname? == "kestrel\n", "the kernel finds another file");
    mounted?.exits_with(2)?.complains(&["is in use"])?;
    // The judge says no to the same image when it is only copied to the disk: the tables' ends are not its ends.
    let copied = scratch.path().join("copied.img");
    workbench.product().arg("image").arg(&tree).arg("-o").arg(&copied).args(["--table", "gpt", "--no-check"]).run()?.success()?;
    let file = fs_err::OpenOptions::new().write(true).open(&disk.path)?;
    std::os::unix::fs::FileExt::write_all_at(file.file(), &fs_err::read(&copied)?, 0)?;
    std::os::unix::fs::FileExt::write_all_at(file.file(), &[0; 512], (200 << 20) + 512 * 6)?;
    drop(file);
    ensure!(!sgdisk()?.output.contains("No problems found"), "sgdisk misses nothing");
    Ok(())
}

fn refused(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = small_tree(scratch.path())?;
    let small = Loop::new(scratch.path(), "small", 4 << 20)?;
    let untouched = |disk: &Loop| -> Result<(), Failed> {
        ensure!(disk.read(u64::MAX)?.iter().all(|byte| *byte == 0xA5), "the disk was written to");
        Ok(())
    };
    write(workbench, &tree, &small.path).arg("--yes").run()?.exits_with(2)?.complains(&["is too small", "4194304"])?;
    untouched(&small)?;
    // Nobody can be asked.
    write(workbench, &tree, &small.path).run()?.exits_with(2)?.complains(&["nobody can be asked", "--yes"])?;
    let file = scratch.path().join("file");
    fs_err::write(&file, "precious")?;
    write(workbench, &tree, &file).arg("--yes").run()?.exits_with(2)?.complains(&["is no block device"])?;
    ensure!(fs_err::read_to_string(&file)? == "precious", "a file was written to");
    write(workbench, &tree, Path::new("/dev/null")).arg("--yes").run()?.exits_with(2)?.complains(&["is no block device"])?;
    write(workbench, &tree, &small.path).args(["--yes", "--format", "tar"]).run()?.exits_with(2)?;
    untouched(&small)?;

    // Another program has it.
    let held = rustix::fs::open(&small.path, rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::EXCL, rustix::fs::Mode::empty())?;
    write(workbench, &tree, &small.path).arg("--yes").run()?.exits_with(2)?.complains(&["in use by another program"])?;
    drop(held);
    // A partition, and a disk of which one is mounted.
    let disk = Loop::new(scratch.path(), "disk", 64 << 20)?;
    let script = Process::judge("sfdisk").args(["--quiet", "--wipe", "never"]).arg(&disk.path).input("label: dos\n,32M,83\n");
    script.run()?.success()?;
    let partition = PathBuf::from(format!("{}p1", disk.path.display()));
    if partition.exists() {
        write(workbench, &tree, &partition).arg("--yes").run()?.exits_with(2)?.complains(&["is a partition"])?;
        Process::judge("mkfs.ext4").args(["-q", "-F"]).arg(&partition).run()?.success()?;
        let at = scratch.path().join("mounted");
        fs_err::create_dir(&at)?;
        Process::judge("mount").arg(&partition).arg(&at).run()?.success()?;
        let run = write(workbench, &tree, &disk.path).arg("--yes").run();
        Process::judge("umount").arg(&at).run()?.success()?;
        run?.exits_with(2)?.complains(&["is mounted at", "lsblk"])?;
    }
    // The disk that all of this runs from. Nobody says --yes: were it not refused, it would still not be written.
    let root = Process::judge("findmnt").args(["--noheadings", "--output", "SOURCE", "/"]).run()?;
    let root = PathBuf::from(root.output.trim());
    if root.starts_with("/dev") && root.exists() {
        let run = write(workbench, &tree, &root).run()?.exits_with(2)?;
        ensure!(!run.error.contains("nobody can be asked"), "{}", run.report("the system's disk was not refused"));
    }
    Ok(())
}
