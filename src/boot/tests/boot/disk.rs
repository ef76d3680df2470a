//! Roots on disks, with the agent as their init.

use std::path::{Path, PathBuf};

use rootfs_boot::{Disk, End};
use rootfs_sandbox::GUEST;
use tempfile::TempDir;

use crate::guest::{PROGRAMS, run_from};
use crate::needs::{busybox, command, output};

/// An ext4 image, made by the e2fsprogs.
struct Image {
    directory: TempDir,
}

impl Image {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let root = directory.path().join("root");
        for name in ["bin", "dev", "proc", "root", "run", "sbin", "sys", "tmp"] {
            fs_err::create_dir_all(root.join(name)).unwrap();
        }
        write_program(&root.join("bin/busybox"), &busybox().unwrap());
        for name in PROGRAMS {
            std::os::unix::fs::symlink("busybox", root.join("bin").join(name)).unwrap();
        }
        write_program(&root.join("sbin/init"), GUEST);
        let image = Self { directory };
        let path = image.path();
        let made = command("mke2fs").unwrap().args(["-qq", "-t", "ext4", "-L", "the-root", "-d"]).arg(&root).arg(&path).arg("32M").status();
        assert!(made.unwrap().success());
        image
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("guest.img")
    }

    /// In a partition, with a disk id, as an image with an MBR is.
    fn partition(&self) {
        let filesystem = fs_err::read(self.path()).unwrap();
        let sectors = u32::try_from(filesystem.len() / 512).unwrap();
        let mut disk = vec![0; 1 << 20];
        disk[440..444].copy_from_slice(&0x0bad_cafe_u32.to_le_bytes());
        disk[446 + 4] = 0x83;
        disk[446 + 8..446 + 12].copy_from_slice(&2048_u32.to_le_bytes());
        disk[446 + 12..446 + 16].copy_from_slice(&sectors.to_le_bytes());
        disk[510..512].copy_from_slice(&[0x55, 0xaa]);
        disk.extend(filesystem);
        fs_err::write(self.path(), disk).unwrap();
    }

    fn disk(&self, write: bool) -> Disk {
        Disk { path: self.path(), write, nvdimm: false, qcow2: false }
    }
}

fn write_program(path: &Path, content: &[u8]) {
    use std::os::unix::fs::PermissionsExt;
    fs_err::write(path, content).unwrap();
    fs_err::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

pub(crate) fn writes_are_forgotten() {
    let image = Image::new();
    let before = fs_err::read(image.path()).unwrap();
    let given = run_from(image.disk(false), "", "echo text > /written && sync && cat /written");
    assert_eq!(given.verdict.unwrap().end, End::Exited(0));
    assert_eq!(given.output, "text\n");
    assert!(fs_err::read(image.path()).unwrap() == before, "the image is as it was");
}

pub(crate) fn writes_are_kept_and_the_filesystem_is_clean() {
    let image = Image::new();
    let path = image.path().display().to_string();
    let verdict = run_from(image.disk(true), "", "echo text > /written").verdict.unwrap();
    assert_eq!((verdict.end, verdict.powered_off), (End::Exited(0), true));
    let judge = output("e2fsck", &["-fn", &path]);
    assert!(judge.is_some_and(|report| !report.contains("recovering journal")), "the filesystem was left in order");
    assert_eq!(output("debugfs", &["-R", "cat /written", &path]).as_deref(), Some("text\n"));
}

pub(crate) fn a_label_and_a_partition_id_find_the_root() {
    let image = Image::new();
    let given = run_from(image.disk(false), "root=LABEL=the-root ro rootfstype=ext4", "grep ' / ext4 ro' /proc/mounts");
    assert_eq!(given.verdict.unwrap().end, End::Exited(0), "{}", given.output);
    image.partition();
    let given =
        run_from(image.disk(false), "root=PARTUUID=0badcafe-01", "grep '/dev/.*p1 / ext4 rw' /proc/mounts; grep -c . /proc/partitions");
    assert_eq!(given.verdict.unwrap().end, End::Exited(0), "{}", given.output);
    let given = run_from(image.disk(false), "", "grep -c 'root=/dev/nvme0n1p1 rw' /proc/cmdline");
    assert_eq!(given.output, "1\n");
}
