//! A shell directory of Kata's osbuilder by the command line; what its scripts find around them is tested with the packages' crate.

use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rootfs_tests::{Case, Failed, Need, PlainUser, Process, Product, Workbench, copy_tree, ensure};
use rustix::process::Signal;

pub(crate) fn cases() -> Vec<Case> {
    let needs = [Need::Product, Need::Root, Need::Judge("busybox")];
    let user = [&needs[..], &["newuidmap", "unshare", "setpriv"].map(Need::Judge)].concat();
    vec![
        Case::new("shell directories::a build says that nothing is pinned", &needs, unpinned),
        Case::new("shell directories::a plain user's tree is root's", &user, same_tree),
        Case::new("shell directories::what needs a lock is refused", &needs, refused),
        Case::new("shell directories::a machine without bash is told so", &[&needs[..], &[Need::Judge("unshare")]].concat(), without_bash),
        Case::new("shell directories::a build that may fail is none that the trials fail for", &needs, may_fail),
        Case::new("shell directories::Ctrl-C ends the scripts", &needs, interrupted),
    ]
}

/// The project's own directory that copies the host's busybox.
fn directories() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/shell-directories")
}

fn trivial<'a>(product: Product<'a>, directories: &Path, out: &Path) -> Product<'a> {
    let build = product.arg("trivial").arg("--plugin-dir").arg(directories).into_directory(out);
    build.args(["--extra-pkg", "vim", "--release", "2.5", "--no-check"])
}

fn unpinned(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let out = scratch.path().join("out");
    let built = trivial(workbench.product(), &directories(), &out).arg("--json").run()?.success()?;
    built.clone().complains(&["pinned  nothing", "trivial 2.5 (default)"])?;
    let summary: serde_json::Value = serde_json::from_str(&built.output)?;
    ensure!(summary["pinned"] == false && summary["lock"].is_null(), "{}", built.report("something is pinned"));
    let told = fs_err::read_to_string(out.join("etc/told"))?;
    ensure!(told.contains("EXTRA_PKG=vim\nEXTRA_PKGS=vim\n") && told.contains("OS_VERSION=2.5\n"), "{told}");
    ensure!(fs_err::symlink_metadata(out.join("dev/console"))?.file_type().is_char_device(), "/dev/console is no device");
    let plan = trivial(workbench.product(), &directories(), &out).arg("--dry-run").run()?.success()?;
    for line in ["which download for themselves", "pinned     nothing", "EXTRA_PKGS=vim"] {
        ensure!(plan.output.contains(line), "{}", plan.report(&format!("the plan does not say `{line}`")));
    }
    Ok(())
}

fn same_tree(workbench: &Workbench) -> Result<(), Failed> {
    let user = PlainUser::new(workbench, 65536)?;
    let plugins = user.home().join("plugins");
    copy_tree(&directories(), &plugins)?;
    let (mine, scratch) = (user.home().join("out"), workbench.scratch()?);
    let roots = scratch.path().join("out");
    trivial(user.product(workbench), &plugins, &mine).env("SOURCE_DATE_EPOCH", "1").run()?.success()?;
    trivial(workbench.product(), &plugins, &roots).env("SOURCE_DATE_EPOCH", "1").run()?.success()?;
    ensure!(user.product(workbench).digest(&mine)? == workbench.product().digest(&roots)?, "the user's tree differs from root's");
    user.product(workbench).arg("rm").arg(&mine).run()?.success()?;
    Ok(())
}

fn refused(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let (out, lock) = (scratch.path().join("out"), scratch.path().join("lock"));
    fs_err::write(&lock, "")?;
    for (option, value) in [("--lock", Some(&lock)), ("--locked", Some(&lock)), ("--offline", None)] {
        let build = trivial(workbench.product(), &directories(), &out).arg(option).args(value);
        build.run()?.exits_with(2)?.complains(&[&format!("{option}: trivial is a shell directory"), "hint: build without"])?;
        ensure!(!out.exists(), "{option} was refused too late");
    }
    Ok(())
}

/// The host's programs are covered by a copy of them, from which the script takes what it likes.
const COVERED: &str = "mount -t tmpfs over /mnt && mkdir /mnt/upper /mnt/work && \
    mount -t overlay over -o lowerdir=/usr/bin,upperdir=/mnt/upper,workdir=/mnt/work /usr/bin && eval \"$1\" && shift && exec \"$@\"";

fn without_bash(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let build = |first: &str, name: &str| {
        let covered = Process::judge("unshare").args(["--mount", "sh", "-c", COVERED, "sh", first]);
        trivial(Product::under(workbench, covered), &directories(), &scratch.path().join(name)).run()
    };
    build("rm /usr/bin/bash", "none")?.exits_with(1)?.complains(&["`bash` is not installed on this machine", "hint: install bash"])?;
    ensure!(!scratch.path().join("none").exists(), "something is left");
    // The judge says no: with bash it builds there.
    build("true", "all")?.success().map(drop)
}

fn may_fail(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let plugin = scratch.path().join("brittle");
    fs_err::create_dir(&plugin)?;
    fs_err::write(plugin.join("rootfs_lib.sh"), "build_rootfs() {\n  die \"no mirror today\"\n}\n")?;
    for (config, outcome, code) in [("OS_NAME=brittle\nBUILD_CAN_FAIL=1\n", "skipped", 0), ("OS_NAME=brittle\n", "failed", 1)] {
        fs_err::write(plugin.join("config.sh"), config)?;
        let tried =
            workbench.product().args(["plugin", "test", "brittle", "--json", "--plugin-dir"]).arg(&plugin).run()?.exits_with(code)?;
        let table: Vec<serde_json::Value> = serde_json::from_str(&tried.output)?;
        let builds = table.iter().find(|trial| trial["name"] == "builds").ok_or_else(|| tried.report("no build was tried"))?;
        let detail = builds["detail"].as_str().unwrap_or_default();
        ensure!(builds["outcome"] == outcome && detail.contains("no mirror today"), "{}", tried.report(config));
        // A build is what was asked for, and has failed.
        let out = scratch.path().join("out");
        let built = workbench.product().args(["brittle", "--plugin-dir"]).arg(&plugin).into_directory(&out).run()?.exits_with(1)?;
        ensure!(built.error.contains("BUILD_CAN_FAIL") == (code == 0), "{}", built.report("the hint is another"));
    }
    Ok(())
}

fn interrupted(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let (plugin, out) = (scratch.path().join("sleeper"), scratch.path().join("out"));
    fs_err::create_dir(&plugin)?;
    fs_err::write(plugin.join("config.sh"), "OS_NAME=sleeper\n")?;
    fs_err::write(plugin.join("rootfs_lib.sh"), "build_rootfs() {\n  echo \"asleep\"\n  sleep 1000\n}\n")?;
    let build = workbench.product().arg("sleeper").arg("--plugin-dir").arg(&plugin).into_directory(&out).arg("-v");
    let mut running = build.start()?;
    while !running.error_so_far()?.contains("asleep") {
        ensure!(!running.has_ended()?, "it ended: {}", running.error_so_far()?);
        std::thread::sleep(Duration::from_millis(10));
    }
    running.signal(Signal::INT)?;
    running.finish(Duration::from_secs(20))?.exits_with(130)?;
    let left: Vec<_> = fs_err::read_dir(scratch.path())?.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<_, _>>()?;
    ensure!(left == ["sleeper"], "something is left: {left:?}");
    Ok(())
}
