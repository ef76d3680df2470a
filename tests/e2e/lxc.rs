//! Containers of LXC, started by the configuration that `rootfs-gen lxc` writes and by LXC's own programs.

mod container;

use std::path::{Path, PathBuf};

use rootfs_tests::{Case, Failed, GentooSite, Need, PlainUser, Process, Product, Release, Workbench, ensure};

use crate::build::GUEST;
use crate::gentoo;
use container::Container;

const NEEDS: &[Need] = &[
    Need::Product,
    Need::Root,
    Need::Debian,
    Need::Judge("lxc-start"),
    Need::Judge("lxc-stop"),
    Need::Judge("lxc-attach"),
    Need::Judge("lxc-info"),
    Need::Judge("lxc-execute"),
    Need::Judge("losetup"),
];

pub(crate) fn cases() -> Vec<Case> {
    let with_ids = [NEEDS, &[Need::Judge("unshare"), Need::Judge("setpriv"), Need::Judge("newuidmap")]].concat();
    let with_bridge = [NEEDS, &[Need::Judge("ip")]].concat();
    let with_gentoo = [NEEDS, &gentoo::needs()].concat();
    vec![
        Case::new("lxc::a squashfs of BusyBox boots, is entered, restarts and stops", NEEDS, image),
        Case::new("lxc::what is written stays in the host's directory", NEEDS, stays),
        Case::new("lxc::a directory of BusyBox boots", NEEDS, directory),
        Case::new("lxc::a container shares the host's network and leaves it alone", NEEDS, host_network),
        Case::new("lxc::a container is on a bridge", &with_bridge, bridge),
        Case::new("lxc::a tree without init runs commands", NEEDS, without_init),
        Case::new("lxc::a Gentoo shell runs commands", &with_gentoo, gentoo_shell),
        Case::new("lxc::a directory of systemd boots and stops", NEEDS, systemd),
        Case::new("lxc::a plain user's directory boots", &with_ids, plain_user),
        Case::new("lxc::what would have the wrong owners inside is refused", &with_ids, wrong_owners),
        Case::new("lxc::LXC refuses a wrong configuration", NEEDS, refused),
        Case::new("lxc::BusyBox doesn't stop by a signal that it doesn't know", NEEDS, ignored),
    ]
}

/// BusyBox's guest, of a case's own: which image a loop device holds is then the case's alone.
fn busybox(workbench: &Workbench, to: &Path, form: &str) -> Result<PathBuf, Failed> {
    let made = workbench.once("lxc-busybox", |path| {
        fs_err::create_dir(path)?;
        let url = workbench.mirror()?.url();
        let build = workbench.product().arg("busybox").mirror(&url).arg("-o").arg(path.join("guest.squashfs"));
        let built = build.into_directory(&path.join("guest")).run()?.success()?;
        built.complains(&["rootfs-gen lxc "]).map(drop)
    })?;
    let (from, to) = (made.join(form), to.join(form));
    if from.is_dir() {
        rootfs_tests::copy_tree(&from, &to)?;
    } else {
        fs_err::copy(&from, &to)?;
    }
    Ok(to)
}

/// Until init's script has done its work.
const BOOTED: &str = "n=0; until test -e /run/resolv.conf && test -S /dev/log; do n=$((n+1)); test $n -lt 300 || exit 1; sleep 0.1; done";

fn image(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let image = busybox(workbench, scratch.path(), "guest.squashfs")?;
    let container = Container::write(workbench, scratch.path(), &image, &[])?;
    container.start()?;
    container.attach(BOOTED)?;
    let processes = container.attach("ps")?;
    ensure!(processes.contains("init") && processes.contains("syslogd"), "{processes}");
    let disks = container.attach("df -a; cat /proc/mounts")?;
    ensure!(disks.contains(" / squashfs ro,"), "the root is no read-only squashfs:\n{disks}");
    ensure!(container.attach("hostname")?.trim() == container.name(), "the host has another name");
    let written = "for d in etc var home root; do echo $d >/$d/written && cat /$d/written; done; ! touch /usr/x 2>/dev/null";
    ensure!(container.attach(written)? == "etc\nvar\nhome\nroot\n", "what was written is not read back");
    let alone = container.attach("ls /sys/class/net; ip -o addr show dev lo")?;
    ensure!(alone.starts_with("lo\n") && alone.contains("127.0.0.1"), "{alone}");

    container.attach("echo 'echo seen >/dev/console' >/etc/rc.local.shutdown; chmod +x /etc/rc.local.shutdown")?;
    let before = container.process()?;
    container.stop(&["--reboot"])?;
    container.wait_for("another process 1", || Ok(container.process().is_ok_and(|process| process != before)))?;
    container.attach(BOOTED)?;
    ensure!(container.attach("test ! -e /etc/written; echo $?")? == "0\n", "what lay in the memory has outlived it");

    container.attach("echo 'echo seen >/dev/console' >/etc/rc.local.shutdown; chmod +x /etc/rc.local.shutdown")?;
    container.stop(&["--nokill", "--timeout", "60"])?;
    ensure!(container.state()? == "STOPPED", "the container is {}", container.state()?);
    ensure!(container.loop_devices()?.is_empty(), "the image is still held by {:?}", container.loop_devices()?);
    let console = container.console()?;
    ensure!(console.matches("seen").count() == 2, "init's shutdown script was not run twice:\n{console}");
    ensure!(console.contains("Requesting system reboot") && console.contains("Requesting system poweroff"), "{console}");
    Ok(())
}

fn stays(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let writable = scratch.path().join("what stays");
    fs_err::create_dir(&writable)?;
    let image = busybox(workbench, scratch.path(), "guest.squashfs")?;
    let container = Container::write(workbench, scratch.path(), &image, &["--rw", &writable.display().to_string()])?;
    for round in ["first", "second"] {
        container.start()?;
        container.attach(BOOTED)?;
        let script = format!("for d in etc var home root; do echo {round} >>/$d/written; cat /$d/written; done");
        let found = container.attach(&script)?;
        let expected = if round == "first" { "first\n" } else { "first\nsecond\n" }.repeat(4);
        ensure!(found == expected, "in the {round} round there is\n{found}");
        container.stop(&["--nokill", "--timeout", "60"])?;
    }
    let kept = fs_err::read_dir(&writable)?.count();
    ensure!(kept == 4, "{kept} directories are kept, not 4");
    Ok(())
}

fn directory(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let root = busybox(workbench, scratch.path(), "guest")?;
    let container = Container::write(workbench, scratch.path(), &root, &[])?;
    container.start()?;
    container.attach(BOOTED)?;
    ensure!(container.attach("echo kept >/usr/kept; id -u")? == "0\n", "not root inside");
    container.stop(&["--nokill", "--timeout", "60"])?;
    ensure!(fs_err::read_to_string(root.join("usr/kept"))? == "kept\n", "it was not written into the directory");
    Ok(())
}

/// In a network namespace of the case's own, which stands for the host.
fn host_network(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let image = busybox(workbench, scratch.path(), "guest.squashfs")?;
    let container = Container::write(workbench, scratch.path(), &image, &["--net", "none"])?;
    let own = fs_err::read_link("/proc/self/ns/net")?;
    container.start()?;
    container.attach(BOOTED)?;
    let theirs = container.attach("readlink /proc/self/ns/net; ps")?;
    ensure!(theirs.starts_with(&*own.to_string_lossy()), "the network is not the host's: {theirs}");
    ensure!(!theirs.contains("udhcpc"), "the guest asks for an address:\n{theirs}");
    container.stop(&["--nokill", "--timeout", "60"])
}

fn bridge(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let bridge = Bridge::new()?;
    let image = busybox(workbench, scratch.path(), "guest.squashfs")?;
    let container = Container::write(workbench, scratch.path(), &image, &["--net", &format!("veth:{}", bridge.name)])?;
    container.start()?;
    container.attach(BOOTED)?;
    let links = container.attach("ip -o link show dev eth0; ps")?;
    ensure!(links.contains("UP") && links.contains("udhcpc"), "eth0 is not up, or nobody asks for its address:\n{links}");
    let cable = Process::judge("ip").args(["-o", "link", "show", "master", &bridge.name]).run()?.success()?;
    ensure!(cable.output.contains("veth"), "no cable leads to the bridge:\n{}", cable.output);
    container.stop(&["--nokill", "--timeout", "60"])
}

/// A bridge of a case's own.
struct Bridge {
    name: String,
}

impl Bridge {
    fn new() -> Result<Self, Failed> {
        let name = format!("rg{}", std::process::id());
        Process::judge("ip").args(["link", "add", &name, "type", "bridge"]).run()?.success()?;
        let bridge = Self { name };
        Process::judge("ip").args(["link", "set", &bridge.name, "up"]).run()?.success()?;
        Ok(bridge)
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _gone = Process::judge("ip").args(["link", "delete", &self.name]).run();
    }
}

fn without_init(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let root = busybox(workbench, scratch.path(), "guest")?;
    fs_err::remove_file(root.join("usr/sbin/init"))?;
    let container = Container::write(workbench, scratch.path(), &root, &[])?;
    ensure!(container.told().contains("lxc-execute") && container.told().contains("no /sbin/init"), "{}", container.told());
    let run = container.program("lxc-execute").args(["--", "/bin/sh", "-c", "echo from $(hostname); exit 7"]).run()?.exits_with(7)?;
    ensure!(run.output == format!("from {}\n", container.name()), "{}", run.report("not what the command says"));
    Ok(())
}

/// Gentoo's smallest set with a shell: no init, and nothing of the host's.
fn gentoo_shell(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let root = scratch.path().join("guest");
    gentoo::build_set(&GentooSite::new(workbench)?, workbench.product(), "shell").into_directory(&root).run()?.success()?;
    let container = Container::write(workbench, scratch.path(), &root, &[])?;
    let script = "echo $(busybox hostname) $(busybox id -u); . /etc/os-release; echo $ID; exit 7";
    let run = container.program("lxc-execute").args(["--", "/bin/sh", "-c", script]).run()?.exits_with(7)?;
    ensure!(run.output == format!("{} 0\ngentoo\n", container.name()), "{}", run.report("not what the commands say"));
    Ok(())
}

/// Until systemd has nothing more to start. Before that it may not take signals yet.
const BOOTED_SYSTEMD: &str = "n=0; until systemctl is-system-running 2>/dev/null | grep -E 'running|degraded'; do n=$((n+1)); test $n -lt 300 || exit 1; sleep 0.2; done";

fn systemd(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let root = scratch.path().join("guest");
    rootfs_tests::copy_tree(&GUEST.tree(workbench, Release::Bookworm)?, &root)?;
    let container = Container::write(workbench, scratch.path(), &root, &[])?;
    container.start()?;
    container.attach(BOOTED_SYSTEMD)?;
    let before = container.process()?;
    container.stop(&["--reboot"])?;
    container.wait_for("another process 1", || Ok(container.process().is_ok_and(|process| process != before)))?;
    container.attach(BOOTED_SYSTEMD)?;
    container.stop(&["--nokill", "--timeout", "90"])?;
    ensure!(container.state()? == "STOPPED", "the container is {}", container.state()?);
    Ok(())
}

/// A user's own directory of BusyBox, with a file of another user's in it.
fn users_directory(workbench: &Workbench, ids: u32) -> Result<PlainUser, Failed> {
    let user = PlainUser::new(workbench, ids)?;
    let url = workbench.mirror()?.url();
    let build = user.product(workbench).arg("busybox").mirror(&url).args(["--user", "ann"]);
    build.into_directory(&user.home().join("guest")).run()?.success()?;
    Ok(user)
}

fn plain_user(workbench: &Workbench) -> Result<(), Failed> {
    let user = users_directory(workbench, 65536)?;
    let name = format!("rootfs-gen-{}-user", std::process::id());
    let run = user.product(workbench).arg("lxc").arg(user.home().join("guest")).args(["-n", &name]).run()?.success()?;
    ensure!(run.error.contains(&format!("  start   lxc-start -n {name}\n")), "{}", run.report("not the user's own place"));
    let config = fs_err::read_to_string(user.home().join(".local/share/lxc").join(&name).join("config"))?;
    for line in ["u 0 4242 1", "u 1 600100000 65536", "g 0 4242 1", "g 1 600100000 65536"] {
        ensure!(config.contains(&format!("lxc.idmap = {line}\n")), "no map `{line}`:\n{config}");
    }
    let script = format!(
        "trap 'lxc-stop -n {name} --kill 2>/dev/null || :' EXIT
        lxc-start -n {name} -o \"$HOME/log\" -l INFO || {{ cat \"$HOME/log\" >&2; exit 1; }}
        lxc-attach -n {name} --clear-env -- /bin/sh -c '{BOOTED}; id -u; stat -c %U:%u /etc/shadow /home/ann; echo kept >/etc/kept'
        lxc-stop -n {name} --nokill --timeout 60"
    );
    let inside = user.script(&script).run()?.success()?;
    ensure!(inside.output == "0\nroot:0\nann:1000\n", "{}", inside.report("not root, or other owners"));
    ensure!(fs_err::read_to_string(user.home().join("guest/etc/kept"))? == "kept\n", "it was not written into the directory");
    Ok(())
}

fn wrong_owners(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let refuse = |run: Product<'_>, root: &Path, complaints: &[&str]| -> Result<(), Failed> {
        let run = run.arg("lxc").arg(root).args(["-n", "foo", "--dir"]).arg(scratch.path().join("containers")).run()?;
        run.exits_with(2)?.complains(complaints).map(drop)
    };
    let user = users_directory(workbench, 65536)?;
    refuse(workbench.product(), &user.home().join("guest"), &["belongs to user 4242", "hint: "])?;
    let root = busybox(workbench, user.home(), "guest.squashfs")?;
    refuse(user.product(workbench), &root, &["only root can mount", "rootfs-gen DISTRO -r DIR"])?;
    refuse(user.product(workbench), Path::new("/"), &["belongs to user 0", "hint: "])?;
    let poor = users_directory(workbench, 0)?;
    for product in [workbench.product(), poor.product(workbench)] {
        refuse(product, &poor.home().join("guest"), &["belong to whoever built it", "hint: build it as root"])?;
    }
    let tar = scratch.path().join("root.tar");
    fs_err::write(&tar, vec![0; 10240])?;
    refuse(workbench.product(), &tar, &["no directory and no squashfs", "image DIR -o root.squashfs"])?;
    ensure!(!scratch.path().join("containers").exists(), "something was written");
    Ok(())
}

/// Each of these changes must be seen by LXC: it reads what is written, and says no.
fn refused(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let image = busybox(workbench, scratch.path(), "guest.squashfs")?;
    let changes: [(&str, &str); 4] = [
        ("lxc.signal.halt = SIGUSR2", "lxc.signal.halt = SIGNONE"),
        ("lxc.rootfs.options = ro", "lxc.rootfs.options = ro,no-such-option"),
        ("lxc.init.cmd = /sbin/init", "lxc.init.cmd = /sbin/no-init"),
        ("lxc.mount.auto = proc:mixed", "lxc.mount.auto = prok:mixed"),
    ];
    for (number, (line, wrong)) in changes.into_iter().enumerate() {
        let place = scratch.path().join(number.to_string());
        fs_err::create_dir(&place)?;
        let container = Container::write(workbench, &place, &image, &[])?;
        change(container.config(), line, wrong)?;
        let run = container.program("lxc-start").arg("--foreground").run()?;
        ensure!(!run.status.success(), "LXC takes `{wrong}`");
        ensure!(container.loop_devices()?.is_empty(), "the image is still held by {:?}", container.loop_devices()?);
        ensure!(container.process().is_err(), "the container runs");
    }
    Ok(())
}

/// That BusyBox stops is the doing of the signal that is written: another one doesn't move it.
fn ignored(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let image = busybox(workbench, scratch.path(), "guest.squashfs")?;
    let container = Container::write(workbench, scratch.path(), &image, &[])?;
    change(container.config(), "lxc.signal.halt = SIGUSR2", "lxc.signal.halt = SIGWINCH")?;
    container.start()?;
    container.attach(BOOTED)?;
    let stop = container.program("lxc-stop").args(["--nokill", "--timeout", "3"]).run()?;
    ensure!(!stop.status.success() && container.state()? == "RUNNING", "{}", stop.report("it stops by any signal"));
    Ok(())
}

fn change(config: &Path, line: &str, wrong: &str) -> Result<(), Failed> {
    let text = fs_err::read_to_string(config)?;
    ensure!(text.contains(line), "the configuration has no line `{line}`:\n{text}");
    Ok(fs_err::write(config, text.replace(line, wrong))?)
}
