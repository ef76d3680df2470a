//! From packages to an image, and from the image to a guest that answers.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rootfs_tests::{Case, Failed, Finished, Need, Process, Product, Workbench, ensure};
use rustix::process::Signal;

use crate::build::{BUILD, minbase};

/// Where the partition begins, as e2fsprogs write it.
const PARTITION: &str = "?offset=1048576";

/// What systemd must have reached, and what the network must have given, before the guest may say 3.
const HEALTHY: &str = "set -e
uname -r
test \"$(cat /proc/1/comm)\" = systemd
state=$(systemctl is-system-running --wait) || { systemctl --failed --no-legend; exit 20; }
test \"$state\" = running || exit 21
/usr/lib/systemd/systemd-networkd-wait-online --any --timeout=60 || exit 22
networkctl status --no-pager | grep -q 10.0.2.15 || exit 23
touch /written || exit 24
exit 3";

pub(crate) fn cases() -> Vec<Case> {
    let boots = [BUILD, &[Need::Judge("qemu-system-x86_64")]].concat();
    let judged = [BUILD, &[Need::Judge("e2fsck"), Need::Judge("sfdisk"), Need::Judge("debugfs")]].concat();
    vec![
        Case::new("images::packages become an image that judges accept", &judged, judges_accept),
        Case::new("images::one tree has one image", BUILD, one_image),
        Case::new("images::sizes are kept, and too small ones told", &judged, sizes),
        Case::new("images::profiles and block sizes are kept", &judged, profiles),
        Case::new("images::a guest with systemd and a network says 3", &boots, systemd),
        Case::new("images::our agent as the only init", &boots, agent_as_init),
        Case::new("images::a guest starts from a qcow2", &[&boots[..], &[Need::Judge("qemu-img")]].concat(), qcow2),
        Case::new("images::a panic is told as a panic", &boots, panic),
        Case::new("images::a guest that takes too long is ended", &boots, too_long),
        Case::new("images::Ctrl-C ends the guest", &boots, interrupted),
        Case::new("images::a boot that can't be says what is missing", BUILD, impossible),
        Case::new("images::a kernel on its own", &[&boots[..], &[Need::Judge("readelf")]].concat(), kernel),
    ]
}

/// The default of the command line, as an image.
fn guest(workbench: &Workbench) -> Result<PathBuf, Failed> {
    let directory = workbench.once("guest-image", |path| {
        fs_err::create_dir(path)?;
        workbench.product().debian()?.arg("-o").arg(path.join("guest.img")).run()?.success().map(drop)
    })?;
    Ok(directory.join("guest.img"))
}

/// Debian without systemd, whose init is our agent: up in seconds.
fn small(workbench: &Workbench) -> Result<PathBuf, Failed> {
    let directory = workbench.once("small-image", |path| {
        fs_err::create_dir(path)?;
        let build = workbench.product().debian()?.args(["--variant", "minbase", "--agent-init"]);
        build.arg("-o").arg(path.join("small.img")).run()?.success().map(drop)
    })?;
    Ok(directory.join("small.img"))
}

fn boot<'a>(workbench: &'a Workbench, image: &Path) -> Result<Product<'a>, Failed> {
    let url = workbench.mirror()?.url();
    Ok(workbench.product().mirror(&url).arg("boot").arg(image))
}

fn e2fsck(image: &Path) -> Result<Finished, Failed> {
    Process::judge("e2fsck").args(["-fn", &format!("{}{PARTITION}", image.display())]).run()
}

fn judges_accept(workbench: &Workbench) -> Result<(), Failed> {
    let image = guest(workbench)?;
    let checked = e2fsck(&image)?.success()?;
    ensure!(!checked.output.contains("Fix?"), "{}", checked.output);
    let table = Process::judge("sfdisk").arg("--dump").arg(&image).run()?.success()?.output;
    ensure!(table.contains("start=        2048,") && table.contains("type=83"), "{table}");
    let asked = ["-R", "stat /sbin/init", &format!("{}{PARTITION}", image.display())];
    let init = Process::judge("debugfs").args(asked).run()?.success()?.output;
    ensure!(init.contains("Type: "), "debugfs finds no init: {init}");

    // The same judge refuses one wrong block.
    let scratch = workbench.scratch()?;
    let damaged = scratch.path().join("damaged.img");
    fs_err::copy(&image, &damaged)?;
    let file = fs_err::OpenOptions::new().write(true).open(&damaged)?;
    std::os::unix::fs::FileExt::write_all_at(file.file(), &[0x5a; 64], (1 << 20) + 4096 + 16)?;
    ensure!(!e2fsck(&damaged)?.status.success(), "e2fsck accepts a damaged table of groups");
    Ok(())
}

/// From packages twice, from the directory and from the tar of it.
fn one_image(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let place = |name: &str| scratch.path().join(name);
    let tree = minbase(workbench)?;
    let archive = place("tree.tar");
    workbench.product().arg("image").arg(&tree).arg("-o").arg(&archive).run()?.success()?;
    for (name, source) in [("a.img", &tree), ("b.img", &tree), ("c.img", &archive)] {
        let run = workbench.product().arg("image").arg(source).arg("-o").arg(place(name)).arg("--no-check").run()?.success()?;
        ensure!(run.error.contains("digest"), "{}", run.report("no digest in the summary"));
    }
    workbench.product().minbase(rootfs_tests::Release::Trixie)?.arg("-o").arg(place("d.img")).run()?.success()?;
    let first = fs_err::read(place("a.img"))?;
    for name in ["b.img", "c.img", "d.img"] {
        ensure!(fs_err::read(place(name))? == first, "{name} differs from a.img");
    }
    let again = workbench.product().arg("image").arg(&tree).arg("-o").arg(place("a.img")).arg("--no-check").run()?;
    ensure!(!again.status.success(), "an image was replaced without --force");
    Ok(())
}

fn sizes(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = minbase(workbench)?;
    let image = scratch.path().join("sized.img");
    let make = |arguments: &[&str]| {
        workbench.product().arg("image").arg(&tree).arg("-o").arg(&image).arg("--no-check").arg("--force").args(arguments).run()
    };
    make(&["--size", "1G", "--label", "mine"])?.success()?;
    ensure!(fs_err::metadata(&image)?.len() == 1 << 30, "the image is not as large as was asked for");
    e2fsck(&image)?.success()?;
    let before = fs_err::read(&image)?;
    let told = make(&["--size", "20M"])?.complains(&["20", "need"])?;
    ensure!(told.status.code() == Some(1), "{}", told.report("a size too small"));
    ensure!(fs_err::read(&image)? == before, "a failed image took the place of a good one");
    Ok(())
}

/// The superblock as debugfs tells it.
fn superblock(image: &Path) -> Result<String, Failed> {
    let asked = ["-R", "stats -h", &format!("{}{PARTITION}", image.display())];
    Ok(Process::judge("debugfs").args(asked).run()?.success()?.output)
}

fn profiles(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = minbase(workbench)?;
    let mut sizes = Vec::new();
    for (profile, block_size, has, has_not) in [
        ("default", "4K", &["has_journal", "resize_inode", "64bit", "metadata_csum"][..], &[][..]),
        ("compat", "2K", &["has_journal", "resize_inode"], &["64bit", "metadata_csum"]),
        ("read-only", "1K", &["64bit", "metadata_csum"], &["has_journal", "resize_inode"]),
    ] {
        let image = scratch.path().join(format!("{profile}.img"));
        let build = workbench.product().arg("image").arg(&tree).arg("-o").arg(&image).arg("--no-check");
        build.args(["--ext4-profile", profile, "--block-size", block_size]).run()?.success()?;
        let checked = e2fsck(&image)?.success()?;
        ensure!(!checked.output.contains("? no"), "{}", checked.output);
        let told = superblock(&image)?;
        ensure!(has.iter().all(|name| told.contains(name)) && !has_not.iter().any(|name| told.contains(name)), "{profile}: {told}");
        let bytes = block_size.replace('K', "").parse::<u32>().map_err(|error| error.to_string())? << 10;
        let line = told.lines().find(|line| line.starts_with("Block size:")).ok_or("no block size")?;
        ensure!(line.ends_with(&format!(" {bytes}")), "{profile}: {line}");
        sizes.push(fs_err::metadata(&image)?.len());
    }
    ensure!(sizes[2] < sizes[0], "a read-only image is not the smallest: {sizes:?}");
    let image = scratch.path().join("none.img");
    let make = |flag, value| workbench.product().arg("image").arg(&tree).arg("-o").arg(&image).args([flag, value]).run();
    make("--block-size", "8K")?.complains(&["--block-size 8K", "1K, 2K or 4K"])?;
    make("--ext4-profile", "tiny")?.complains(&["tiny", "default, read-only, compat"])?;
    ensure!(!image.exists(), "an image of a wrong block size");
    Ok(())
}

fn systemd(workbench: &Workbench) -> Result<(), Failed> {
    let image = guest(workbench)?;
    let before = fs_err::read(&image)?;
    let run = boot(workbench, &image)?.args(["--timeout", "300s", "--json", "--", "sh", "-c", HEALTHY]).run_guest()?.exits_with(3)?;
    ensure!(run.output.lines().next().is_some_and(|line| line.contains('.')), "{}", run.report("no kernel release"));
    let report = run.error.lines().rev().find(|line| line.starts_with('{')).ok_or("no report")?;
    let report: serde_json::Value = serde_json::from_str(report).map_err(|error| error.to_string())?;
    ensure!(report["exit_code"] == 3 && report["powered_off"] == true, "{report}");
    ensure!(fs_err::read(&image)? == before, "the image changed without --write");
    Ok(())
}

/// Compressed, and written to by the guest.
fn qcow2(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let image = scratch.path().join("small.qcow2");
    let build = workbench.product().debian()?.args(["--variant", "minbase", "--agent-init", "--compress", "zstd"]);
    build.arg("-o").arg(&image).run()?.success()?;
    let check = || Process::judge("qemu-img").arg("check").arg(&image).run()?.success();
    check()?;
    let asked = boot(workbench, &image)?.args(["--write", "--timeout", "120s", "--", "sh", "-c", "echo kept > /root/kept; exit 7"]);
    asked.run_guest()?.exits_with(7)?;
    check()?;
    let read = boot(workbench, &image)?.args(["--timeout", "120s", "--", "cat", "/root/kept"]).run_guest()?.success()?;
    ensure!(read.output == "kept\n", "{}", read.report("what was written with --write is gone"));
    // The tree that comes back has what the guest wrote.
    let archive = scratch.path().join("back.tar");
    workbench.product().arg("image").arg(&image).arg("-o").arg(&archive).arg("--no-check").run()?.success()?;
    let listed = Process::judge("tar").arg("-tf").arg(&archive).run()?.success()?.output;
    ensure!(listed.contains("./root/kept"), "{}", image.display());
    Ok(())
}

fn agent_as_init(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let image = scratch.path().join("small.img");
    let origin = small(workbench)?;
    fs_err::copy(&origin, &image)?;
    fs_err::copy(origin.with_extension("img.json"), image.with_extension("img.json"))?;
    let script = "readlink /sbin/init; cat; echo kept > /root/kept; exit 7";
    let asked = boot(workbench, &image)?.args(["--write", "--timeout", "120s", "--", "sh", "-c", script]);
    let run = asked.run_guest()?.exits_with(7)?;
    ensure!(run.output == "/usr/bin/rootfs-agent\n", "{}", run.report("another init, or an input"));
    let read = boot(workbench, &image)?.args(["--timeout", "120s", "--", "cat", "/root/kept"]).run_guest()?.success()?;
    ensure!(read.output == "kept\n", "{}", read.report("what was written with --write is gone"));
    e2fsck(&image)?.success().map(drop)
}

fn panic(workbench: &Workbench) -> Result<(), Failed> {
    let asked = boot(workbench, &small(workbench)?)?.args(["--append", "init=/nowhere", "--timeout", "120s", "--", "true"]);
    asked.run_guest()?.exits_with(125)?.complains(&["panic", "/nowhere"]).map(drop)
}

fn too_long(workbench: &Workbench) -> Result<(), Failed> {
    let asked = boot(workbench, &small(workbench)?)?.args(["--timeout", "12s", "--", "sleep", "1000"]);
    asked.run()?.exits_with(124)?.complains(&["12"]).map(drop)
}

fn interrupted(workbench: &Workbench) -> Result<(), Failed> {
    let image = small(workbench)?;
    let mut running = boot(workbench, &image)?.args(["--timeout", "120s", "--", "sleep", "1000"]).start()?;
    let id = running.id();
    while children(id).is_empty() {
        ensure!(!running.has_ended()?, "it ended: {}", running.error_so_far()?);
        sleep(Duration::from_millis(100));
    }
    // The guest is on its way.
    sleep(Duration::from_secs(3));
    let qemu = children(id);
    ensure!(!qemu.is_empty(), "QEMU is gone after 3 s");
    running.signal(Signal::INT)?;
    let finished = running.finish(Duration::from_secs(10))?;
    ensure!(finished.status.code() == Some(130), "{}", finished.report("after Ctrl-C"));
    let alive: Vec<&String> = qemu.iter().filter(|id| Path::new("/proc").join(id).exists()).collect();
    ensure!(alive.is_empty(), "QEMU {alive:?} outlives us");
    Ok(())
}

fn children(parent: u32) -> Vec<String> {
    let list = fs_err::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    list.split_whitespace().map(str::to_owned).collect()
}

fn impossible(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let image = small(workbench)?;
    let bare = scratch.path().join("bare.img");
    fs_err::copy(&image, &bare)?;
    boot(workbench, &bare)?.args(["--", "true"]).run()?.exits_with(125)?.complains(&["no kernel is known", "--kernel"])?;
    let without = boot(workbench, &image)?.env("PATH", "/nowhere").args(["--", "true"]).run()?.exits_with(125)?;
    without.complains(&["qemu-system-x86_64", "qemu-system-x86"])?;
    let nothing = boot(workbench, &scratch.path().join("nothing.img"))?.args(["--", "true"]).run()?.exits_with(125)?;
    nothing.complains(&["nothing.img"])?;
    // What would be run can be seen without any of it.
    let dry = boot(workbench, &image)?.args(["--dry-run", "--forward", "2222:22", "--memory", "1G", "--cpus", "2"]).run()?.success()?;
    ensure!(dry.output.contains("hostfwd=tcp:") && dry.output.contains("2222-:22"), "{}", dry.report("no forward"));
    Ok(())
}

fn kernel(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let directory = scratch.path().join("kernel");
    let url = workbench.mirror()?.url();
    let fetch = || workbench.product().mirror(&url).args(["kernel", "debian", "-d"]).arg(&directory);
    fetch().run()?.success()?;
    for name in ["vmlinuz", "vmlinux", "initrd", "cmdline"] {
        ensure!(fs_err::metadata(directory.join(name))?.len() > 0, "{name} is empty");
    }
    Process::judge("readelf").arg("--file-header").arg(directory.join("vmlinux")).run()?.success()?;
    ensure!(!fetch().run()?.status.success(), "files were replaced without --force");
    let image = scratch.path().join("bare.img");
    fs_err::copy(small(workbench)?, &image)?;
    let asked = boot(workbench, &image)?.arg("--kernel").arg(directory.join("vmlinuz")).arg("--initrd").arg(directory.join("initrd"));
    let cmdline = fs_err::read_to_string(directory.join("cmdline"))?;
    asked.args(["--append", cmdline.trim(), "--timeout", "120s", "--", "sh", "-c", "exit 9"]).run_guest()?.exits_with(9).map(drop)
}
