//! Disks that the BIOS of a PC starts, from the distribution's own GRUB.

use std::path::Path;

use rootfs_tests::{Case, Failed, Need, PlainUser, Process, Product, Workbench, ensure};

use crate::build::BUILD;
use crate::formats::{console, image, kernel, machine, with_init};

pub(crate) fn cases() -> Vec<Case> {
    let boots = [BUILD, &[Need::Judge("qemu-system-x86_64")]].concat();
    let users = [&boots[..], &[Need::Judge("newuidmap"), Need::Judge("unshare"), Need::Judge("setpriv")]].concat();
    vec![
        Case::new("bios::a BIOS starts a disk, and not a damaged one", &boots, starts),
        Case::new("bios::a kernel of the tree's own is started, and not one of two", &boots, own_kernel).only_in_full(),
        Case::new("bios::one lock gives one disk, from the store alone and as a plain user", &users, one_disk).only_in_full(),
    ]
}

/// A machine that gives up when it finds nothing to start.
fn with_disk(process: Process, disk: &Path) -> Process {
    let drive = format!("if=none,id=disk,format=raw,snapshot=on,file={}", disk.display());
    process.args(["-boot", "reboot-timeout=0", "-drive", &drive, "-device", "nvme,drive=disk,serial=disk,bootindex=0"])
}

fn starts(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let [tree, layer] = with_init(workbench, scratch.path())?;
    let disk = scratch.path().join("disk.img");
    let url = workbench.mirror()?.url();
    for arguments in [&["--size", "600M"][..], &["--size", "600M", "--table", "gpt"]] {
        let make = workbench.product().mirror(&url).arg("image").arg(&tree).arg(&layer).arg("-o").arg(&disk);
        let made = make.args(["--no-check", "--force", "--boot", "bios"]).args(arguments).run()?.success()?;
        ensure!(made.error.contains("added to the tree: /boot/vmlinuz-"), "{}", made.report("nothing is said of the kernel"));
        let said = machine(|process| with_disk(process, &disk))?;
        ensure!(said.starts_with("BOOT_IMAGE=/boot/vmlinuz-") && said.contains(" root=PARTUUID="), "{said}");
    }
    // What the BIOS knows a boot sector by.
    let file = fs_err::OpenOptions::new().write(true).open(&disk)?;
    std::os::unix::fs::FileExt::write_all_at(file.file(), &[0; 2], 510)?;
    let said = console(|process| with_disk(process, &disk))?;
    ensure!(!said.contains("GUEST-UP"), "a disk without a boot sector is started:\n{said}");
    Ok(())
}

fn own_kernel(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let [tree, layer] = with_init(workbench, scratch.path())?;
    let boot = layer.join("boot");
    fs_err::create_dir(&boot)?;
    fs_err::copy(kernel(workbench)?.join("vmlinuz"), boot.join("vmlinuz-1.2.3-own"))?;
    let disk = scratch.path().join("disk.img");
    let url = workbench.mirror()?.url();
    let make = || -> Product<'_> {
        let make = workbench.product().mirror(&url).arg("image").arg(&tree).arg(&layer).arg("-o").arg(&disk);
        make.args(["--no-check", "--force", "--boot", "bios"])
    };
    let made = make().run()?.success()?;
    ensure!(made.error.contains("GRUB starts /boot/vmlinuz-1.2.3-own, which the tree has"), "{}", made.report("nothing is said of it"));
    let said = machine(|process| with_disk(process, &disk))?;
    ensure!(said.starts_with("BOOT_IMAGE=/boot/vmlinuz-1.2.3-own root=PARTUUID="), "{said}");

    fs_err::copy(boot.join("vmlinuz-1.2.3-own"), boot.join("vmlinuz-1.2.4-own"))?;
    make().run()?.exits_with(1)?.complains(&["2 kernels in one tree", "1.2.3-own", "1.2.4-own", "hint: "])?;
    // Where nothing is known of the distribution, there is nobody's GRUB.
    let (archive, other) = (scratch.path().join("tree.tar"), scratch.path().join("other.img"));
    image(workbench, &[&tree], &archive, &[])?;
    let foreign = workbench.product().mirror(&url).arg("image").arg(&archive).arg("-o").arg(&other).args(["--no-check", "--boot", "bios"]);
    foreign.run()?.exits_with(1)?.complains(&["no kernel is known", "--boot bios"])?;
    ensure!(!other.exists(), "a disk was made");
    Ok(())
}

fn one_disk(workbench: &Workbench) -> Result<(), Failed> {
    const ARGUMENTS: [&str; 6] = ["--variant", "minbase", "--agent-init", "--boot", "bios", "--explain"];
    let scratch = workbench.scratch()?;
    let place = |name: &str| scratch.path().join(name);
    let (lock, first) = (place("rootfs-gen.lock"), place("first.img"));
    let build = workbench.product().debian()?.args(ARGUMENTS).arg("--lock").arg(&lock);
    build.arg("-o").arg(&first).run()?.success()?;
    let text = fs_err::read_to_string(&lock)?;
    let tools = text.split("\n[[tool]]\n").skip(1).filter(|tool| tool.starts_with("name = \"grub-")).count();
    ensure!(tools == 2, "the lock pins {tools} of GRUB's packages");

    // The machine's firmware starts it, and nothing of GRUB is in the guest.
    let inside = ["--timeout", "150s", "--", "sh", "-c", "ls /usr/lib/grub /usr/bin/grub-mkimage; cat /proc/cmdline"];
    let booted = workbench.product().mirror("http://127.0.0.1:1").arg("boot").arg(&first).args(inside).run_guest()?.success()?;
    ensure!(booted.output.starts_with("BOOT_IMAGE=/boot/vmlinuz-"), "{}", booted.report("not started by GRUB"));

    let bytes = fs_err::read(&first)?;
    let again = |name: &str, product: Product<'_>| -> Result<String, Failed> {
        let product = product.debian()?.mirror("http://127.0.0.1:1").args(ARGUMENTS).arg("--offline").arg("--locked").arg(&lock);
        let run = product.arg("-o").arg(place(name)).run()?.success()?;
        ensure!(fs_err::read(place(name))? == bytes, "{name} is another disk");
        Ok(run.error)
    };
    let said = again("reused.img", workbench.product())?;
    ensure!(said.contains("explain    tools reused"), "{said}");
    let said = again("afresh.img", workbench.product().afresh())?;
    ensure!(said.contains("explain    tools done anew"), "{said}");

    let user = PlainUser::new(workbench, 65536)?;
    let (theirs, disk) = (user.home().join("rootfs-gen.lock"), user.home().join("disk.img"));
    fs_err::copy(&lock, &theirs)?;
    fs_err::set_permissions(&theirs, std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    let build = user.product(workbench).debian()?.args(ARGUMENTS).arg("--locked").arg(&theirs);
    build.arg("-o").arg(&disk).run()?.success()?;
    ensure!(fs_err::read(&disk)? == bytes, "the user's disk differs from root's");

    // A lock of a disk that something else starts.
    let without: String = text.split("\n[[").filter(|part| !part.starts_with("tool]]")).collect::<Vec<_>>().join("\n[[");
    fs_err::write(&theirs, without)?;
    let refused = workbench.product().debian()?.args(ARGUMENTS).arg("--locked").arg(&theirs).arg("-o").arg(place("refused.img"));
    refused.run()?.exits_with(1)?.complains(&["pins no boot loader", "--boot bios"]).map(drop)
}
