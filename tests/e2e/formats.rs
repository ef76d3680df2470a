//! One tree in every form, read back by the programs that the form belongs to, and started by what starts it.

use std::path::{Path, PathBuf};

use rootfs_tests::{Case, Failed, Need, Process, Workbench, ensure};

use crate::build::{BUILD, minbase};

/// Prints what the guest was started with, and powers it off.
const INIT: &str = "#!/bin/sh
mount -t proc proc /proc
echo \"GUEST-UP $(cat /proc/cmdline)\"
echo o > /proc/sysrq-trigger
sleep 60
";

const FIRMWARE: &str = "/usr/share/OVMF/OVMF_CODE_4M.fd";
const FIRMWARE_VARIABLES: &str = "/usr/share/OVMF/OVMF_VARS_4M.fd";

pub(crate) fn cases() -> Vec<Case> {
    let with = |judges: &[&'static str]| [BUILD, &judges.iter().map(|judge| Need::Judge(judge)).collect::<Vec<_>>()].concat();
    let boots = with(&["qemu-system-x86_64"]);
    vec![
        Case::new("formats::archives come back", &with(&["tar", "cpio"]), archives),
        Case::new("formats::a squashfs comes back", &with(&["unsquashfs"]), squashfs),
        Case::new("formats::Kata's image is what its judges expect", &with(&["sfdisk", "veritysetup", "e2fsck"]), kata),
        Case::new("formats::layers lie one over another", BUILD, layers),
        Case::new("formats::wrong mixes are refused before anything is built", BUILD, mixes),
        Case::new("formats::a guest maps its disk", &boots, mapped),
        Case::new("formats::a guest lives in its initrd", &boots, initrd),
        Case::new("formats::firmware starts a disk", &with(&["qemu-system-x86_64", "sgdisk", FIRMWARE]), firmware),
    ]
}

/// `image` of the small tree.
pub(crate) fn image(workbench: &Workbench, layers: &[&Path], output: &Path, arguments: &[&str]) -> Result<rootfs_tests::Finished, Failed> {
    let product = workbench.product().arg("image").args(layers).arg("-o").arg(output).arg("--no-check");
    product.args(arguments).run()?.success()
}

fn archives(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = minbase(workbench)?;
    let digest = workbench.product().digest(&tree)?;
    for name in ["a.tar.gz", "a.tar.xz", "a.tar.zst"] {
        let archive = scratch.path().join(name);
        image(workbench, &[&tree], &archive, if name == "a.tar.xz" { &["--compress", "xz:0"] } else { &[] })?;
        let listed = Process::judge("tar").arg("-tf").arg(&archive).run()?.success()?;
        ensure!(listed.output.lines().any(|line| line == "./usr/bin/bash"), "{name} has no shell");
        let found = workbench.product().digest(&archive)?;
        ensure!(found == digest, "{name} is another tree: {found} instead of {digest}");
    }
    let archive = scratch.path().join("a.cpio");
    let made = image(workbench, &[&tree], &archive, &[])?;
    ensure!(made.error.contains("/init"), "{}", made.report("nothing is said of /init"));
    let root = scratch.path().join("root");
    fs_err::create_dir(&root)?;
    let bytes = fs_err::read(&archive)?;
    let unpack = |bytes: Vec<u8>| Process::judge("cpio").args(["-idm", "--quiet"]).directory(&root).input(bytes).run();
    unpack(bytes.clone())?.success()?;
    let link = fs_err::read_link(root.join("init"))?;
    ensure!(link == Path::new("/sbin/init"), "/init leads to {}", link.display());
    ensure!(!unpack(bytes[..bytes.len() / 2].to_vec())?.status.success(), "half an archive is accepted");
    Ok(())
}

fn squashfs(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = minbase(workbench)?;
    let digest = workbench.product().digest(&tree)?;
    let file = scratch.path().join("root.squashfs");
    image(workbench, &[&tree], &file, &["--compress", "gzip:1"])?;
    let root = scratch.path().join("root");
    let unpack = |file: &Path| Process::judge("unsquashfs").args(["-quiet", "-no-progress", "-dest"]).arg(&root).arg(file).run();
    unpack(&file)?.success()?;
    let found = workbench.product().digest(&root)?;
    ensure!(found == digest, "another tree came back: {found} instead of {digest}");
    // With one processor the bytes are the same, and in a partition too.
    let again = scratch.path().join("again.squashfs");
    let one = Process::new("taskset").args(["--cpu-list", "0"]).arg(&workbench.settings().product);
    let one = one.arg("image").arg(&tree).arg("-o").arg(&again).args(["--no-check", "--compress", "gzip:1"]);
    one.run()?.success()?;
    let bytes = fs_err::read(&file)?;
    ensure!(fs_err::read(&again)? == bytes, "the number of processors shows in the bytes");
    let disk = scratch.path().join("disk.img");
    image(workbench, &[&tree], &disk, &["--fs", "squashfs", "--table", "gpt", "--compress", "gzip:1"])?;
    ensure!(fs_err::read(&disk)?[1 << 20..][..bytes.len()] == bytes, "the partition holds another filesystem");
    Ok(())
}

/// A stretch of an image as a file of its own.
fn cut(image: &Path, to: &Path, start: u64, size: u64) -> Result<PathBuf, Failed> {
    let bytes = fs_err::read(image)?;
    let at = |offset: u64| usize::try_from(offset).map_err(|error| error.to_string());
    fs_err::write(to, &bytes[at(start)?..at(start + size)?])?;
    Ok(to.to_owned())
}

fn kata(workbench: &Workbench) -> Result<(), Failed> {
    const HEADER: u64 = 2 << 20;
    let scratch = workbench.scratch()?;
    let place = |name: &str| scratch.path().join(name);
    let file = place("kata.img");
    let made = image(workbench, &[&minbase(workbench)?], &file, &["--dax", "--verity"])?;
    ensure!(made.error.contains("dm-mod.create=\"dm-verity,,,ro,0 "), "{}", made.report("no command line"));
    let record: serde_json::Value = serde_json::from_slice(&fs_err::read(place("kata.img.json"))?).map_err(|error| error.to_string())?;
    let number = |partition: usize, key: &str| record["partitions"][partition][key].as_u64().ok_or("no number");
    let length = fs_err::metadata(&file)?.len();
    ensure!(length % HEADER == 0, "{length} bytes are no multiple of 2 MiB");

    // Both views have the same partitions.
    let body = cut(&file, &place("body"), HEADER, length - HEADER)?;
    for (view, shift) in [(&file, 0), (&body, HEADER)] {
        let table = Process::judge("sfdisk").arg("--json").arg(view).run()?.success()?.output;
        let table: serde_json::Value = serde_json::from_str(&table).map_err(|error| error.to_string())?;
        for partition in [0, 1] {
            let told = table["partitiontable"]["partitions"][partition]["start"].as_u64();
            ensure!(told == Some((number(partition, "start")? - shift) / 512), "{table}");
        }
        Process::judge("sfdisk").arg("--verify").arg(view).run()?.success()?;
    }
    let [data, _] = hashed(&file, scratch.path())?;
    Process::judge("e2fsck").arg("-fn").arg(&data).run()?.success().map(drop)
}

/// Has veritysetup compare the two partitions of a disk with what was said of its hashes, and refuse a changed block; gives the data without it, and the hashes.
pub(crate) fn hashed(disk: &Path, place: &Path) -> Result<[PathBuf; 2], Failed> {
    let beside = |suffix: &str| PathBuf::from(format!("{}.{suffix}", disk.display()));
    let record: serde_json::Value = serde_json::from_slice(&fs_err::read(beside("json"))?).map_err(|error| error.to_string())?;
    let number = |partition: usize, key: &str| record["partitions"][partition][key].as_u64().ok_or("no number");
    let data = cut(disk, &place.join("data"), number(0, "start")?, number(0, "size")?)?;
    let hashes = cut(disk, &place.join("hashes"), number(1, "start")?, number(1, "size")?)?;

    let line = fs_err::read_to_string(beside("root_hash.txt"))?;
    let value = |key: &str| line.trim().split(',').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('=')).ok_or("a key is missing");
    let options = [
        "--no-superblock",
        "--data-block-size=4096",
        "--hash-block-size=4096",
        &format!("--salt={}", value("salt")?),
        &format!("--data-blocks={}", value("data_blocks")?),
    ]
    .map(str::to_owned);
    let root_hash = value("root_hash")?.to_owned();
    let verify = |data: &Path| Process::judge("veritysetup").arg("verify").arg(data).arg(&hashes).arg(&root_hash).args(&options).run();
    verify(&data)?.success()?;
    let changed = place.join("changed");
    fs_err::copy(&data, &changed)?;
    let block = fs_err::OpenOptions::new().write(true).open(&changed)?;
    std::os::unix::fs::FileExt::write_all_at(block.file(), &[0x5a; 16], number(0, "size")? / 8192 * 4096)?;
    ensure!(!verify(&changed)?.status.success(), "veritysetup accepts a changed block");
    Ok([data, hashes])
}

/// The small tree with an init of its own laid over it.
pub(crate) fn with_init(workbench: &Workbench, directory: &Path) -> Result<[PathBuf; 2], Failed> {
    let layer = directory.join("layer");
    fs_err::create_dir_all(layer.join("sbin"))?;
    fs_err::write(layer.join("sbin/init"), INIT)?;
    fs_err::set_permissions(layer.join("sbin/init"), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok([minbase(workbench)?, layer])
}

fn layers(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let [tree, layer] = with_init(workbench, scratch.path())?;
    // `/sbin` is a link, and what lies in the layer's goes where it leads; a tar with a mark removes.
    let marks = scratch.path().join("marks");
    fs_err::create_dir_all(marks.join("usr/share"))?;
    fs_err::write(marks.join("usr/share/.wh.doc"), "")?;
    let tar = scratch.path().join("marks.tar");
    Process::judge("tar")
        .args(["--owner=0", "--group=0", "-C"])
        .arg(&marks)
        .arg("-cf")
        .arg(&tar)
        .arg("usr/share/.wh.doc")
        .run()?
        .success()?;
    let output = scratch.path().join("whole.tar");
    image(workbench, &[&tree, &layer, &tar], &output, &[])?;
    let listed = Process::judge("tar").arg("-tf").arg(&output).run()?.success()?.output;
    let has = |name: &str| listed.lines().any(|line| line == name);
    ensure!(has("./usr/sbin/init") && has("./sbin") && !has("./sbin/init"), "the layer's init is not below /usr");
    ensure!(!has("./usr/share/doc/") && has("./usr/share/"), "the mark removed nothing, or too much");
    Ok(())
}

fn mixes(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    for (name, arguments, complaint) in [
        ("x.img", &["--dax", "--fs", "squashfs"][..], "squashfs"),
        ("x.img", &["--dax", "--table", "gpt"], "GPT"),
        ("x.squashfs", &["--table", "gpt"], "--table gpt"),
        ("x.tar", &["--verity"], "--verity"),
        ("x.cpio", &["--compress", "lz4"], "--compress lz4"),
        ("x.img", &["--boot", "uefi", "--dax"], "--boot uefi"),
        ("x.img", &["--boot", "bios", "--fs", "squashfs"], "--boot bios"),
        ("x.img", &["--boot", "bios", "--table", "none"], "--boot bios"),
        ("x", &[], "the suffix tells no format"),
    ] {
        let output = scratch.path().join(name);
        let run = workbench.product().debian()?.arg("-o").arg(&output).args(arguments).run()?.exits_with(2)?;
        run.complains(&[complaint])?;
        ensure!(!output.exists(), "{name} is there");
    }
    Ok(())
}

fn mapped(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let disk = scratch.path().join("kata.img");
    let url = workbench.mirror()?.url();
    workbench.product().debian()?.args(["--variant", "minbase", "--agent-init", "--dax", "-o"]).arg(&disk).run()?.success()?;
    let boot = workbench.product().mirror(&url).arg("boot").arg(&disk).args(["--timeout", "120s", "--", "cat", "/proc/mounts"]);
    let mounts = boot.run_guest()?.success()?.output;
    ensure!(mounts.lines().any(|line| line.starts_with("/dev/pmem0p1 / ext4 ro") && line.contains("dax=always")), "{mounts}");
    Ok(())
}

/// A kernel with an initramfs that loads its drivers.
pub(crate) fn kernel(workbench: &Workbench) -> Result<PathBuf, Failed> {
    let url = workbench.mirror()?.url();
    workbench.once("kernel", |path| workbench.product().mirror(&url).args(["kernel", "debian", "-d"]).arg(path).run()?.success().map(drop))
}

/// A machine without what QEMU adds by itself, its serial port on standard output; gives all that was written there.
pub(crate) fn console(arguments: impl FnOnce(Process) -> Process) -> Result<String, Failed> {
    let machine = ["-accel", "tcg,thread=multi", "-cpu", "max", "-machine", "q35", "-m", "1024", "-nodefaults", "-no-reboot"];
    let process = Process::judge("qemu-system-x86_64").args(machine).args(["-display", "none", "-serial", "stdio"]);
    Ok(arguments(process).run_guest()?.success()?.output)
}

/// Such a machine; gives what the guest said once it was up.
pub(crate) fn machine(arguments: impl FnOnce(Process) -> Process) -> Result<String, Failed> {
    let output = console(arguments)?;
    let up = output.lines().find_map(|line| line.split_once("GUEST-UP ")).map(|(_, said)| said.trim().to_owned());
    up.ok_or_else(|| format!("the guest is not up:\n{output}").into())
}

fn initrd(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let [tree, layer] = with_init(workbench, scratch.path())?;
    let kernel = kernel(workbench)?.join("vmlinuz");
    let file = scratch.path().join("initrd.img");
    for compress in ["gz", "zstd:1"] {
        image(workbench, &[&tree, &layer], &file, &["--format", "cpio", "--compress", compress, "--force"])?;
        let said =
            machine(|process| process.arg("-kernel").arg(&kernel).arg("-initrd").arg(&file).args(["-append", "console=ttyS0 panic=-1"]))?;
        ensure!(said.contains("console=ttyS0"), "{said}");
    }
    Ok(())
}

fn firmware(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let [tree, layer] = with_init(workbench, scratch.path())?;
    let disk = scratch.path().join("disk.img");
    let url = workbench.mirror()?.url();
    let build = workbench.product().mirror(&url).arg("image").arg(&tree).arg(&layer).arg("-o").arg(&disk);
    // The size of what firmware starts takes from the root filesystem's, which its identity depends on.
    build.args(["--no-check", "--boot", "uefi", "--size", "600M"]).run()?.success()?;
    let table = Process::judge("sgdisk").arg("--verify").arg(&disk).run()?.success()?.output;
    ensure!(table.contains("No problems found"), "{table}");
    let said = firmware_machine(scratch.path(), &disk)?;
    ensure!(said.starts_with("root=PARTUUID="), "started with another command line: {said}");
    Ok(())
}

/// A machine whose UEFI firmware knows nothing but the disk; as [`machine`].
pub(crate) fn firmware_machine(scratch: &Path, disk: &Path) -> Result<String, Failed> {
    let variables = scratch.join("variables");
    fs_err::copy(FIRMWARE_VARIABLES, &variables)?;
    machine(|process| {
        let pflash = |unit, file: String| format!("if=pflash,unit={unit},format=raw,{file}");
        process
            .args(["-drive", &pflash(0, format!("readonly=on,file={FIRMWARE}"))])
            .args(["-drive", &pflash(1, format!("file={}", variables.display()))])
            .args(["-drive", &format!("if=none,id=disk,format=raw,file={}", disk.display())])
            .args(["-device", "nvme,drive=disk,serial=disk,bootindex=0"])
    })
}
