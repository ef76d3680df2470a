//! Libraries: that each program's are there, that the loader finds them, and that nothing more is.

use rootfs_tests::{Case, Failed, GentooSite, Need, Workbench, ensure};

use super::{build, from};

pub(super) fn cases(needs: &[Need]) -> Vec<Case> {
    vec![
        Case::new("gentoo::programs find their libraries", needs, find_libraries),
        Case::new("gentoo::a library that no package has is told", needs, missing),
        Case::new("gentoo::BusyBox and glibc are small", needs, small),
    ]
}

/// A program of C++, which only the compiler has libraries for, and one that says nothing of what it is linked to.
fn find_libraries(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = GentooSite::new(workbench)?;
    let out = scratch.path().join("out");
    let packages = "sys-apps/baselayout,app-misc/cplus,app-containers/lxc";
    build(&site, workbench.product(), packages).into_directory(&out).run()?.success()?;
    let inside = |program: &str| workbench.product().arg("shell").arg(&out).args(["--", program]).run();
    ensure!(inside("cplus")?.success()?.output == "caught\n", "the program of C++ says something else");
    ensure!(inside("lxc-init")?.success()?.output == "2 13\n", "the libraries are others");
    let installed = |package: &str| out.join("var/db/pkg").join(package).exists();
    ensure!(installed("sys-libs/libseccomp-2.5.4") && !installed("sys-devel/gcc-12.2.0"), "other packages than needed");
    ensure!(out.join("usr/lib64/libstdc++.so.6").exists() && !out.join("usr/lib/gcc").exists(), "the compiler's libraries are elsewhere");
    workbench.product().arg("check").arg(&out).run()?.success()?;
    // The judge says no: this loader has other directories of its own.
    fs_err::remove_file(out.join("etc/ld.so.cache"))?;
    ensure!(!inside("lxc-init")?.status.success(), "the loader needs no list");
    Ok(())
}

fn missing(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = GentooSite::new(workbench)?;
    let (host, out) = (scratch.path().join("host"), scratch.path().join("out"));
    rootfs_tests::copy_tree(&site.host("gpkg"), &host)?;
    fs_err::remove_dir_all(host.join("sys-libs/libseccomp"))?;
    site.index_of(&host)?;
    let build = from(&host, workbench.product(), "app-containers/lxc").arg("--allow-unsigned").into_directory(&out);
    build.run()?.exits_with(1)?.complains(&["app-containers/lxc", "libseccomp.so.2"])?;
    ensure!(!out.exists(), "something is left");
    Ok(())
}

/// The set `shell`, of a BusyBox that is linked statically and so is larger than Gentoo's.
fn small(workbench: &Workbench) -> Result<(), Failed> {
    const LIMIT: u64 = 12_000_000;
    let scratch = workbench.scratch()?;
    let site = GentooSite::new(workbench)?;
    let file = scratch.path().join("shell.tar");
    let build = workbench.product().args(["gentoo", "--agent", "none", "--allow-unsigned", "--binhost"]).arg(site.host("gpkg"));
    build.arg("-o").arg(&file).run()?.success()?;
    let size = fs_err::metadata(&file)?.len();
    ensure!(size <= LIMIT, "{size} bytes are more than {LIMIT}");
    ensure!(size > 2_000_000, "{size} bytes can't have glibc");
    Ok(())
}
