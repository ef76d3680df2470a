//! A BusyBox that is compiled: what was asked for, of sources that were verified, and the same wherever it is done.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rootfs_tests::{Case, Failed, Need, PlainUser, Process, Product, Workbench, ensure};

use crate::build::BUILD;

/// Options that change the program by a command and a word.
const FRAGMENT: &str = "# smaller\n# CONFIG_VI is not set\nCONFIG_FEATURE_VERBOSE_USAGE=y\nCONFIG_FEATURE_EDITING_HISTORY=77\n";

pub(crate) fn cases() -> Vec<Case> {
    let with = |judges: &[&'static str]| [BUILD, &judges.iter().map(|judge| Need::Judge(judge)).collect::<Vec<_>>()].concat();
    vec![
        Case::new("busybox::compiled as asked for", &with(&["readelf"]), compiled).only_in_full(),
        Case::new("busybox::whoever compiles it gets the same", &with(&["newuidmap", "setpriv"]), same_program).only_in_full(),
        Case::new("busybox::a fragment that means nothing is refused", BUILD, fragment),
        Case::new("busybox::a cross compiler says what for, on any number of processors", &with(&["readelf", "taskset"]), cross)
            .only_in_full(),
    ]
}

/// A build of the smallest tree from source.
fn build<'a>(workbench: &Workbench, product: Product<'a>) -> Result<Product<'a>, Failed> {
    let url = workbench.mirror()?.url();
    Ok(product.arg("busybox").mirror(&url).args(["--release", "bookworm", "--profile", "own", "--from", "source"]))
}

/// A tree, as root; beside it the fragment and the lock.
fn compile(workbench: &Workbench, directory: &Path) -> Result<(), Failed> {
    let (fragment, lock) = (directory.join("fragment"), directory.join("lock"));
    fs_err::write(&fragment, FRAGMENT)?;
    let build = build(workbench, workbench.product().afresh())?.arg("--fragment").arg(&fragment).arg("--lock").arg(&lock);
    build.into_directory(&directory.join("out")).run()?.success().map(drop)
}

fn compiled(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let place = |name: &str| scratch.path().join(name);
    compile(workbench, scratch.path())?;
    let lock = place("lock");
    let pinned = fs_err::read_to_string(&lock)?;
    for line in
        ["[[source]]\nname = \"busybox\"", "busybox_1.35.0.orig.tar.bz2\"", "[[compiler]]\nname = \"gcc\"", "[[package]]\nname = \"libc6\""]
    {
        ensure!(pinned.contains(line), "the lock lacks {line}");
    }
    ensure!(!pinned.contains("[[package]]\nname = \"busybox\""), "the compiled package is in the lock as well");

    let said =
        inside(workbench, &place("out"), "busybox | head -n 1; ls /usr/bin/vi /usr/bin/sed 2>/dev/null; busybox sh -c 'echo $((6*7))'")?;
    ensure!(said.starts_with("BusyBox v1.35.0 (of 1:1.35.0-4") && said.ends_with("\n/usr/bin/sed\n42\n"), "{said}");
    let needed = Process::judge("readelf").arg("-d").arg(place("out/usr/bin/busybox")).run()?.success()?.output;
    ensure!(needed.contains("libc.so.6"), "{needed}");

    // A lock of packages alone compiles nothing.
    let other =
        workbench.product().arg("busybox").mirror(&workbench.mirror()?.url()).args(["--release", "bookworm", "--locked"]).arg(&lock);
    other.into_directory(&place("other")).run()?.exits_with(1)?.complains(&["busybox from source", "packages alone"]).map(drop)
}

/// Another user, another store, without what the first one kept; the sources and compilers are those of the lock.
fn same_program(workbench: &Workbench) -> Result<(), Failed> {
    let user = PlainUser::new(workbench, 65536)?;
    let scratch = workbench.scratch()?;
    let place = |name: &str| scratch.path().join(name);
    compile(workbench, scratch.path())?;
    let (fragment, lock) = (place("fragment"), place("lock"));
    let (theirs, same) = (user.home().join("lock"), user.home().join("fragment"));
    for (from, to) in [(&lock, &theirs), (&fragment, &same)] {
        fs_err::copy(from, to)?;
        fs_err::set_permissions(to, std::fs::Permissions::from_mode(0o644))?;
    }
    let second = build(workbench, user.product(workbench).afresh())?.arg("--fragment").arg(&same).arg("--locked").arg(&theirs);
    second.into_directory(&user.home().join("out")).run()?.success()?;
    ensure!(
        user.product(workbench).digest(&user.home().join("out"))? == workbench.product().digest(&place("out"))?,
        "the user's program is another one"
    );
    user.product(workbench).arg("rm").arg(user.home().join("out")).run()?.success().map(drop)
}

fn inside(workbench: &Workbench, tree: &Path, script: &str) -> Result<String, Failed> {
    Ok(workbench.product().arg("shell").arg(tree).args(["--", "sh", "-c", script]).run()?.success()?.output)
}

fn fragment(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let file = scratch.path().join("fragment");
    for (text, complaint) in [
        ("CONFIG_NO_SUCH_COMMAND=y\n", "'CONFIG_NO_SUCH_COMMAND=y'"),
        // It needs the shell's line editing.
        ("# CONFIG_FEATURE_EDITING is not set\nCONFIG_FEATURE_TAB_COMPLETION=y\n", "'CONFIG_FEATURE_TAB_COMPLETION=y'"),
    ] {
        fs_err::write(&file, text)?;
        let out = scratch.path().join("out");
        let run = build(workbench, workbench.product())?.arg("--fragment").arg(&file).into_directory(&out).run()?.exits_with(1)?;
        run.complains(&["compiling busybox", complaint])?;
        ensure!(!out.exists(), "something is left");
    }
    let gone = build(workbench, workbench.product())?.args(["--fragment", "/no/such/file"]).into_directory(&scratch.path().join("out"));
    gone.run()?.exits_with(1)?.complains(&["/no/such/file"]).map(drop)
}

fn cross(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let place = |name: &str| scratch.path().join(name);
    let first = build(workbench, workbench.product().afresh())?.args(["--cross", "aarch64-linux-gnu-"]);
    first.into_directory(&place("all")).run()?.success()?;
    let header = Process::judge("readelf").arg("-h").arg(place("all/usr/bin/busybox")).run()?.success()?.output;
    ensure!(header.contains("AArch64"), "{header}");
    let one = Process::new("taskset").args(["--cpu-list", "0"]);
    let second = build(workbench, Product::under(workbench, one).afresh())?.args(["--arch", "arm64"]);
    second.into_directory(&place("one")).run()?.success()?;
    ensure!(workbench.product().digest(&place("all"))? == workbench.product().digest(&place("one"))?, "the programs differ");
    Ok(())
}
