//! Alpine's guests, of packages that are rebuilt from a release of its own, judged by its own apk.

use std::path::Path;

use rootfs_tests::{AlpineArchive, ApkPackage, Case, Failed, Need, PlainUser, RsaKey, Workbench, ensure};

use crate::build::BUILD;
use crate::busybox::with_script;
use crate::formats::{kernel, machine};

const RELEASE: &str = "fixtures/alpine/alpine-minirootfs-3.20.3-x86_64.tar.gz";

pub(crate) fn cases() -> Vec<Case> {
    let needs = [BUILD, &[Need::Fixture(RELEASE), Need::Judge("openssl"), Need::Judge("tar")]].concat();
    let with = |judges: &[&'static str]| [&needs[..], &judges.iter().map(|judge| Need::Judge(judge)).collect::<Vec<_>>()].concat();
    vec![
        Case::new("alpine::apk goes on from the tree", &needs, goes_on),
        Case::new("alpine::a lock, a plain user, and no network give the same bytes", &with(&["unshare", "setpriv"]), same_bytes),
        Case::new("alpine::what is not signed or not whole is refused", &needs, refused),
        Case::new("alpine::a script that nobody knows is run", &with(&["unshare", "setpriv"]), scripts),
        Case::new("alpine::a guest lives in its initrd", &with(&["qemu-system-x86_64"]), initrd),
        Case::new("alpine::a disk boots and its agent answers", &with(&["qemu-system-x86_64"]), disk),
    ]
}

fn goes_on(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = AlpineArchive::new(workbench, scratch.path(), &[])?;
    let out = scratch.path().join("out");
    archive.build(workbench.product()).args(["--package", "busybox,apk-tools,alpine-baselayout"]).into_directory(&out).run()?.success()?;
    let fixed = archive.apk(&out).args(["fix", "--simulate"]).run()?.success()?;
    ensure!(fixed.output.lines().count() == 1 && fixed.output.starts_with("OK: "), "{}", fixed.report("apk has something to fix"));
    let before = archive.apk(&out).arg("info").run()?.success()?.output;
    archive.apk(&out).args(["add", "scanelf"]).run()?.success()?;
    let after = archive.apk(&out).arg("info").run()?.success()?.output;
    ensure!(after.lines().count() == before.lines().count() + 1, "before:\n{before}after:\n{after}");
    let inside =
        workbench.product().arg("shell").arg(&out).args(["--", "sh", "-c", "scanelf -V; ls /bin/mount; id -u"]).run()?.success()?;
    ensure!(inside.output.ends_with("/bin/mount\n0\n"), "{}", inside.report("the tree doesn't work"));
    // The judge says no: a file that is not as its package has it.
    fs_err::write(out.join("sbin/apk"), "changed")?;
    let audit = archive.apk(&out).args(["audit", "--system"]).run()?;
    ensure!(audit.output.contains("sbin/apk"), "{}", audit.report("apk sees no change"));
    Ok(())
}

fn same_bytes(workbench: &Workbench) -> Result<(), Failed> {
    // Nobody but root may look into the workbench.
    let scratch = tempfile::tempdir_in("/var/tmp")?;
    let archive = AlpineArchive::new(workbench, scratch.path(), &[])?;
    let place = |name: &str| scratch.path().join(name);
    let lock = place("rootfs-gen.lock");
    archive.build(workbench.product()).arg("-o").arg(place("a.tar")).arg("--lock").arg(&lock).run()?.success()?;
    let again = archive.build(workbench.product().afresh()).arg("-o").arg(place("b.tar")).arg("--locked").arg(&lock).arg("--offline");
    again.run()?.success()?;
    let first = fs_err::read(place("a.tar"))?;
    ensure!(fs_err::read(place("b.tar"))? == first, "the lock gives another tree");
    // Without subordinate ids no namespace can be made.
    let user = PlainUser::new(workbench, 0)?;
    let (theirs, out) = (user.home().join("c.tar"), user.home().join("out"));
    archive.build(user.product(workbench)).arg("-o").arg(&theirs).into_directory(&out).run()?.success()?;
    ensure!(fs_err::read(&theirs)? == first, "a plain user's tree differs from root's");
    let digest = user.product(workbench).digest(&out)?;
    ensure!(digest == workbench.product().digest(&place("a.tar"))?, "a plain user's directory stands for another tree");
    Ok(())
}

fn refused(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = AlpineArchive::new(workbench, scratch.path(), &[])?;
    let output = scratch.path().join("x.tar");
    let store = scratch.path().join("store");
    let attempt = |texts: &[&str]| -> Result<(), Failed> {
        let run = archive.build(workbench.product().store(&store)).arg("-o").arg(&output).run()?.exits_with(1)?;
        run.complains(texts)?;
        ensure!(!output.exists(), "something is left");
        Ok(())
    };
    let damage = |path: &Path, at: usize| -> Result<Vec<u8>, Failed> {
        let good = fs_err::read(path)?;
        let mut bad = good.clone();
        let at = good.len().checked_sub(at).ok_or("the file is short")?;
        bad[at] ^= 1;
        fs_err::write(path, bad)?;
        Ok(good)
    };
    let package = archive.repository().package("busybox-1.36.1-r29.apk");
    let good = damage(&package, 2000)?;
    attempt(&["busybox"])?;
    fs_err::write(&package, good)?;
    let index = archive.repository().index();
    let good = damage(&index, 200)?;
    attempt(&["APKINDEX", "signature"])?;
    fs_err::write(&index, &good[..good.len() / 2])?;
    attempt(&["APKINDEX"])?;
    fs_err::write(&index, [b"ADB.", &good[..]].concat())?;
    attempt(&["ADB"])?;
    let stranger = archive.repository().signed_index("RSA", "sha1", &RsaKey::generate("stranger.rsa.pub")?)?;
    fs_err::write(&index, stranger)?;
    attempt(&["stranger.rsa.pub", "alpine-test.rsa.pub"])?;
    // And it was the damage alone.
    fs_err::write(&index, good)?;
    archive.build(workbench.product().store(&store)).arg("-o").arg(&output).run()?.success()?;
    Ok(())
}

fn scripts(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = tempfile::tempdir_in("/var/tmp")?;
    let good = ApkPackage::new("greeting", "1.0-r0").script("post-install", "#!/bin/sh\necho greeting $1 on $(arch) > /etc/greeting\n");
    let bad = ApkPackage::new("broken", "1.0-r0").script("post-install", "#!/bin/sh\necho this goes wrong\nexit 7\n");
    let archive = AlpineArchive::new(workbench, scratch.path(), &[good, bad])?;
    let out = scratch.path().join("out");
    archive.build(workbench.product()).args(["--extra-pkg", "greeting"]).into_directory(&out).run()?.success()?;
    let said = fs_err::read_to_string(out.join("etc/greeting"))?;
    ensure!(said == "greeting 1.0-r0 on x86_64\n", "{said}");
    ensure!(fs_err::read_dir(out.join("lib/apk/exec"))?.count() == 0, "the script is left");
    let other = scratch.path().join("other");
    let run = archive.build(workbench.product()).args(["--extra-pkg", "broken"]).into_directory(&other).run()?.exits_with(1)?;
    run.complains(&["broken post-install", "7", "this goes wrong"])?;
    ensure!(!other.exists(), "something is left");
    let user = PlainUser::new(workbench, 0)?;
    let run = archive
        .build(user.product(workbench))
        .args(["--extra-pkg", "greeting", "-o"])
        .arg(user.home().join("x.tar"))
        .run()?
        .exits_with(1)?;
    run.complains(&["greeting"])?;
    Ok(())
}

fn initrd(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = AlpineArchive::new(workbench, scratch.path(), &[])?;
    let layer = with_script(scratch.path(), "echo \"GUEST-UP $(apk info | wc -l) $(id -un)\" > /dev/console\npoweroff\n")?;
    let file = scratch.path().join("initrd.img");
    archive.build(workbench.product()).arg("--overlay").arg(&layer).args(["--format", "cpio", "-o"]).arg(&file).run()?.success()?;
    let kernel = kernel(workbench)?.join("vmlinuz");
    let said =
        machine(|process| process.arg("-kernel").arg(&kernel).arg("-initrd").arg(&file).args(["-append", "console=ttyS0 panic=-1"]))?;
    ensure!(said == "14 root", "{said}");
    Ok(())
}

fn disk(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = AlpineArchive::new(workbench, scratch.path(), &[])?;
    let file = scratch.path().join("disk.img");
    archive.build(workbench.product()).args(["--agent", "own", "-o"]).arg(&file).run()?.success()?;
    let kernel = kernel(workbench)?;
    let boot =
        workbench.product().arg("boot").arg(&file).arg("--kernel").arg(kernel.join("vmlinuz")).arg("--initrd").arg(kernel.join("initrd"));
    let said = boot
        .args(["--timeout", "120s", "--", "sh", "-c", "ps -o comm= 1 | head -1; apk info | wc -l; exit 5"])
        .run_guest()?
        .exits_with(5)?;
    ensure!(said.output.ends_with("14\n"), "{}", said.output);
    Ok(())
}
