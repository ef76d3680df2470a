//! Scripts that fail, and scripts that write where they must not.

use rootfs_tests::{Case, Failed, Need, Workbench, ensure};

use crate::place::{Builder, Place, line};

const NEEDS: [Need; 4] = [Need::Root, Need::Judge("newuidmap"), Need::Judge("unshare"), Need::Judge("setpriv")];

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("hostile::the host is as it was", &NEEDS, host_unharmed),
        Case::new("hostile::a failing script is told by function, line and last words", &NEEDS, failing),
        Case::new("hostile::a build without build_rootfs is told so", &NEEDS, undefined),
        Case::new("hostile::a lock and no network are refused", &NEEDS, unlocked),
    ]
}

const CANARY: &str = "rootfs-gen-shell-canary";

fn host_unharmed(workbench: &Workbench) -> Result<(), Failed> {
    let place = Place::new(workbench)?;
    let script = format!(
        "build_rootfs() {{\n mkdir -p $1/etc\n for place in /etc /usr /var/lib /home / $HOME /tmp /var/tmp /run {home} ${{script_dir}}; do\n\
           if echo x > $place/{CANARY}; then echo \"$place written\"; else echo \"$place refused\"; fi\n done > $1/etc/report\n\
           rm -rf --one-file-system /etc/passwd /usr/bin/env || true\n mount -o remount,bind,rw / || true\n\
           echo x > /etc/{CANARY} || true\n}}\n",
        home = place.plugin("..").display()
    );
    place.make("writer", "OS_NAME=writer\n", Some(&script))?;
    for builder in Builder::ALL {
        let built = place.build(builder, "writer", &[])?.success()?;
        let report = line(&built, "/etc/report")?;
        for (directory, end) in [("/etc", "refused"), ("/usr", "refused"), ("/var/lib", "refused"), ("/", "refused"), ("/tmp", "written")] {
            ensure!(report.contains(&format!("{directory} {end}\\n")), "{}", built.report(&format!("{directory} was not {end}")));
        }
        ensure!(report.contains("/root written\\n"), "{}", built.report("there is no home"));
        for directory in ["/etc", "/usr", "/var/lib", "/home", "/", "/root", "/tmp", "/var/tmp", "/run"] {
            ensure!(!std::path::Path::new(directory).join(CANARY).exists(), "{directory} was written to");
        }
        ensure!(!place.plugin("..").join(CANARY).exists() && !place.plugin(CANARY).exists(), "the plugins' folder was written to");
        ensure!(std::path::Path::new("/etc/passwd").exists(), "/etc/passwd is gone");
    }
    Ok(())
}

fn failing(workbench: &Workbench) -> Result<(), Failed> {
    let place = Place::new(workbench)?;
    let plain = "helper() {\n  echo last words\n  false\n  echo never\n}\nbuild_rootfs() {\n  helper\n}\n";
    place.make("plain", "OS_NAME=plain\n", Some(plain))?;
    place.make("dies", "OS_NAME=dies\n", Some("build_rootfs() {\n  die \"no luck\" today\n}\n"))?;
    place.make("unknown", "OS_NAME=unknown\n", Some("build_rootfs() {\n\n  install_the_moon $1\n}\n"))?;
    place.make("config", "OS_NAME=config\nfalse\n", Some(plain))?;
    for (name, words) in [
        (
            "plain",
            &["build_rootfs of plain exited with 1", "`false` exited with 1 in helper (line 3 of rootfs_lib.sh)", "| last words"][..],
        ),
        ("dies", &["no luck today in build_rootfs (line 2 of rootfs_lib.sh)", "| ERROR: no luck today"]),
        ("unknown", &["`install_the_moon $1` exited with 127 in build_rootfs (line 3 of rootfs_lib.sh)", "command not found"]),
        ("config", &["`false` exited with 1 (line 2 of config.sh)"]),
    ] {
        let failed = place.build(Builder::Root, name, &[])?.exits_with(1)?.complains(words)?;
        ensure!(!failed.error.contains("never") && !failed.error.contains("rootfs-gen-failed"), "{}", failed.report("more is said"));
        failed.complains(&["hint: run again with -v"])?;
    }
    let user = place.build(Builder::PlainUser, "plain", &[])?.exits_with(1)?;
    user.complains(&["in helper (line 3 of rootfs_lib.sh)"])?;
    Ok(())
}

fn undefined(workbench: &Workbench) -> Result<(), Failed> {
    let place = Place::new(workbench)?;
    place.make("none", "OS_NAME=none\n", None)?;
    place.make("unset", "OS_NAME=unset\n", Some("unset -f build_rootfs\nbuild_rootfs=1\n"))?;
    for name in ["none", "unset"] {
        place.build(Builder::Root, name, &[])?.exits_with(1)?.complains(&["function build_rootfs was not defined"])?;
    }
    let absent = place.build(Builder::Root, "absent", &[])?.exits_with(1)?;
    absent.complains(&["can't read the shell directory"])?;
    fs_err::create_dir(place.plugin("empty"))?;
    place.build(Builder::Root, "empty", &[])?.exits_with(1)?.complains(&["has no config.sh", "hint: a shell directory"])?;
    Ok(())
}

fn unlocked(workbench: &Workbench) -> Result<(), Failed> {
    let place = Place::new(workbench)?;
    place.take("trivial")?;
    let offline = place.build(Builder::Root, "trivial", &["offline=yes"])?.exits_with(1)?;
    offline.complains(&["--offline is nothing for a shell directory", "hint: build without --offline"])?;
    let locked = place.build(Builder::Root, "trivial", &["locked=yes"])?.exits_with(1)?;
    locked.complains(&["--locked is nothing for a shell directory"])?;
    Ok(())
}
