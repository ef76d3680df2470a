//! Disks written over: loop devices, the tools that look at their tables, and all that must not be written.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use rootfs_tests::{Case, Failed, Need, Process, Workbench, ensure};

use crate::read_back::small_tree;

const JUDGED: &[Need] =
    &[Need::Product, Need::Root, Need::Judge("busybox"), Need::Judge("losetup"), Need::Judge("sgdisk"), Need::Judge("sfdisk")];

pub(crate) fn cases() -> Vec<Case> {
    let more = |judges: &[&'static str]| [JUDGED, &judges.iter().map(|judge| Need::Judge(judge)).collect::<Vec<_>>()].concat();
    vec![
        Case::new("write_disk::a disk holds what was written and its tables fit it", JUDGED, written),
        Case::new("write_disk::what is in use, too small or no disk is refused", JUDGED, refused),
        Case::new("write_disk::swap, and what others are made of, is refused", &more(&["mkswap", "swapon", "mkfs.btrfs", "btrfs"]), held),
        Case::new("write_disk::only yes is a yes", &more(&["script"]), asked),
        Case::new("write_disk::Ctrl-C says what is left on the disk", JUDGED, interrupted),
    ]
}

/// A file as a disk, full of what was there before.
struct Loop {
    path: PathBuf,
    file: PathBuf,
}

impl Loop {
    fn new(place: &Path, name: &str, size: usize) -> Result<Self, Failed> {
        let file = place.join(name);
        fs_err::write(&file, vec![0xA5; size])?;
        let path = Process::judge("losetup").args(["--find", "--show", "--partscan"]).arg(&file).run()?.success()?.output;
        Ok(Self { path: path.trim().into(), file })
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

/// Whether nothing of a disk was written to.
fn untouched(disk: &Loop) -> Result<(), Failed> {
    ensure!(disk.read(u64::MAX)?.iter().all(|byte| *byte == 0xA5), "the disk was written to");
    Ok(())
}

fn refused(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = small_tree(scratch.path())?;
    let small = Loop::new(scratch.path(), "small", 4 << 20)?;
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

fn held(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = small_tree(scratch.path())?;
    let disk = Loop::new(scratch.path(), "disk", 64 << 20)?;
    Process::judge("mkswap").arg(&disk.path).run()?.success()?;
    Process::judge("swapon").arg(&disk.path).run()?.success()?;
    let run = write(workbench, &tree, &disk.path).arg("--yes").run();
    Process::judge("swapoff").arg(&disk.path).run()?.success()?;
    run?.exits_with(2)?.complains(&["is in use: the system swaps to loop", "`swapoff` ends that"])?;

    let upper = Process::judge("losetup").args(["--find", "--show"]).arg(&disk.path).run()?.success()?.output;
    let run = write(workbench, &tree, &disk.path).arg("--yes").run();
    Process::judge("losetup").arg("--detach").arg(upper.trim()).run()?.success()?;
    run?.exits_with(2)?.complains(&["is in use: loop", &format!("is a part of {}", upper.trim().trim_start_matches("/dev/")), "lsblk"])?;

    // One of the disks of a filesystem: the kernel tells the mount's other disk only.
    let disks = [Loop::new(scratch.path(), "one", 128 << 20)?, Loop::new(scratch.path(), "other", 128 << 20)?];
    Process::judge("mkfs.btrfs").args(["-q", "-f"]).args(disks.iter().map(|disk| &disk.path)).run()?.success()?;
    let at = scratch.path().join("mounted");
    fs_err::create_dir(&at)?;
    let devices: Vec<String> = disks.iter().map(|disk| format!("device={}", disk.path.display())).collect();
    let mount = Process::judge("mount").args(["-t", "btrfs", "-o", &devices.join(",")]).arg(&disks[0].path).arg(&at).run()?;
    mount.success()?;
    let runs = disks.each_ref().map(|disk| write(workbench, &tree, &disk.path).arg("--yes").run());
    Process::judge("umount").arg(&at).run()?.success()?;
    for run in runs {
        run?.exits_with(2)?.complains(&["is in use"])?;
    }
    Process::judge("btrfs").args(["check", "--readonly"]).arg(&disks[1].path).run()?.success()?;
    // Nothing of that holds it any more.
    write(workbench, &tree, &disk.path).args(["--yes", "--size", "40M"]).run()?.success().map(drop)
}

/// On a terminal.
fn asked(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = small_tree(scratch.path())?;
    let disk = Loop::new(scratch.path(), "disk", 64 << 20)?;
    let product = workbench.settings().product.display().to_string();
    let command = format!("{product} image {} --write {} --no-check --size 40M", tree.display(), disk.path.display());
    let typed = |keys: &str| Process::judge("sh").arg("-c").arg(format!("({keys}) | script -qec '{command}' /dev/null")).run();
    // The last one must not come before the question.
    for (keys, code, said) in [
        ("echo y", 1, "stays as it is"),
        ("echo n", 1, "stays as it is"),
        ("echo", 1, "stays as it is"),
        ("true", 1, "stays as it is"),
        ("sleep 2; printf '\\003'; sleep 1", 130, "interrupted"),
    ] {
        let run = typed(keys)?.exits_with(code)?;
        let question =
            format!("All that is on {} ({}, 67.1 MB) will be lost. Write it over? Type yes: ", disk.path.display(), disk.file.display());
        ensure!(run.output.contains(&question) && run.output.contains(said), "{}", run.report(keys));
        untouched(&disk)?;
    }
    typed("echo yes")?.success()?;
    workbench.product().arg("verify").arg(&disk.path).run()?.success().map(drop)
}

fn interrupted(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let (tree, temporary) = (small_tree(scratch.path())?, scratch.path().join("tmp"));
    fs_err::create_dir(&temporary)?;
    let disk = Loop::new(scratch.path(), "disk", 4 << 20)?;
    fs_err::OpenOptions::new().write(true).open(&disk.file)?.set_len(4 << 30)?;
    Process::judge("losetup").arg("--set-capacity").arg(&disk.path).run()?.success()?;
    let run = write(workbench, &tree, &disk.path).args(["--yes", "--size", "4G"]).env("TMPDIR", &temporary);
    let mut running = run.start()?;
    while disk.read(512)?.ends_with(&[0xA5, 0xA5]) {
        ensure!(!running.has_ended()?, "it ended without writing: {}", running.error_so_far()?);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    running.signal(rustix::process::Signal::INT)?;
    let run = running.finish(std::time::Duration::from_secs(20))?.exits_with(130)?;
    run.complains(&[&format!("interrupted: what is on `{}` now is of no use", disk.path.display())])?;
    ensure!(fs_err::read_dir(&temporary)?.next().is_none(), "something is left in TMPDIR");
    // It is free again.
    write(workbench, &tree, &disk.path).arg("--yes").run()?.success().map(drop)
}
