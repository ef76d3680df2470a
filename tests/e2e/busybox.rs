//! Guests of BusyBox and glibc: small enough, and all that they claim to be.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rootfs_tests::{Case, Failed, Need, PlainUser, Process, Product, Workbench, ensure};

use crate::build::BUILD;
use crate::formats::{firmware_machine, kernel, machine};
use crate::host::{is_own, programs_outside, strace};

const MIB: u64 = 1 << 20;

/// The flags with which BusyBox and glibc are smallest.
const SMALLEST: [&str; 4] = ["--compress", "xz", "--block-size", "1M"];

/// The source of a program that needs much of glibc, without the headers and libraries of the guest.
const FOREIGN: &str = include_str!("../data/foreign.c");

pub(crate) fn cases() -> Vec<Case> {
    let with = |judges: &[&'static str]| [BUILD, &judges.iter().map(|judge| Need::Judge(judge)).collect::<Vec<_>>()].concat();
    let boots = with(&["qemu-system-x86_64", "e2fsck"]);
    vec![
        Case::new("busybox::images are as small as they should be", &with(&["unsquashfs"]), small),
        Case::new("busybox::every command is a link", BUILD, commands),
        Case::new("busybox::programs from elsewhere run", &with(&["cc"]), foreign),
        Case::new("busybox::packages come with their libraries", BUILD, packages),
        Case::new("busybox::any architecture is built here", &with(&["readelf"]), architectures),
        Case::new("busybox::a user without namespaces has root's bytes", &with(&["unshare", "setpriv"]), plain),
        Case::new("busybox::no program is run", &with(&["strace"]), nothing_is_run),
        Case::new("busybox::a root that can't be written has writable directories", &boots, writable),
        Case::new("busybox::a disk keeps what is written", &boots, kept),
        Case::new(
            "busybox::firmware starts a disk, and it powers off",
            &with(&["qemu-system-x86_64", "/usr/share/OVMF/OVMF_CODE_4M.fd"]),
            firmware,
        ),
        Case::new("busybox::a key logs in by SSH", &with(&["qemu-system-x86_64", "ssh", "ssh-keygen"]), ssh),
        Case::new("busybox::what makes no sense is refused", BUILD, refused),
    ]
}

/// A build of the release that the figures are for.
fn build(workbench: &Workbench) -> Result<Product<'_>, Failed> {
    let url = workbench.mirror()?.url();
    Ok(workbench.product().arg("busybox").mirror(&url).args(["--release", "bookworm"]))
}

/// The tree of a profile, built by the first case that asks.
fn tree(workbench: &Workbench, profile: &str) -> Result<PathBuf, Failed> {
    workbench.once(&format!("busybox-{profile}"), |path| {
        build(workbench)?.args(["--profile", profile]).into_directory(path).run()?.success().map(drop)
    })
}

fn small(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    for (profile, limit) in [("own", 12 * MIB / 10), ("libs", 17 * MIB / 10)] {
        let file = scratch.path().join(format!("{profile}.squashfs"));
        build(workbench)?.args(["--profile", profile, "-o"]).arg(&file).args(SMALLEST).run()?.success()?;
        let size = fs_err::metadata(&file)?.len();
        ensure!(size <= limit, "{profile} has {size} bytes, more than {limit}");
        let listed = Process::judge("unsquashfs").arg("-lls").arg(&file).run()?.success()?.output;
        ensure!(listed.lines().any(|line| line.ends_with("usr/sbin/init -> ../bin/busybox")), "{listed}");
        ensure!(listed.lines().any(|line| line.starts_with("crw") && line.ends_with("/dev/console")), "{listed}");
        let again = scratch.path().join("again.squashfs");
        build(workbench)?.args(["--profile", profile, "--force", "--offline", "-o"]).arg(&again).args(SMALLEST).run()?.success()?;
        ensure!(fs_err::read(&file)? == fs_err::read(&again)?, "another build has other bytes");
    }
    let file = scratch.path().join("libs.tar.xz");
    build(workbench)?.arg("-o").arg(&file).run()?.success()?;
    let size = fs_err::metadata(&file)?.len();
    ensure!(size <= 1_600_000, "the archive has {size} bytes");
    Ok(())
}

/// Runs something in a tree, and gives what it prints.
fn inside(workbench: &Workbench, tree: &Path, command: &[&str]) -> Result<String, Failed> {
    Ok(workbench.product().arg("shell").arg(tree).arg("--").args(command).run()?.success()?.output)
}

fn commands(workbench: &Workbench) -> Result<(), Failed> {
    let tree = tree(workbench, "own")?;
    let listed = inside(workbench, &tree, &["busybox", "--list"])?;
    let told: BTreeSet<&str> = listed.lines().collect();
    ensure!(told.len() >= 250, "BusyBox has {} commands", told.len());
    let mut links = BTreeSet::new();
    for directory in ["usr/bin", "usr/sbin"] {
        for entry in fs_err::read_dir(tree.join(directory))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name != "busybox" {
                links.insert(name);
            }
        }
    }
    ensure!(links.iter().map(String::as_str).eq(told.iter().copied()), "links and commands differ: {links:?}");
    let said = inside(workbench, &tree, &["sh", "-c", "mount --help 2>&1 | head -1; echo a b | awk '{ print $2 }'; test -x /sbin/init"])?;
    ensure!(said.starts_with("BusyBox v") && said.ends_with("\nb\n"), "{said}");
    let root = inside(workbench, &tree, &["grep", "^root:", "/etc/shadow"])?;
    ensure!(root.starts_with("root:*:"), "root is not locked: {root}");
    workbench.product().arg("check").arg(&tree).run()?.success()?;
    Ok(())
}

fn foreign(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let programs = scratch.path().join("overlay/usr/local/bin");
    fs_err::create_dir_all(&programs)?;
    let source = scratch.path().join("foreign.c");
    fs_err::write(&source, FOREIGN)?;
    let compile =
        Process::judge("cc").arg("-o").arg(programs.join("foreign")).arg(&source).args(["-Wl,--no-as-needed", "-lpthread", "-ldl", "-lm"]);
    compile.run()?.success()?;
    let run = |profile: &str| -> Result<rootfs_tests::Finished, Failed> {
        let out = scratch.path().join(profile);
        let build = build(workbench)?.args(["--profile", profile, "--overlay"]).arg(scratch.path().join("overlay"));
        build.into_directory(&out).run()?.success()?;
        workbench.product().arg("shell").arg(&out).args(["--", "foreign"]).run()
    };
    let said = run("libs")?.success()?.output;
    ensure!(said.lines().count() == 5 && said.lines().all(|line| line.ends_with(" works")), "{said}");
    ensure!(!run("own")?.status.success(), "a program runs without its libraries");
    Ok(())
}

fn packages(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let out = scratch.path().join("out");
    let build = build(workbench)?.args(["--profile", "full", "--extra-pkg", "bash,ca-certificates,file"]);
    let run = build.into_directory(&out).run()?.success()?;
    run.complains(&["note: ca-certificates depends on openssl, debconf", "of which nothing is taken"])?;
    let version = inside(workbench, &out, &["bash", "-c", "echo $BASH_VERSION; getent passwd root; echo ä | iconv -t utf-16le | wc -c"])?;
    ensure!(version.starts_with("5.2") && version.contains("root:x:0:0") && version.ends_with("4\n"), "{version}");
    // libmagic is needed by nothing but the package that was added; its data lie in a package of their own, which was not.
    let magic = inside(workbench, &out, &["sh", "-c", "ldd /usr/bin/file 2>&1; ls /usr/lib/*/libmagic.so.1"])?;
    ensure!(magic.contains("libmagic.so.1"), "{magic}");
    let bundle = fs_err::read_to_string(out.join("etc/ssl/certs/ca-certificates.crt"))?;
    let own = fs_err::read_dir(out.join("usr/share/ca-certificates/mozilla"))?.count();
    let count = bundle.matches("BEGIN CERTIFICATE").count();
    ensure!(own > 100 && count == own, "{count} certificates of {own} are in the bundle");
    for absent in ["usr/share/doc/bash", "var/lib/dpkg", "usr/bin/perl", "usr/bin/openssl"] {
        ensure!(!out.join(absent).exists(), "{absent} is there");
    }
    Ok(())
}

fn architectures(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let out = scratch.path().join("out");
    build(workbench)?.args(["--arch", "arm64"]).into_directory(&out).run()?.success()?;
    let header = Process::judge("readelf").arg("-h").arg(out.join("usr/bin/busybox")).run()?.success()?.output;
    ensure!(header.contains("AArch64"), "{header}");
    let refused =
        build(workbench)?.args(["--arch", "arm64", "--agent", "own", "-o"]).arg(scratch.path().join("x.tar")).run()?.exits_with(2)?;
    refused.complains(&["--agent own", "aarch64", "--agent FILE"])?;
    Ok(())
}

fn plain(workbench: &Workbench) -> Result<(), Failed> {
    // No subordinate ids: no namespace can be made.
    let user = PlainUser::new(workbench, 0)?;
    let url = workbench.mirror()?.url();
    let (image, out, made) = (user.home().join("a.squashfs"), user.home().join("out"), user.home().join("b.squashfs"));
    let build = user
        .product(workbench)
        .arg("busybox")
        .mirror(&url)
        .args(["--release", "bookworm", "--extra-pkg", "dropbear-bin", "-o"])
        .arg(&image);
    build.into_directory(&out).run()?.success()?;
    let scratch = workbench.scratch()?;
    let (roots, roots_out) = (scratch.path().join("root.squashfs"), scratch.path().join("out"));
    let build = self::build(workbench)?.args(["--extra-pkg", "dropbear-bin", "-o"]).arg(&roots);
    build.into_directory(&roots_out).run()?.success()?;
    ensure!(fs_err::read(&image)? == fs_err::read(&roots)?, "the user's image differs from root's");
    let digest = user.product(workbench).digest(&out)?;
    ensure!(digest == workbench.product().digest(&roots_out)?, "the user's directory stands for another tree than root's");
    user.product(workbench).arg("image").arg(&out).arg("-o").arg(&made).run()?.success()?;
    ensure!(fs_err::read(&made)? == fs_err::read(&roots)?, "an image of the user's directory differs from root's");
    user.product(workbench).arg("rm").arg(&out).run()?.success()?;
    Ok(())
}

fn nothing_is_run(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let trace = scratch.path().join("trace");
    let url = workbench.mirror()?.url();
    let product = Product::under(workbench, strace(&trace)).afresh().arg("busybox").mirror(&url).env("PATH", "");
    product.args(["--release", "bookworm", "-o"]).arg(scratch.path().join("x.squashfs")).run()?.success()?;
    let text = fs_err::read_to_string(&trace)?;
    let own = workbench.settings().product.display().to_string();
    let programs: Vec<String> = programs_outside(&text).into_iter().filter(|program| !is_own(program, &own)).collect();
    ensure!(programs.is_empty() && !text.contains("chroot("), "something was run: {programs:?}\n{text}");
    ensure!(text.contains("execve("), "the trace shows nothing; it proves nothing");
    Ok(())
}

/// A layer with a script that runs once the guest is up.
pub(crate) fn with_script(directory: &Path, script: &str) -> Result<PathBuf, Failed> {
    let layer = directory.join("layer");
    fs_err::create_dir_all(layer.join("etc"))?;
    fs_err::write(layer.join("etc/rc.local"), format!("#!/bin/sh\n{script}"))?;
    fs_err::set_permissions(layer.join("etc/rc.local"), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(layer)
}

/// Says which writable directory is none, and what can be written that should not be; then again with all that the guest is to be.
const WRITES: &str = "for path in /etc /var /home /root /tmp /run; do
    echo $path > $path/written && test \"$(cat $path/written)\" = $path || echo $path is not writable
done
touch /usr/written 2>/dev/null && echo /usr is writable
test \"$(cat /etc/hostname)\" = busybox && test \"$(hostname)\" = busybox || echo the host name is lost
ip -4 addr show dev lo | grep -q 127.0.0.1 || echo there is no loopback
test \"$(cat /proc/1/comm)\" = init || echo another init
logread | grep -q klogd || echo the kernel has no log
exit 7";

fn writable(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let disk = scratch.path().join("disk.img");
    build(workbench)?.args(["--agent", "own", "--fs", "squashfs", "-o"]).arg(&disk).run()?.success()?;
    let url = workbench.mirror()?.url();
    let boot = workbench.product().mirror(&url).arg("boot").arg(&disk).args(["--timeout", "120s", "--", "sh", "-c", WRITES]);
    let said = boot.run_guest()?.exits_with(7)?;
    ensure!(said.output.is_empty(), "{}", said.output);
    Ok(())
}

/// A guest whose root can't be written, twice, with the same empty disk: the second finds what the first wrote.
fn kept(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let place = |name: &str| scratch.path().join(name);
    let script =
        "echo \"GUEST-UP $(cat /root/kept) $(grep -c ' /rw ext4 ' /proc/mounts)\" > /dev/console\necho before > /root/kept\npoweroff\n";
    let layer = with_script(scratch.path(), script)?;
    let settings = fs_err::read_to_string(tree(workbench, "libs")?.join("etc/rc.conf"))?;
    ensure!(settings.contains("\nrw_device=\"\"\n"), "{settings}");
    fs_err::write(layer.join("etc/rc.conf"), settings.replace("\nrw_device=\"\"", "\nrw_device=/dev/vdb"))?;
    let (root, disk, empty) = (place("root.squashfs"), place("disk.img"), place("empty"));
    build(workbench)?.arg("--overlay").arg(&layer).arg("-o").arg(&root).run()?.success()?;
    fs_err::create_dir(&empty)?;
    let image = workbench.product().arg("image").arg(&empty).args(["--table", "none", "--size", "32M", "--no-check", "-o"]);
    image.arg(&disk).run()?.success()?;
    let kernel = kernel(workbench)?;
    for before in ["", "before"] {
        let said = machine(|process| {
            let drive = |file: &Path, more: &str| format!("if=virtio,format=raw,file={}{more}", file.display());
            let process = process.arg("-kernel").arg(kernel.join("vmlinuz")).arg("-initrd").arg(kernel.join("initrd"));
            let process = process.args(["-append", "root=/dev/vda rootfstype=squashfs ro console=ttyS0 panic=-1"]);
            process.args(["-drive", &drive(&root, ",readonly=on")]).args(["-drive", &drive(&disk, "")])
        })?;
        ensure!(said == format!("{before} 1").trim_start(), "{said}");
    }
    Process::judge("e2fsck").args(["-fn"]).arg(&disk).run()?.success().map(drop)
}

fn firmware(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let layer = with_script(scratch.path(), "echo \"GUEST-UP $(cat /proc/cmdline)\" > /dev/console\npoweroff\n")?;
    let disk = scratch.path().join("disk.img");
    build(workbench)?.arg("--overlay").arg(&layer).args(["--boot", "uefi", "-o"]).arg(&disk).run()?.success()?;
    let said = firmware_machine(scratch.path(), &disk)?;
    ensure!(said.starts_with("root=PARTUUID="), "started with another command line: {said}");
    Ok(())
}

fn ssh(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let (key, other, disk) = (scratch.path().join("key"), scratch.path().join("other"), scratch.path().join("disk.img"));
    for key in [&key, &other] {
        Process::judge("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(key).run()?.success()?;
    }
    build(workbench)?.args(["--agent", "own", "--ssh-key"]).arg(key.with_extension("pub")).arg("-o").arg(&disk).run()?.success()?;
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let url = workbench.mirror()?.url();
    let guest = workbench.product().mirror(&url).arg("boot").arg(&disk).args(["--forward", &format!("{port}:22"), "--timeout", "300s"]);
    let guest = guest.args(["--", "sleep", "300"]).start()?;
    let login = |key: &Path| {
        let options =
            ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "ConnectTimeout=5"];
        let ssh = Process::judge("ssh").args(options.iter().flat_map(|option| ["-o", option])).arg("-i").arg(key);
        ssh.args(["-p", &port.to_string(), "root@127.0.0.1", "id -u; hostname"]).run()
    };
    let mut answer = login(&key)?;
    for _ in 0..60 {
        if answer.status.success() {
            break;
        }
        sleep(Duration::from_secs(1));
        answer = login(&key)?;
    }
    let stranger = login(&other)?;
    guest.signal(rustix::process::Signal::INT)?;
    guest.finish(Duration::from_secs(60))?;
    ensure!(answer.status.success() && answer.output == "0\nbusybox\n", "{}", answer.report("no login"));
    ensure!(stranger.error.contains("Permission denied"), "{}", stranger.report("another key logs in"));
    Ok(())
}

fn refused(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let output = scratch.path().join("x.tar");
    for (arguments, complaints) in [
        (&["--package", "bash"][..], &["--extra-pkg"][..]),
        (&["--recommends"], &["--extra-pkg"]),
        (&["--profile", "huge"], &["huge", "own, libs, full"]),
        (&["--extra-pkg", "no-such-package"], &["no-such-package"]),
        (&["--cross", "aarch64-linux-gnu-"], &["--from source"]),
        (&["--from", "scratch"], &["scratch", "packages, source"]),
        (&["--from", "source", "--cross", "vax-dec-ultrix-"], &["vax-dec-ultrix-", "aarch64-linux-gnu-"]),
        (&["--from", "source", "--cross", "aarch64-linux-gnu-", "--arch", "s390x"], &["aarch64", "s390x"]),
    ] {
        let run = build(workbench)?.args(arguments).arg("-o").arg(&output).run()?;
        ensure!(!run.status.success(), "{}", run.report("accepted"));
        run.complains(complaints)?;
        ensure!(!output.exists(), "something is left");
    }
    Ok(())
}
