//! Images as what they were made of: the same digest from each, and images made of images.

use std::path::{Path, PathBuf};

use rootfs_tests::{Case, Failed, Need, Process, Workbench, ensure};

const ANYWHERE: &[Need] = &[Need::Product, Need::Root, Need::Judge("busybox")];

pub(crate) fn cases() -> Vec<Case> {
    let foreign = [ANYWHERE, &[Need::Judge("mkfs.ext4"), Need::Judge("mksquashfs"), Need::Judge("qemu-img")]].concat();
    vec![
        Case::new("read_back::every form has the digest of the tree", ANYWHERE, one_digest),
        Case::new("read_back::images of others become ours", &foreign, of_others),
        Case::new("read_back::what can't be read is told", ANYWHERE, unreadable),
        Case::new("read_back::one of several partitions is chosen", &[ANYWHERE, &[Need::Judge("sgdisk")]].concat(), chosen),
    ]
}

/// A tree that starts in a container, and in a guest if it had a kernel: a static BusyBox. All times are whole seconds, as squashfs has them.
pub(crate) fn small_tree(place: &Path) -> Result<PathBuf, Failed> {
    let tree = place.join("tree");
    for name in ["bin", "sbin", "etc", "usr/lib", "var/empty"] {
        fs_err::create_dir_all(tree.join(name))?;
    }
    let found = Process::judge("sh").args(["-c", "command -v busybox"]).run()?.success()?.output;
    fs_err::copy(found.trim(), tree.join("bin/busybox"))?;
    for (link, target) in [("bin/sh", "busybox"), ("bin/cat", "busybox"), ("sbin/init", "../bin/busybox")] {
        std::os::unix::fs::symlink(target, tree.join(link))?;
    }
    fs_err::write(tree.join("etc/hostname"), "kestrel\n")?;
    fs_err::write(tree.join("usr/lib/large"), b"some line of text\n".repeat(300_000))?;
    fs_err::hard_link(tree.join("etc/hostname"), tree.join("etc/same"))?;
    Process::judge("find").arg(&tree).args(["-exec", "touch", "-h", "-d", "@1700000000", "{}", "+"]).run()?.success()?;
    Ok(tree)
}

fn image(workbench: &Workbench, from: &Path, to: &Path, flags: &[&str]) -> Result<(), Failed> {
    workbench.product().arg("image").arg(from).arg("-o").arg(to).arg("--no-check").args(flags).run()?.success().map(drop)
}

fn one_digest(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = small_tree(scratch.path())?;
    let digest = workbench.product().digest(&tree)?;
    let forms: [(&str, &[&str]); 10] = [
        ("a.img", &[]),
        ("b.img", &["--table", "gpt", "--size", "300M"]),
        ("c.img", &["--dax", "--verity"]),
        ("d.ext4", &["--ext4-profile", "compat"]),
        ("e.squashfs", &["--compress", "xz"]),
        ("f.qcow2", &["--compress", "zstd"]),
        ("g.qcow2", &["--fs", "squashfs"]),
        ("h.tar.zst", &[]),
        ("i.tar", &[]),
        ("j.erofs", &["--compress", "none", "--block-size", "4K"]),
    ];
    for (name, flags) in forms {
        let path = scratch.path().join(name);
        image(workbench, &tree, &path, flags)?;
        ensure!(workbench.product().digest(&path)? == digest, "{name} is another tree");
    }
    // An image of an image is that of the tree, byte for byte.
    for (from, to) in [("c.img", "a.img"), ("f.qcow2", "e.squashfs"), ("e.squashfs", "a.img"), ("h.tar.zst", "f.qcow2")] {
        let flags = forms.iter().find(|(name, _)| *name == to).map_or(&[][..], |(_, flags)| flags);
        let again = scratch.path().join(format!("again-{to}"));
        image(workbench, &scratch.path().join(from), &again, flags)?;
        ensure!(fs_err::read(&again)? == fs_err::read(scratch.path().join(to))?, "{from} gave another {to}");
        fs_err::remove_file(&again)?;
    }
    workbench.product().arg("check").arg(scratch.path().join("e.squashfs")).run().map(|run| run.status.code()).map(drop)?;
    let layered = scratch.path().join("layered.tar");
    let run = workbench.product().arg("image").arg(scratch.path().join("e.squashfs")).arg(scratch.path().join("i.tar"));
    run.arg("-o").arg(&layered).arg("--no-check").run()?.success()?;
    ensure!(workbench.product().digest(&layered)? == digest, "a layer that changes nothing changed something");
    let left: Vec<_> = fs_err::read_dir(scratch.path())?.filter_map(|entry| entry.ok().map(|entry| entry.file_name())).collect();
    ensure!(!left.iter().any(|name| name.to_string_lossy().contains("contents")), "{left:?} was left");
    Ok(())
}

fn of_others(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = small_tree(scratch.path())?;
    let digest = workbench.product().digest(&tree)?;
    let place = |name: &str| scratch.path().join(name);
    Process::judge("mkfs.ext4").args(["-q", "-O", "inline_data", "-d"]).arg(&tree).arg(place("a.img")).arg("64M").run()?.success()?;
    Process::judge("mksquashfs").arg(&tree).arg(place("b.img")).args(["-quiet", "-no-progress", "-comp", "lz4"]).run()?.success()?;
    let convert = Process::judge("qemu-img").args(["convert", "-c", "-f", "raw", "-O", "qcow2"]).arg(place("a.img")).arg(place("c.img"));
    convert.run()?.success()?;
    // mke2fs has a root directory of its own, made now.
    let theirs = workbench.product().digest(&place("a.img"))?;
    ensure!(theirs != digest, "mke2fs has kept the root directory");
    for (name, digest) in [("a.img", &theirs), ("b.img", &digest), ("c.img", &theirs)] {
        ensure!(workbench.product().digest(&place(name))? == *digest, "{name} is another tree");
        image(workbench, &place(name), &place("ours.tar"), &["--force"])?;
        ensure!(workbench.product().digest(&place("ours.tar"))? == *digest, "{name} became another tree");
    }
    let listed = Process::judge("tar").arg("-tf").arg(place("ours.tar")).run()?.success()?.output;
    ensure!(listed.contains("./usr/lib/large"), "{listed}");
    let told = workbench.product().arg("inspect").arg(place("c.img")).run()?.success()?.output;
    ensure!(told.contains("qcow2") && told.contains("ext4"), "{told}");
    workbench.product().arg("verify").arg(place("c.img")).run()?.success().map(drop)
}

fn unreadable(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = small_tree(scratch.path())?;
    let path = scratch.path().join("a.img");
    image(workbench, &tree, &path, &[])?;
    let digest = |path: &Path| workbench.product().arg("digest").arg(path).run();
    let bytes = fs_err::read(&path)?;
    fs_err::write(&path, &bytes[..bytes.len() / 2])?;
    digest(&path)?.exits_with(1)?.complains(&["can't read the image", "the filesystem"])?;
    // The root directory's inode.
    let mut damaged = bytes;
    let at = damaged.windows(10).position(|window| window == b"\x02\0\0\0\x0c\0\x01\x02.\0").ok_or("no root directory")?;
    damaged[at + 12..at + 20].fill(0xFF);
    fs_err::write(&path, &damaged)?;
    digest(&path)?.exits_with(1)?.complains(&["damaged", "hint: `rootfs-gen verify IMAGE`"])?;
    fs_err::write(&path, vec![7; 100_000])?;
    digest(&path)?.exits_with(1)?.complains(&["there is no tree in it"]).map(drop)
}

/// A disk with two filesystems, neither of which is marked as the root.
fn chosen(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let place = |name: &str| scratch.path().join(name);
    let tree = small_tree(scratch.path())?;
    let digest = workbench.product().digest(&tree)?;
    let (first, second, disk) = (place("first.ext4"), place("second.erofs"), place("disk.img"));
    fs_err::create_dir_all(place("other/etc"))?;
    image(workbench, &place("other"), &first, &["--size", "8M"])?;
    image(workbench, &tree, &second, &[])?;
    fs_err::File::create(&disk)?.set_len(64 << 20)?;
    Process::judge("sgdisk").args(["--new=1:2048:+10M", "--new=2:0:+20M"]).arg(&disk).run()?.success()?;
    let file = fs_err::OpenOptions::new().write(true).open(&disk)?;
    for (at, from) in [(1 << 20, &first), (11 << 20, &second)] {
        std::os::unix::fs::FileExt::write_all_at(file.file(), &fs_err::read(from)?, at)?;
    }
    let of = |verb: &str, arguments: &[&str]| workbench.product().arg(verb).arg(&disk).args(arguments).run();
    let several = "partitions 1 (ext4), 2 (erofs)";
    of("digest", &[])?.exits_with(1)?.complains(&[several, "hint: --partition NUMBER says which"])?;
    ensure!(of("digest", &["--partition", "2"])?.success()?.output.trim() == digest, "it is another tree");
    of("check", &["--partition", "1"])?.complains(&[]).map(drop)?;
    let tar = place("out.tar");
    let made = |arguments: &[&str]| workbench.product().arg("image").arg(&disk).arg("-o").arg(&tar).arg("--no-check").args(arguments).run();
    made(&[])?.exits_with(1)?.complains(&[several])?;
    made(&["--partition", "3"])?.exits_with(1)?.complains(&["the disk has no partition 3: there are 1 (ext4), 2 (erofs)"])?;
    ensure!(!tar.exists(), "something was written");
    made(&["--partition", "2"])?.success()?;
    ensure!(workbench.product().digest(&tar)? == digest, "it became another tree");
    let run = workbench.product().arg("digest").arg(&second).args(["--partition", "1"]).run()?.exits_with(1)?;
    run.complains(&["there is no partition 1: it is erofs, without a partition table"])?;
    let run = workbench.product().arg("digest").arg(&tree).args(["--partition", "1"]).run()?.exits_with(2)?;
    run.complains(&["--partition 1 is for disk images", "is a directory"]).map(drop)
}
