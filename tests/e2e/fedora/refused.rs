//! What must not be installed, and leaves nothing behind.

use std::path::Path;

use rootfs_tests::{Failed, Fault, Mirror, Origin, RpmArchive, Rule, SigningKey, Workbench, ensure};

use super::{BUSYBOX, build, build_from};

pub(super) fn unsigned(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = RpmArchive::new(workbench, &[])?;
    let (output, store) = (scratch.path().join("x.tar"), scratch.path().join("store"));
    let attempt = |texts: &[&str]| -> Result<(), Failed> {
        let run = build(&archive, workbench.product().store(&store), BUSYBOX).arg("-o").arg(&output).run()?.exits_with(1)?;
        run.complains(texts)?;
        ensure!(!output.exists(), "something is left");
        Ok(())
    };
    let package = archive.package("busybox")?;
    let good = fs_err::read(&package)?;
    let mut bad = good.clone();
    let at = bad.len() - 100;
    bad[at] ^= 1;
    fs_err::write(&package, bad)?;
    attempt(&["busybox"])?;
    // Whole by the index, and signed by nobody, or by a stranger.
    fs_err::write(&package, &good)?;
    rootfs_tests::Process::judge("rpmsign").arg("--delsign").arg(&package).run()?.success()?;
    archive.publish()?;
    attempt(&["busybox", "not signed"])?;
    archive.sign_packages(&SigningKey::generate("stranger")?)?;
    archive.publish()?;
    attempt(&["signature"])?;
    fs_err::write(&package, &good)?;
    let index = archive.repository().join("repodata/repomd.xml");
    let text = fs_err::read_to_string(&index)?;
    fs_err::write(&index, text.replace("<revision>", "<revision>1"))?;
    attempt(&["repomd.xml", "signature"])?;
    // And it was the damage alone.
    let sound = RpmArchive::new(workbench, &[])?;
    build(&sound, workbench.product().store(&store), BUSYBOX).arg("-o").arg(&output).run()?.success()?;
    Ok(())
}

/// Fails to build, with these texts, and leaves nothing.
fn attempt(workbench: &Workbench, archive: &RpmArchive, scratch: &Path, texts: &[&str]) -> Result<(), Failed> {
    let output = scratch.join("refused.tar");
    let product = workbench.product().store(&scratch.join("store"));
    build(archive, product, BUSYBOX).arg("-o").arg(&output).run()?.exits_with(1)?.complains(texts)?;
    ensure!(!output.exists(), "something is left");
    Ok(())
}

/// The key was good when it signed, and is no longer.
pub(super) fn expired(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = RpmArchive::new(workbench, &[])?;
    let key = SigningKey::expired("expired")?;
    key.export(&archive.key_file())?;
    archive.sign_indexes(&key)?;
    attempt(workbench, &archive, scratch.path(), &["repomd.xml", "its key expired on Thu, 02 Jan 2020"])?;
    archive.sign_packages(&key)?;
    archive.publish_unsigned()?;
    attempt(workbench, &archive, scratch.path(), &["can't use ", "its key expired on Thu, 02 Jan 2020"])
}

/// A mirror that shows an old state: the index is whole and signed.
pub(super) fn older(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = RpmArchive::new(workbench, &[])?;
    let good = || build(&archive, workbench.product().store(&scratch.path().join("store")), BUSYBOX);
    good().arg("-o").arg(scratch.path().join("a.tar")).run()?.success()?;
    let index = archive.repository().join("repodata/repomd.xml");
    let text = fs_err::read_to_string(&index)?;
    // The first digit less: of the last century.
    fs_err::write(&index, text.replace("<timestamp>1", "<timestamp>"))?;
    archive.sign_indexes(archive.key())?;
    for _ in 0..2 {
        attempt(workbench, &archive, scratch.path(), &["the index of the repository `fedora` is of ", "before", "hint: "])?;
    }
    let wanted = good().afresh().arg("-o").arg(scratch.path().join("b.tar")).run()?.success()?;
    ensure!(scratch.path().join("b.tar").exists(), "{}", wanted.report("no tree of an older index that was asked for"));
    fs_err::write(&index, text)?;
    archive.sign_indexes(archive.key())?;
    good().arg("-o").arg(scratch.path().join("c.tar")).run()?.success()?;
    Ok(())
}

/// The index has it, the mirror no longer.
pub(super) fn gone(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = RpmArchive::new(workbench, &[])?;
    let mirror = Mirror::start(Origin::Directory(archive.mirror()))?;
    mirror.misbehave(Rule::always("/busybox-1", Fault::Status(404)));
    let (output, store) = (scratch.path().join("out"), scratch.path().join("store"));
    let built = build_from(&mirror.url(), &archive, workbench.product().store(&store), BUSYBOX, "none");
    built.into_directory(&output).run()?.exits_with(1)?.complains(&["busybox-1", "404"])?;
    ensure!(!output.exists(), "something is left");
    // What had come before is of use.
    build(&archive, workbench.product().store(&store), BUSYBOX).into_directory(&output).run()?.success()?;
    Ok(())
}
