//! erofs for guests: read back, mapped, and as an extension of Kata's.

use std::path::Path;

use rootfs_tests::{Case, Failed, Need, Process, Workbench, ensure};

use crate::build::{BUILD, minbase};
use crate::formats::{console, hashed, image, kernel};

/// Reads all programs and libraries, and tells how much larger that made the guest's page cache, in KiB.
const READ: &str = "cached() { awk '/^Cached:/ {print $2}' /proc/meminfo; }
echo 3 > /proc/sys/vm/drop_caches
before=$(cached)
cat /usr/bin/* /usr/lib/*/*.so* > /dev/null
echo \"grew $(( $(cached) - before ))\"
cat /proc/mounts";

/// What Kata's agent does with an extension: it knows the disk by its serial number, has the kernel compare all that is read with the hashes of the command line,
/// and mounts it. The disk is in use then, which rootfs-gen sees.
const INIT: &str = r#"#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
for module in virtio_pci virtio_blk dm-verity erofs; do modprobe $module; done
disk=$(grep -lx extension-gpu /sys/block/*/serial | cut -d/ -f4)
parameters=$(sed -n 's/.*kata\.extension\.gpu\.verity_params=\([^ ]*\).*/\1/p' /proc/cmdline)
value() { echo "$parameters" | tr , '\n' | sed -n "s/^$1=//p"; }
blocks=$(value data_blocks)
dmsetup create extension --noudevsync --readonly --table "0 $((blocks * $(value data_block_size) / 512)) verity 1 \
/dev/${disk}1 /dev/${disk}2 $(value data_block_size) $(value hash_block_size) $blocks 0 sha256 $(value root_hash) $(value salt)"
mkdir -p /run/kata-extensions/gpu
mount -t erofs -o ro /dev/dm-0 /run/kata-extensions/gpu
echo "IN-USE $(/opt/rootfs-gen image /etc --write /dev/$disk --yes 2>&1 | head -1)"
echo "GUEST-UP $(sha256sum < /run/kata-extensions/gpu/usr/lib/driver) $(dmsetup status extension)"
echo o > /proc/sysrq-trigger
sleep 60
"#;

pub(crate) fn cases() -> Vec<Case> {
    let with = |judges: &[&'static str]| [BUILD, &judges.iter().map(|judge| Need::Judge(judge)).collect::<Vec<_>>()].concat();
    vec![
        Case::new("erofs::it comes back, and its hashes are those of an extension", &with(&["fsck.erofs", "veritysetup"]), comes_back),
        Case::new("erofs::a guest's root is mapped, and no page of it is kept twice", &with(&["qemu-system-x86_64"]), mapped)
            .only_in_full(),
        Case::new("erofs::a guest opens an extension as Kata's agent does", &with(&["qemu-system-x86_64"]), extended).only_in_full(),
    ]
}

fn comes_back(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let place = |name: &str| scratch.path().join(name);
    let tree = minbase(workbench)?;
    for compression in ["none", "lz4hc:1"] {
        let file = place("root.erofs");
        image(workbench, &[&tree], &file, &["--compress", compression, "--force"])?;
        Process::judge("fsck.erofs").arg(&file).run()?.success()?;
        let found = workbench.product().arg("verify").arg(&file).run()?.success()?;
        ensure!(
            found.output.contains("(erofs): all metadata") || found.output.contains("erofs: all metadata"),
            "{}",
            found.report("not verified")
        );
    }
    let inspected = workbench.product().arg("inspect").arg(place("root.erofs")).run()?.success()?.output;
    ensure!(inspected.contains("lz4, blocks of 4096"), "{inspected}");
    let bytes = fs_err::read(place("root.erofs"))?;
    fs_err::write(place("cut.erofs"), &bytes[..bytes.len() / 2])?;
    ensure!(!Process::judge("fsck.erofs").arg(place("cut.erofs")).run()?.status.success(), "half an image is accepted");
    // An extension: the same filesystem and its hashes, as Kata's runtime wants them.
    let disk = place("extension.img");
    let made = image(workbench, &[&tree], &disk, &["--extension", "gpu", "--compress", "lz4hc:1"])?;
    ensure!(
        made.error.contains("extension-gpu") && made.error.contains("kata.extension.gpu.verity_params=root_hash="),
        "{}",
        made.report("?")
    );
    ensure!(fs_err::read(&disk)?[1 << 20..][..bytes.len()] == bytes, "the partition holds another filesystem");
    workbench.product().arg("verify").arg(&disk).run()?.success()?;
    hashed(&disk, scratch.path()).map(drop)
}

/// As Kata's guests have it, with DAX and without.
fn mapped(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let url = workbench.mirror()?.url();
    let guest = |name: &str, arguments: &[&str]| -> Result<(String, i64), Failed> {
        let disk = scratch.path().join(name);
        let build = workbench.product().debian()?.args(["--variant", "minbase", "--agent-init", "--fs", "erofs"]).args(arguments);
        build.arg("-o").arg(&disk).run()?.success()?;
        let boot = workbench.product().mirror(&url).arg("boot").arg(&disk).args(["--timeout", "120s", "--", "sh", "-c", READ]);
        let said = boot.run_guest()?.success()?.output;
        let grew = said.lines().find_map(|line| line.strip_prefix("grew ")?.parse().ok()).ok_or("nothing is said of the page cache")?;
        let root = said.lines().find(|line| line.contains(" / erofs ro")).ok_or_else(|| format!("the root is no erofs: {said}"))?;
        Ok((root.to_owned(), grew))
    };
    for (name, arguments) in [("plain.img", &["--dax"][..]), ("chunks.img", &["--dax", "--block-size", "4K"])] {
        let (root, grew) = guest(name, arguments)?;
        ensure!(root.starts_with("/dev/pmem0p1 ") && root.contains("dax=always"), "{root}");
        ensure!(grew < 1024, "{name}: {grew} KiB of what is mapped are in the page cache");
    }
    let inspected = workbench.product().arg("inspect").arg(scratch.path().join("chunks.img")).run()?.success()?.output;
    ensure!(inspected.contains("chunked_file"), "{inspected}");
    // Without DAX the same reads fill it.
    let (root, grew) = guest("disk.img", &[])?;
    ensure!(!root.contains("dax=always") && grew > 30 << 10, "{root}: {grew} KiB");
    Ok(())
}

fn extended(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let place = |name: &str| scratch.path().join(name);
    // The guest: a kernel with its modules, what sets devices up, and ourselves.
    for directory in ["layer/sbin", "layer/opt", "gpu/usr/lib"] {
        fs_err::create_dir_all(place(directory))?;
    }
    fs_err::write(place("layer/sbin/init"), INIT)?;
    fs_err::set_permissions(place("layer/sbin/init"), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    fs_err::copy(&workbench.settings().product, place("layer/opt/rootfs-gen"))?;
    let tree = place("tree");
    let packages = "kmod,dmsetup,libgcc-s1,linux-image-cloud-amd64";
    let build = workbench.product().debian()?.args(["--variant", "minbase", "--agent", "none", "--package", packages, "-r"]);
    build.arg(&tree).run()?.success()?;
    image(workbench, &[&tree, &place("layer")], &place("root.img"), &[])?;
    let driver: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    fs_err::write(place("gpu/usr/lib/driver"), &driver)?;
    let made = image(workbench, &[&place("gpu")], &place("gpu.img"), &["--extension", "gpu", "--compress", "none"])?.error;
    let parameter = made.lines().find_map(|line| line.trim().strip_prefix("kernel ")).ok_or("no parameter is told")?.trim();
    let sum = Process::new("sha256sum").arg(place("gpu/usr/lib/driver")).run()?.success()?.output;
    let sum = sum.split(' ').next().ok_or("no sum")?;

    let said = guest(workbench, &place("root.img"), &place("gpu.img"), parameter)?;
    ensure!(said.contains(sum) && said.trim().ends_with('V'), "{said}");
    // A changed block of the file, and another root hash.
    let mut bytes = fs_err::read(place("gpu.img"))?;
    bytes[(1 << 20) + 2_000_000] ^= 1;
    fs_err::write(place("changed.img"), bytes)?;
    let said = guest(workbench, &place("root.img"), &place("changed.img"), parameter)?;
    ensure!(!said.contains(sum) && said.trim().ends_with('C'), "{said}");
    let at = parameter.find("root_hash=").ok_or("no root hash")? + "root_hash=".len();
    let other = format!("{}0000{}", &parameter[..at], &parameter[at + 4..]);
    let said = guest(workbench, &place("root.img"), &place("gpu.img"), &other)?;
    ensure!(!said.contains(sum) && said.trim().ends_with('C'), "{said}");
    Ok(())
}

/// What the guest says that gets a disk as an extension.
fn guest(workbench: &Workbench, root: &Path, extension: &Path, parameter: &str) -> Result<String, Failed> {
    let kernel = kernel(workbench)?;
    let output = console(|process| {
        let drive = |name: &str, file: &Path, more: &str| format!("if=none,id={name},format=raw,file={},{more}", file.display());
        process
            .arg("-kernel")
            .arg(kernel.join("vmlinuz"))
            .arg("-initrd")
            .arg(kernel.join("initrd"))
            .args(["-append", &format!("console=ttyS0 quiet panic=-1 root=/dev/nvme0n1p1 rw {parameter}")])
            .args(["-drive", &drive("root", root, "snapshot=on"), "-device", "nvme,drive=root,serial=root"])
            .args(["-drive", &drive("gpu", extension, "readonly=on"), "-device", "virtio-blk-pci,drive=gpu,serial=extension-gpu"])
    })?;
    ensure!(output.contains("is a part of dm-0"), "a disk that a volume is made of is not refused:\n{output}");
    let up = output.lines().find_map(|line| line.split_once("GUEST-UP ")).map(|(_, said)| said.trim().to_owned());
    up.ok_or_else(|| format!("the guest is not up:\n{output}").into())
}
