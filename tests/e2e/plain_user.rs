//! Everything as a user without rights: the same bytes as root's.

use rootfs_tests::{Case, Failed, Need, PlainUser, Release, Workbench, ensure};

use crate::build::{BUILD, minbase};
use crate::host::{is_own, programs_outside, strace};

pub(crate) fn cases() -> Vec<Case> {
    let needs = [BUILD, &[Need::Judge("newuidmap"), Need::Judge("unshare"), Need::Judge("setpriv")]].concat();
    vec![
        Case::new("plain user::a tree and its image have root's bytes", &needs, same_bytes),
        Case::new("plain user::scripts, hooks and an agent have root's bytes", &needs, same_tar),
        Case::new("plain user::no program of the host is run but two", &[&needs[..], &[Need::Judge("strace")]].concat(), two_programs),
        Case::new("plain user::without subordinate ids the remedy is told", &needs, without_ids),
        Case::new("plain user::with too few subordinate ids the remedy is told", &needs, too_few_ids),
    ]
}

fn same_bytes(workbench: &Workbench) -> Result<(), Failed> {
    let user = PlainUser::new(workbench, 65536)?;
    let (out, image) = (user.home().join("out"), user.home().join("out.img"));
    user.product(workbench).minbase(Release::Trixie)?.into_directory(&out).run()?.success()?;
    let digest = user.product(workbench).digest(&out)?;
    let roots = minbase(workbench)?;
    ensure!(digest == workbench.product().digest(&roots)?, "the user's tree differs from root's");
    user.product(workbench).args(["image", "--no-check"]).arg(&out).arg("-o").arg(&image).run()?.success()?;
    let scratch = workbench.scratch()?;
    let other = scratch.path().join("root.img");
    workbench.product().args(["image", "--no-check"]).arg(&roots).arg("-o").arg(&other).run()?.success()?;
    ensure!(fs_err::read(&image)? == fs_err::read(&other)?, "the user's image differs from root's");
    user.product(workbench).arg("check").arg(&out).run()?.success()?;

    let script = "id -u; stat --format=%u:%g /etc/shadow; test -c /dev/null; exit 4";
    let inside = user.product(workbench).arg("shell").arg(&out).args(["--", "sh", "-c", script]).run()?.exits_with(4)?;
    ensure!(inside.output == "0\n0:42\n", "{}", inside.report("not root of the tree"));
    let piped = user
        .product(workbench)
        .arg("shell")
        .arg(&out)
        .args(["--", "bash", "-c", "yes | head -1; echo ${PIPESTATUS[0]}"])
        .run()?
        .success()?;
    ensure!(piped.output == "y\n141\n", "{}", piped.report("signals are not as a new program finds them"));
    let missing = user.product(workbench).arg("shell").arg(&out).args(["--", "no-such-program"]).run()?.exits_with(125)?;
    missing.complains(&["no-such-program", "not installed"])?;
    user.product(workbench).arg("rm").arg(&out).run()?.success()?;
    ensure!(!out.exists() && !user.home().join("out.rootfs-gen").exists(), "`rm` left something");
    let foreign = user.home().join("letters");
    fs_err::create_dir(&foreign)?;
    let refused = user.product(workbench).arg("rm").arg(&foreign).run()?.exits_with(2)?;
    refused.complains(&["letters"])?;
    ensure!(foreign.exists(), "`rm` took what it had not made");
    Ok(())
}

fn same_tar(workbench: &Workbench) -> Result<(), Failed> {
    let user = PlainUser::new(workbench, 65536)?;
    let hook = user.home().join("hook");
    fs_err::write(&hook, "#!/bin/sh\nset -e\nid > /etc/hooked\ninstall -o 33 -g 44 -m 6755 /bin/true /usr/local/bin/odd\n")?;
    let arguments = ["--variant", "minbase", "--agent-init", "--extra-pkg", "openssh-server", "--user", "ann", "--hook"];
    let (theirs, ours) = (user.home().join("user.tar"), user.home().join("root.tar"));
    let build = user.product(workbench).debian()?.args(arguments).arg(&hook);
    build.arg("-o").arg(&theirs).run()?.success()?;
    let build = workbench.product().debian()?.args(arguments).arg(&hook);
    build.arg("-o").arg(&ours).run()?.success()?;
    ensure!(fs_err::read(&theirs)? == fs_err::read(&ours)?, "the user's tar differs from root's");
    Ok(())
}

fn two_programs(workbench: &Workbench) -> Result<(), Failed> {
    let user = PlainUser::new(workbench, 65536)?;
    let trace = user.home().join("trace");
    let product = user.traced(workbench, strace(&trace)).minbase(Release::Trixie)?;
    product.into_directory(&user.home().join("out")).run()?.success()?;
    let text = fs_err::read_to_string(&trace)?;
    let program = user.program().display().to_string();
    let begin = text.find(&format!("execve(\"{program}\"")).ok_or("the trace doesn't show rootfs-gen")?;
    let line = text[..begin].rfind('\n').map_or(0, |end| end + 1);
    let outside = programs_outside(&text[line..]);
    let foreign: Vec<&str> = outside.iter().map(String::as_str).filter(|found| !is_own(found, &program)).collect();
    ensure!(foreign == ["/usr/bin/newgidmap", "/usr/bin/newuidmap"], "{foreign:?}");
    ensure!(text.contains("/usr/bin/dpkg"), "the trace does not show the tree's dpkg; it proves nothing");
    Ok(())
}

fn without_ids(workbench: &Workbench) -> Result<(), Failed> {
    refused(workbench, 0, "has 0 subordinate ids")
}

fn too_few_ids(workbench: &Workbench) -> Result<(), Failed> {
    refused(workbench, 1000, "has 1000 subordinate ids")
}

fn refused(workbench: &Workbench, ids: u32, complaint: &str) -> Result<(), Failed> {
    let user = PlainUser::new(workbench, ids)?;
    let run = user.product(workbench).minbase(Release::Trixie)?.into_directory(&user.home().join("out")).run()?.exits_with(1)?;
    run.complains(&[complaint, "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 plain"])?;
    ensure!(!user.home().join("out").exists(), "something was made");
    Ok(())
}
