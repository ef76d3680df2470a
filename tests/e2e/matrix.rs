//! A table of builds by one command.

use std::path::Path;
use std::time::Duration;

use rootfs_tests::{Case, Failed, Finished, Product, Release, Workbench, ensure};
use rustix::process::Signal;
use serde_json::Value;

use crate::build::{BUILD, MINBASE};

/// Two releases, each as an archive and as a directory, and what can't be built.
const TABLE: &str = r#"
output-dir = "out"
[settings]
agent = "none"
variant = "minbase"
[[build]]
distribution = "debian"
release = ["bookworm", "trixie"]
output = ["{release}.tar", "{release}/"]
[[build]]
distribution = "debian"
output = "{variant}.tar"
extra-pkg = "rootfs-gen-has-no-such-package"
"#;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("matrix::a table is built, and one failure stops no other", BUILD, whole),
        Case::new("matrix::nothing that is there is replaced by accident", BUILD, again),
        Case::new("matrix::Ctrl-C ends all of it", BUILD, ended),
    ]
}

/// The command with a table, in a directory of its own.
pub(crate) fn matrix<'a>(workbench: &'a Workbench, directory: &Path, table: &str) -> Result<Product<'a>, Failed> {
    let file = directory.join("builds.toml");
    fs_err::write(&file, table)?;
    let url = workbench.mirror()?.url();
    Ok(workbench.product().mirror(&url).arg("matrix").arg(file))
}

/// What is told of the build with that output.
pub(crate) fn result<'a>(results: &'a Value, name: &str) -> Result<&'a Value, Failed> {
    let found = results.as_array().into_iter().flatten().find(|result| result["name"] == name);
    found.ok_or_else(|| format!("nothing is told of {name}: {results:#}").into())
}

pub(crate) fn results(finished: &Finished) -> Result<Value, Failed> {
    serde_json::from_str(&finished.output).map_err(|error| format!("{error}: {}", finished.output).into())
}

fn whole(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let finished = matrix(workbench, scratch.path(), TABLE)?.args(["--json", "--jobs", "3"]).run()?.exits_with(1)?;
    let finished = finished.complains(&["no repository has a package `rootfs-gen-has-no-such-package`"])?;
    let results = results(&finished)?;
    let place = |name: &str| scratch.path().join("out").join(name);
    for release in [Release::Bookworm, Release::Trixie] {
        let expected = workbench.product().digest(&MINBASE.tree(workbench, release)?)?;
        for name in [format!("{release}.tar"), format!("{release}/")] {
            let told = result(&results, &name)?;
            ensure!(told["result"] == "built" && told["where"] == "here", "{told:#}");
            ensure!(told["summary"]["digest"] == expected.trim_start_matches("sha256:"), "{told:#}\nnot {expected}");
            let written = workbench.product().digest(&place(&name))?;
            ensure!(written == expected, "{name} has the digest {written}, not {expected}");
        }
    }
    let failed = result(&results, "minbase.tar")?;
    ensure!(failed["result"] == "failed" && !place("minbase.tar").exists(), "{failed:#}");
    let left: Vec<_> = fs_err::read_dir(place(""))?.flatten().map(|entry| entry.file_name()).collect();
    ensure!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "a stage was left: {left:?}");
    Ok(())
}

fn again(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let table = "[[build]]\ndistribution = \"debian\"\nvariant = \"minbase\"\nagent = \"none\"\noutput = \"root.tar\"";
    let file = scratch.path().join("root.tar");
    fs_err::write(&file, "precious")?;
    let build = || matrix(workbench, scratch.path(), table);
    build()?.run()?.exits_with(1)?.complains(&["root.tar", "exists", "`--force` replaces it"])?;
    ensure!(fs_err::read(&file)? == b"precious", "it was replaced");
    let built = build()?.arg("--force").run()?.success()?;
    ensure!(built.output.contains("1 of 1 built"), "{}", built.report("the table of results"));
    ensure!(fs_err::metadata(&file)?.len() > 10_000_000, "it was not replaced");
    let dry = build()?.arg("--dry-run").run()?.success()?;
    ensure!(dry.output.contains("root.tar  debian"), "{}", dry.report("the table of builds"));
    Ok(())
}

fn ended(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let mut running = matrix(workbench, scratch.path(), TABLE)?.afresh().args(["--jobs", "2"]).start()?;
    while !running.error_so_far()?.contains("bookworm.tar: configure …") {
        ensure!(!running.has_ended()?, "it ended: {}", running.error_so_far()?);
        std::thread::sleep(Duration::from_millis(20));
    }
    running.signal(Signal::INT)?;
    let ended = running.finish(Duration::from_secs(60))?.exits_with(130)?;
    ensure!(ended.output.contains("interrupted"), "{}", ended.report("nothing tells which builds were interrupted"));
    let left: Vec<_> = fs_err::read_dir(scratch.path().join("out"))?.flatten().map(|entry| entry.file_name()).collect();
    ensure!(left.is_empty(), "{left:?} was left");
    Ok(())
}
