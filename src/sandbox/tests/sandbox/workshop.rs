//! Programs of the host, at work on a tree.

use std::path::Path;

use rootfs_sandbox::{Exit, Workshop};

use crate::stage::{Done, Stage, command, options, run, shell};

/// A stage with a workshop, and the folder that it has a copy of, which has a neighbour.
struct Place {
    stage: Stage,
    folders: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folders = tempfile::tempdir().unwrap();
        for name in ["own", "neighbour"] {
            fs_err::create_dir(folders.path().join(name)).unwrap();
            fs_err::write(folders.path().join(name).join("file"), name).unwrap();
        }
        Self { stage: Stage::new(), folders }
    }

    fn folder(&self) -> String {
        self.folders.path().join("own").to_str().unwrap().to_owned()
    }

    fn start(&self) -> Workshop {
        Workshop::start(self.stage.path(), self.folder().as_ref(), &options()).unwrap()
    }
}

fn attempt(workshop: &mut Workshop, script: &str) -> Done {
    let done = run(workshop, &command(&["sh", "-c", script])).unwrap();
    assert_ne!(done.outcome.exit, Exit::Code(0), "{script}: {done:?}");
    done
}

pub(crate) fn the_host_is_seen_and_not_changed() {
    let place = Place::new();
    let mut workshop = place.start();
    assert_eq!(shell(&mut workshop, "cat /etc/os-release"), fs_err::read_to_string("/etc/os-release").unwrap().trim_end());
    for script in [
        "echo x > /etc/rootfs-gen-canary",
        "echo x > /usr/rootfs-gen-canary",
        "mount -o remount,bind,rw / && echo x > /etc/rootfs-gen-canary",
        "mount -o remount,bind,rw /etc && echo x > /etc/rootfs-gen-canary",
        "umount /tmp",
        "umount /root",
        "echo b > /proc/sysrq-trigger",
        "echo x > /proc/sys/kernel/core_pattern",
        "mount -t devtmpfs dev /mnt",
    ] {
        attempt(&mut workshop, script);
    }
    shell(&mut workshop, "for place in /tmp /var/tmp /run /root; do echo x > $place/rootfs-gen-canary; done; cat /root/rootfs-gen-canary");
    let name = place.folders.path().file_name().unwrap().to_str().unwrap();
    assert_eq!(shell(&mut workshop, "ls -A /tmp"), format!("{name}\nrootfs-gen-canary"));
    workshop.stop().unwrap();
    for directory in ["/etc", "/usr", "/tmp", "/var/tmp", "/run", "/root"] {
        assert!(!Path::new(directory).join("rootfs-gen-canary").exists(), "{directory}");
    }
}

pub(crate) fn the_network_is_the_hosts() {
    let place = Place::new();
    let mut workshop = place.start();
    let own = fs_err::read_link("/proc/self/ns/net").unwrap();
    assert_eq!(shell(&mut workshop, "readlink /proc/self/ns/net"), own.to_str().unwrap());
    assert_eq!(shell(&mut workshop, "cat /etc/resolv.conf"), fs_err::read_to_string("/etc/resolv.conf").unwrap().trim_end());
    assert_eq!(shell(&mut workshop, "cat /proc/1/comm /proc/sys/kernel/hostname"), "rootfs-guest\nguest-under-test");
}

pub(crate) fn the_tree_is_shared_and_the_folder_is_not() {
    let place = Place::new();
    let mut workshop = place.start();
    let (tree, folder) = (Workshop::TREE, place.folder());
    shell(&mut workshop, &format!("echo made > {tree}/tmp/made; chmod 4750 {tree}/tmp/made"));
    assert_eq!(fs_err::read_to_string(place.stage.root().join("tmp/made")).unwrap(), "made\n");
    let script = format!("cd {folder}; cat file; echo changed > file; echo x > new; cat file; cat ../neighbour/file");
    assert_eq!(shell(&mut workshop, &script), "ownchanged\nneighbour");
    attempt(&mut workshop, &format!("echo x > {folder}/../neighbour/file"));
    workshop.stop().unwrap();
    let names: Vec<_> = fs_err::read_dir(place.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["file"]);
    assert_eq!(fs_err::read_to_string(place.folders.path().join("own/file")).unwrap(), "own");
    let left: Vec<_> = fs_err::read_dir(place.stage.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["root"]);
}

fn attribute(path: &Path) -> Option<String> {
    let mut value = [0; 64];
    let length = rustix::fs::lgetxattr(path, "user.rootfs-gen.device", &mut value).ok()?;
    Some(String::from_utf8(value[..length].to_vec()).unwrap())
}

pub(crate) fn device_nodes_are_recorded() {
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
    let place = Place::new();
    let mut workshop = place.start();
    let tree = Workshop::TREE;
    let script = format!(
        "umask 027; cd {tree}/tmp; mknod a c 1 3; mv a null; chmod 4666 null; mknod -m 600 disk b 254 257; mknod pipe p; \
         /usr/sbin/chroot {tree} sh -c 'mknod /tmp/inside c 5 1; cd /tmp; mknod relative c 0x10 7'; \
         unshare -m sh -c 'mount -t tmpfs none /mnt; mount --bind {tree} /mnt; mknod /mnt/tmp/elsewhere c 1 9'"
    );
    shell(&mut workshop, &script);
    assert!(attempt(&mut workshop, &format!("mknod {tree}/tmp/null c 1 3")).error.contains("File exists"));
    assert!(attempt(&mut workshop, &format!("mknod {tree}/absent/null c 1 3")).error.contains("No such file"));
    assert!(attempt(&mut workshop, "mknod /etc/null c 1 3").error.contains("Read-only"));
    let nobody = format!("chmod 777 {tree}/tmp; setpriv --reuid=65534 --clear-groups mknod {tree}/tmp/nobodys c 1 3");
    assert!(attempt(&mut workshop, &nobody).error.contains("not permitted"));
    workshop.stop().unwrap();
    let at = |name: &str| place.stage.root().join("tmp").join(name);
    for (name, mode, value) in [
        ("null", 0o4666, "c 1 3"),
        ("disk", 0o600, "b 254 257"),
        ("inside", 0o640, "c 5 1"),
        ("relative", 0o640, "c 16 7"),
        ("elsewhere", 0o640, "c 1 9"),
    ] {
        let metadata = fs_err::symlink_metadata(at(name)).unwrap();
        assert_eq!((metadata.mode() & 0o7777, metadata.len()), (mode, 0), "{name}");
        assert_eq!(attribute(&at(name)).as_deref(), Some(value), "{name}");
    }
    assert!(fs_err::symlink_metadata(at("pipe")).unwrap().file_type().is_fifo());
    assert!(!at("a").exists() && !at("nobodys").exists());
}

/// As debootstrap and its relatives do it.
pub(crate) fn what_a_chroot_needs_can_be_mounted() {
    let place = Place::new();
    let mut workshop = place.start();
    let tree = Workshop::TREE;
    let script = format!("mkdir {tree}/proc; mount -t proc proc {tree}/proc; /usr/sbin/chroot {tree} cat /proc/1/comm; umount {tree}/proc");
    assert_eq!(shell(&mut workshop, &script), "rootfs-guest");
    let script = format!("touch {tree}/tmp/null; mount --bind /dev/null {tree}/tmp/null; echo gone > {tree}/tmp/null; cat {tree}/tmp/null");
    assert_eq!(shell(&mut workshop, &script), "");
    workshop.stop().unwrap();
    assert_eq!(fs_err::metadata(place.stage.root().join("tmp/null")).unwrap().len(), 0);
}

pub(crate) fn everything_ends_with_it() {
    let place = Place::new();
    let before = fs_err::read_to_string("/proc/self/mountinfo").unwrap();
    let mut workshop = place.start();
    let done = run(&mut workshop, &command(&["sh", "-c", "sleep 1000 & echo $$"])).unwrap();
    assert_eq!(done.outcome.left_running, ["sleep"]);
    assert_eq!(fs_err::read_to_string("/proc/self/mountinfo").unwrap(), before);
    drop(workshop);
    assert_eq!(fs_err::read_to_string("/proc/self/mountinfo").unwrap(), before);
}
