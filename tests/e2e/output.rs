//! What a build leaves: a directory, a tar, what stands beside them, and what the check says of them.

use std::path::{Path, PathBuf};

use rootfs_tests::{Case, Failed, Listing, Need, Process, Release, Workbench, copy_tree, ensure, words};

use crate::build::{BUILD, GUEST, minbase};

pub(crate) fn cases() -> Vec<Case> {
    let with_tar = [BUILD, &[Need::Judge("tar")]].concat();
    vec![
        Case::new("output::tar reads our tar and finds the directory in it", &with_tar, tar_is_directory),
        Case::new("output::tar and directory have one digest, and it is the summary's", BUILD, one_digest),
        Case::new("output::the files beside the directory are there", BUILD, files_beside),
        Case::new("check::a guest is in order", BUILD, guest_in_order),
        Case::new("check::no init is a warning only when none is meant", BUILD, no_init),
        Case::new("check::an init that is no program is an error", BUILD, |workbench| {
            damaged_guest(workbench, |tree| {
                fs_err::remove_file(tree.join("usr/sbin/init"))?;
                Ok(fs_err::os::unix::fs::symlink("/nowhere/init", tree.join("usr/sbin/init"))?)
            })
        }),
        Case::new("check::a missing library is an error", BUILD, |workbench| {
            damaged_guest(workbench, |tree| {
                let library = find_library(tree, "libseccomp.so.2")?;
                Ok(fs_err::remove_file(library)?)
            })
        }),
        Case::new("check::a missing interpreter is an error", BUILD, |workbench| {
            damaged_guest(workbench, |tree| Ok(fs_err::remove_file(tree.join("usr/lib64/ld-linux-x86-64.so.2"))?))
        }),
    ]
}

/// One build with a directory and a tar, once in a run.
fn both_outputs(workbench: &Workbench) -> Result<PathBuf, Failed> {
    workbench.once("outputs", |path| {
        fs_err::create_dir(path)?;
        let run = workbench.product().minbase(Release::Trixie)?.arg("-o").arg(path.join("rootfs.tar"));
        let run = run.into_directory(&path.join("out")).run()?.success()?;
        Ok(fs_err::write(path.join("summary"), run.error + &run.output)?)
    })
}

fn tar_is_directory(workbench: &Workbench) -> Result<(), Failed> {
    let outputs = both_outputs(workbench)?;
    let list = Process::judge("tar").args(words([&"-tf", &outputs.join("rootfs.tar")])).run()?.success()?;
    ensure!(list.error.is_empty(), "tar complains: {}", list.error);
    ensure!(list.output.lines().any(|line| line == "./usr/bin/dpkg"), "the tar has no ./usr/bin/dpkg");
    let scratch = workbench.scratch()?;
    let flags = ["--extract", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--same-permissions", "--file"];
    let unpack = Process::judge("tar").args(flags).arg(outputs.join("rootfs.tar")).args(words([&"--directory", &scratch.path()]));
    unpack.run()?.success()?;
    let differences = Listing::of(&outputs.join("out"))?.differences(&Listing::of(scratch.path())?);
    ensure!(differences.is_empty(), "{}", differences.join("\n"));
    Ok(())
}

fn one_digest(workbench: &Workbench) -> Result<(), Failed> {
    let outputs = both_outputs(workbench)?;
    let directory = workbench.product().digest(&outputs.join("out"))?;
    let tar = workbench.product().digest(&outputs.join("rootfs.tar"))?;
    ensure!(directory == tar, "the directory's is {directory}, the tar's {tar}");
    let summary = fs_err::read_to_string(outputs.join("summary"))?;
    ensure!(summary.contains(&directory), "the summary does not say {directory}:\n{summary}");
    Ok(())
}

fn files_beside(workbench: &Workbench) -> Result<(), Failed> {
    let beside = minbase(workbench)?.with_extension("rootfs-gen");
    ensure!(beside.exists(), "{} is not there", beside.display());
    Ok(())
}

fn guest_in_order(workbench: &Workbench) -> Result<(), Failed> {
    let tree = GUEST.tree(workbench, Release::Trixie)?;
    let run = workbench.product().arg("check").arg(&tree).arg("--json").run()?.success()?;
    let _findings: serde_json::Value = serde_json::from_str(&run.output)?;
    Ok(())
}

fn no_init(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let arguments = ["--release", "trixie", "--variant", "minbase"];
    let run = workbench.product().debian()?.args(arguments).into_directory(&scratch.path().join("out")).run()?;
    run.exits_with(3)?.complains(&["/sbin/init"])?;
    let meant = workbench.product().arg("check").arg(minbase(workbench)?).run()?;
    ensure!(format!("{}{}", meant.output, meant.error).contains("/sbin/init"), "{}", meant.report("no word of /sbin/init"));
    meant.success().map(drop)
}

/// A guest's tree with this damage must be refused, in words and as JSON.
fn damaged_guest(workbench: &Workbench, damage: fn(&Path) -> Result<(), Failed>) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let tree = scratch.path().join("tree");
    copy_tree(&GUEST.tree(workbench, Release::Trixie)?, &tree)?;
    damage(&tree)?;
    let run = workbench.product().arg("check").arg(&tree).run()?.exits_with(3)?;
    ensure!(!(run.output.clone() + &run.error).is_empty(), "nothing was said");
    let run = workbench.product().args(words([&"check", &tree, &"--json"])).run()?.exits_with(3)?;
    let _findings: serde_json::Value = serde_json::from_str(&run.output)?;
    Ok(())
}

fn find_library(tree: &Path, name: &str) -> Result<PathBuf, Failed> {
    let file = tree.join("usr/lib/x86_64-linux-gnu").join(name);
    ensure!(file.exists(), "{} is not there", file.display());
    Ok(file)
}
