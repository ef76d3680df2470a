//! What the user adds to a tree, as the tree's own programs see it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rootfs_tests::{
    Case, Chroot, Deb, Failed, Need, Process, Release, Workbench, ensure, find_program, findings, package_set, read_status, words,
};

use crate::build::BUILD;

const IN_TREE: &[Need] = &[Need::Product, Need::Root, Need::Debian, Need::Judge("unshare"), Need::Judge("tar")];
const WITH_AGENT: &[Need] = &[Need::Product, Need::Root, Need::Debian, Need::Judge("unshare"), Need::Judge("busybox")];

/// A public key as ssh-keygen writes one.
const SSH_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl somebody@example\n";

type Look = fn(&Path) -> Result<(), Failed>;

pub(crate) fn cases() -> Vec<Case> {
    let customised = |name: &str, look: Look| {
        Case::new(format!("customise::{name}"), IN_TREE, move |workbench| look(&customised_tree(workbench)?.join("out")))
    };
    vec![
        customised("passwords open accounts", passwords),
        customised("ssh keys are where sshd looks, with its modes", ssh_keys),
        customised("a user has a home and a number", users),
        customised("the host has its name", |tree| expect(tree, "cat /etc/hostname", "box\n")),
        customised("overlays lie over the packages, in order", overlays),
        customised("a hook has run in the tree and is gone", hook),
        customised("docs, locales and manual pages are left out", trimmed),
        customised("a local package is installed with what it needs", local_package),
        Case::new("customise::a hook's output is shown", IN_TREE, |workbench| {
            let error = fs_err::read_to_string(customised_tree(workbench)?.join("error"))?;
            ensure!(error.contains("the hook speaks"), "{error}");
            Ok(())
        }),
        Case::new("customise::a failing hook ends the build", BUILD, failing_hook),
        Case::new("customise::--package replaces the distribution's own list", IN_TREE, own_list),
        Case::new("customise::an unknown package is answered with a near miss", BUILD, near_miss),
        Case::new("customise::an agent has a unit, or is init", WITH_AGENT, agent),
        Case::new("customise::an agent of another architecture is refused", WITH_AGENT, foreign_agent),
    ]
}

/// One build with everything, once in a run: `out`, and `error` with what was said.
fn customised_tree(workbench: &Workbench) -> Result<PathBuf, Failed> {
    workbench.once("customised", |path| {
        fs_err::create_dir(path)?;
        prepare(path)?;
        let run = workbench.product().minbase(Release::Trixie)?.arg("--verbose").directory(path);
        let run =
            run.args(["--root-password", "secret", "--user", "ann:other", "--user", "bob", "--hostname", "box", "--ssh-key", "key.pub"]);
        let run = run.args(["--overlay", "overlay", "--overlay", "overlay.tar", "--hook", "hook.sh"]);
        let run = run.args(["--without", "docs,locales,man", "--extra-pkg", "./local_1.0_all.deb"]);
        let run = run.into_directory(Path::new("out")).run()?.success()?;
        Ok(fs_err::write(path.join("error"), run.error)?)
    })
}

/// The files that the command line names.
fn prepare(path: &Path) -> Result<(), Failed> {
    fs_err::write(path.join("key.pub"), SSH_KEY)?;
    Deb::new("local", "1.0").field("Depends", "gettext-base").file("/usr/share/local", "here\n").build(path)?;
    for (directory, content) in [("overlay", "first"), ("second", "second")] {
        fs_err::create_dir_all(path.join(directory).join("etc/site"))?;
        fs_err::write(path.join(directory).join("etc/site/both"), content)?;
        fs_err::write(path.join(directory).join("etc/site").join(content), content)?;
    }
    let arguments = words([&"--create", &"--file", &path.join("overlay.tar"), &"--directory", &path.join("second"), &"."]);
    Process::judge("tar").args(arguments).args(["--owner=0", "--group=0"]).run()?.success()?;
    let hook = "#!/bin/sh\nset -e\necho the hook speaks\nid -u > /etc/hooked\ncat /etc/site/both >> /etc/hooked\necho >> /etc/hooked\necho \"$0\" >> /etc/hooked\n";
    fs_err::write(path.join("hook.sh"), hook)?;
    Ok(fs_err::set_permissions(path.join("hook.sh"), std::fs::Permissions::from_mode(0o755))?)
}

fn expect(tree: &Path, script: &str, expected: &str) -> Result<(), Failed> {
    let printed = Chroot::new(tree).prints(script)?;
    ensure!(printed == expected, "`{script}` printed {printed:?}, expected {expected:?}");
    Ok(())
}

fn passwords(tree: &Path) -> Result<(), Failed> {
    let script = r#"
        fits() { perl -e '$hash = (getpwnam($ARGV[0]))[1]; print crypt($ARGV[1], $hash) eq $hash ? "yes\n" : "no\n"' "$1" "$2"; }
        fits root secret; fits root wrong; fits ann other; fits ann secret
        for user in root ann bob; do passwd -S "$user" | cut -d' ' -f2; done
    "#;
    expect(tree, script, "yes\nno\nyes\nno\nP\nP\nL\n")
}

fn ssh_keys(tree: &Path) -> Result<(), Failed> {
    let script = "for home in /root /home/ann /home/bob; do stat -c '%U %a' $home/.ssh $home/.ssh/authorized_keys; cat $home/.ssh/authorized_keys; done";
    let of = |user: &str| format!("{user} 700\n{user} 600\n{SSH_KEY}");
    expect(tree, script, &(of("root") + &of("ann") + &of("bob")))
}

fn users(tree: &Path) -> Result<(), Failed> {
    expect(
        tree,
        "id ann; id bob; stat -c '%U %G' /home/ann; test -f /home/ann/.bashrc && echo skeleton",
        concat!("uid=1000(ann) gid=1000(ann) groups=1000(ann)\n", "uid=1001(bob) gid=1001(bob) groups=1001(bob)\n", "ann ann\nskeleton\n"),
    )?;
    // pwck finds what the files of users must not have.
    Chroot::new(tree).run("pwck -r -q; grpck -r")?.success().map(drop)
}

fn overlays(tree: &Path) -> Result<(), Failed> {
    expect(tree, "cat /etc/site/first /etc/site/second /etc/site/both; stat -c ' %u' /etc/site/both", "firstsecondsecond 0\n")
}

fn hook(tree: &Path) -> Result<(), Failed> {
    let text = fs_err::read_to_string(tree.join("etc/hooked"))?;
    let lines: Vec<&str> = text.lines().collect();
    ensure!(lines[..2] == ["0", "second"], "the hook saw {lines:?}");
    let place = lines.get(2).ok_or("the hook did not say its place")?;
    ensure!(!tree.join(place.trim_start_matches('/')).exists(), "the hook is still at {place}");
    Ok(())
}

fn trimmed(tree: &Path) -> Result<(), Failed> {
    expect(tree, "find /usr/share/doc -type f ! -name copyright | head; find /usr/share/man -type f | head", "")?;
    expect(
        tree,
        "find /usr/share/locale -name '*.mo' ! -path '*/en*' | head; test -f /usr/share/doc/dpkg/copyright && echo copyright",
        "copyright\n",
    )
}

fn local_package(tree: &Path) -> Result<(), Failed> {
    expect(tree, "cat /usr/share/local; dpkg-query -W -f '${db:Status-Abbrev}\\n' local gettext-base", "here\nii \nii \n")
}

fn failing_hook(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let hook = scratch.path().join("hook.sh");
    fs_err::write(&hook, "#!/bin/sh\necho I will not\nexit 5\n")?;
    fs_err::set_permissions(&hook, std::fs::Permissions::from_mode(0o755))?;
    let target = scratch.path().join("out");
    let run = workbench.product().minbase(Release::Trixie)?.arg("--hook").arg(&hook).into_directory(&target).run()?;
    run.exits_with(1)?.complains(&["hook.sh", "I will not", "5"])?;
    ensure!(!target.exists(), "the target was made");
    Ok(())
}

fn own_list(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let target = scratch.path().join("out");
    let run = workbench.product().minbase(Release::Trixie)?.args(["--package", "hello"]);
    run.into_directory(&target).run()?.success()?;
    let set = package_set(&read_status(&target)?);
    ensure!(set.contains_key("hello:amd64") && !set.contains_key("apt:amd64"), "{set:?}");
    let found = findings(&target)?;
    ensure!(found.is_empty(), "{}", found.join("\n"));
    Ok(())
}

fn near_miss(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let target = scratch.path().join("out");
    let run = workbench.product().minbase(Release::Trixie)?.arg("--extra-pkg=postgresqll").into_directory(&target).run()?;
    let run = run.exits_with(1)?.complains(&["`postgresqll`", "hint: "])?;
    ensure!(run.error.replace("postgresqll", "").contains("postgresql"), "{}", run.report("no near miss is named"));
    Ok(())
}

/// A static program of the host's.
fn static_program() -> Result<PathBuf, Failed> {
    Ok(find_program("busybox").ok_or("busybox is not installed")?)
}

fn agent(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let program = static_program()?;
    let build = |variant: &str, more: &[&str], target: &Path| -> Result<(), Failed> {
        let run = workbench.product().debian()?.args(["--release", "trixie", "--variant", variant, "--agent"]).arg(&program);
        run.args(["--agent-name", "guestd"]).args(more).into_directory(target).run()?.success().map(drop)
    };
    let with_unit = scratch.path().join("unit");
    build("guest", &[], &with_unit)?;
    let script = "cmp /usr/bin/guestd /usr/bin/guestd; stat -c %a /usr/bin/guestd; grep -rl guestd /etc/systemd/system/*.wants /usr/lib/systemd/system | wc -l";
    let printed = Chroot::new(&with_unit).prints(script)?;
    ensure!(printed.starts_with("755\n") && !printed.ends_with("\n0\n"), "{printed}");
    ensure!(fs_err::read(with_unit.join("usr/bin/guestd"))? == fs_err::read(&program)?, "the agent is not the program that was named");
    let as_init = scratch.path().join("init");
    build("minbase", &["--agent-init"], &as_init)?;
    expect(&as_init, "readlink -f /sbin/init", "/usr/bin/guestd\n")
}

fn foreign_agent(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let program = scratch.path().join("agent");
    let mut bytes = fs_err::read(static_program()?)?;
    // e_machine of an ELF header: 183 is EM_AARCH64.
    bytes[18..20].copy_from_slice(&183_u16.to_le_bytes());
    fs_err::write(&program, bytes)?;
    fs_err::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
    let run = workbench.product().debian()?.args(["--release", "trixie", "--variant", "minbase", "--agent"]).arg(&program);
    let run = run.into_directory(&scratch.path().join("out")).run()?;
    ensure!(matches!(run.status.code(), Some(1..=3)), "{}", run.report("accepted"));
    run.complains(&["agent", "aarch64", "x86_64"]).map(drop)
}
