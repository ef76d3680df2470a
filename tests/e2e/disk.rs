//! Where a build may write, and where it must not.

use std::path::Path;

use rootfs_tests::{Case, Failed, Listing, Need, Process, Product, Release, Workbench, ensure};

use crate::build::BUILD;

pub(crate) fn cases() -> Vec<Case> {
    let with_unshare = [BUILD, &[Need::Judge("unshare")]].concat();
    vec![
        Case::new("disk::a directory that isn't ours is left alone", BUILD, not_ours),
        Case::new("disk::a directory of ours is replaced only with --force", BUILD, ours),
        Case::new("disk::a target that can't be written is named", BUILD, unwritable),
        Case::new("disk::a full disk below the target is named", &with_unshare, |workbench| full(workbench, "out")),
        Case::new("disk::a full disk below the store is named", &with_unshare, |workbench| full(workbench, "store")),
    ]
}

fn not_ours(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let target = scratch.path().join("precious");
    fs_err::create_dir(&target)?;
    fs_err::write(target.join("letter"), "dear reader")?;
    let before = Listing::of(scratch.path())?;
    for force in [&[][..], &["--force"]] {
        let run = workbench.product().minbase(Release::Trixie)?.args(force).into_directory(&target).run()?;
        ensure!(matches!(run.status.code(), Some(1 | 2)), "{}", run.report("not refused"));
        run.complains(&["precious", "hint: "])?;
        let differences = before.differences(&Listing::of(scratch.path())?);
        ensure!(differences.is_empty(), "{}", differences.join("\n"));
    }
    Ok(())
}

fn ours(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let target = scratch.path().join("out");
    let build = || -> Result<Product<'_>, Failed> { Ok(workbench.product().minbase(Release::Trixie)?.into_directory(&target)) };
    build()?.run()?.success()?;
    let digest = workbench.product().digest(&target)?;
    let run = build()?.run()?;
    ensure!(matches!(run.status.code(), Some(1 | 2)), "{}", run.report("not refused"));
    run.complains(&["--force"])?;
    fs_err::write(target.join("etc/changed-by-hand"), "x")?;
    build()?.arg("--force").run()?.success()?;
    ensure!(!target.join("etc/changed-by-hand").exists(), "the old tree is still there");
    ensure!(workbench.product().digest(&target)? == digest, "the second build differs from the first");
    Ok(())
}

fn unwritable(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    fs_err::write(scratch.path().join("file"), "")?;
    for parent in [scratch.path().join("file"), Path::new("/proc").to_path_buf()] {
        let run = workbench.product().minbase(Release::Trixie)?.into_directory(&parent.join("out")).run()?;
        ensure!(matches!(run.status.code(), Some(1 | 2)), "{}", run.report("not refused"));
        run.complains(&[&parent.display().to_string(), "hint: "])?;
    }
    Ok(())
}

/// A disk of 60 MB below the target, or below the store. The rest is somewhere else, and warm or cold as the case needs.
fn full(workbench: &Workbench, small: &str) -> Result<(), Failed> {
    const MOUNT: &str = "mount -t tmpfs -o size=60m tmpfs \"$1\"; shift; \"$@\"; code=$?; ls -A \"$DISK\" >&2; exit $code";
    let scratch = workbench.scratch()?;
    let disk = scratch.path().join("disk");
    fs_err::create_dir(&disk)?;
    let process = Process::judge("unshare").args(["--mount", "sh", "-c", MOUNT, "sh"]).arg(&disk);
    let run = Product::under(workbench, process).afresh().env("DISK", &disk).minbase(Release::Trixie)?;
    let run = if small == "store" {
        run.store(&disk.join("store")).into_directory(&scratch.path().join("out"))
    } else {
        run.into_directory(&disk.join("out"))
    };
    let run = run.run()?.exits_with(1)?.complains(&["error: ", "No space left on device"])?;
    ensure!(!run.error.lines().any(|line| line.trim() == "out"), "a half-built tree has the final name: {}", run.error);
    ensure!(!scratch.path().join("out").exists(), "the target was made");
    let left = fs_err::read_dir(scratch.path())?.count();
    ensure!(left == 1, "{left} entries are in the target's parent, not the disk alone");
    Ok(())
}
