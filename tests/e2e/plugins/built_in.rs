//! The built-in distributions as plugins: a program that has none built in finds them as shared objects, and their relatives as files.

use std::path::{Path, PathBuf};

use rootfs_plugin::Info;
use rootfs_tests::{AlpineArchive, Failed, GentooSite, Process, Product, Release, RpmArchive, Workbench, ensure};

/// Directories of distributions that are built in.
const DISTROS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../distros");

/// Those that have code, or could.
const LIBRARIES: [&str; 5] = ["alpine", "busybox", "debian", "fedora", "gentoo"];

/// Those that are a file over another's, with the directory they lie in.
const RELATIVES: [(&str, &str); 5] =
    [("debian", "ubuntu"), ("fedora", "centos-stream"), ("fedora", "rocky"), ("fedora", "almalinux"), ("fedora", "opensuse")];

/// A directory of all of them.
fn directory(workbench: &Workbench, scratch: &Path) -> Result<PathBuf, Failed> {
    let plugins = scratch.join("built-in");
    LIBRARIES.iter().try_for_each(|name| library(workbench, &plugins, name))?;
    for (of, name) in RELATIVES {
        let directory = plugins.join(name);
        fs_err::create_dir_all(&directory)?;
        fs_err::copy(Path::new(DISTROS).join(of).join("relatives").join(format!("{name}.toml")), directory.join("distro.toml"))?;
    }
    Ok(plugins)
}

/// A shared object, with the distribution's own file beside it. That of BusyBox says things that only its code knows; what it offers is enough.
fn library(workbench: &Workbench, plugins: &Path, name: &str) -> Result<(), Failed> {
    let directory = plugins.join(name);
    fs_err::create_dir_all(directory.join("keys"))?;
    let own = Path::new(DISTROS).join(name);
    let text =
        if name == "busybox" { toml::to_string(&offered(workbench, name)?)? } else { fs_err::read_to_string(own.join("distro.toml"))? };
    fs_err::write(directory.join("distro.toml"), format!("library = \"plugin.so\"\n{text}"))?;
    if own.join("keys").is_dir() {
        for entry in fs_err::read_dir(own.join("keys"))? {
            let key = entry?;
            fs_err::copy(key.path(), directory.join("keys").join(key.file_name()))?;
        }
    }
    let object = workbench.settings().product.with_file_name(format!("librootfs_{name}_plugin.so"));
    ensure!(object.is_file(), "{} is not built", object.display());
    Ok(fs_err::os::unix::fs::symlink(object, directory.join("plugin.so"))?)
}

/// What the built-in distribution says of itself.
fn offered(workbench: &Workbench, name: &str) -> Result<Info, Failed> {
    let listed = workbench.product().args(["list", "--json"]).run()?.success()?;
    let list: Vec<serde_json::Value> = serde_json::from_str(&listed.output)?;
    let found = list.into_iter().find(|entry| entry["name"] == name).ok_or("it is not listed")?;
    Ok(serde_json::from_value(found)?)
}

pub(super) fn same_plans(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let plugins = directory(workbench, scratch.path())?;
    let compare = || Process::new(workbench.settings().bare()).args(["--compare-plans", "--plugin-dir"]).arg(&plugins).run();
    let compared = compare()?.success()?;
    ensure!(compared.output.lines().count() == LIBRARIES.len() + RELATIVES.len(), "{}", compared.report("not all were compared"));
    // The judge says no: to a library that is another's, and to a relative with other packages.
    let wrong = plugins.join("debian/plugin.so");
    fs_err::remove_file(&wrong)?;
    fs_err::os::unix::fs::symlink(plugins.join("alpine/plugin.so"), &wrong)?;
    let rocky = plugins.join("rocky/distro.toml");
    let more = "[[tweaks]]\ndo = \"write\"\npath = \"/etc/other\"\ncontent = \"other\"\nmode = 0o644\n";
    fs_err::write(&rocky, fs_err::read_to_string(&rocky)? + more)?;
    let compared = compare()?.exits_with(1)?;
    for (name, is_same) in [("debian", false), ("rocky", false), ("alpine", true), ("ubuntu", true)] {
        let line = compared.output.lines().find(|line| line.starts_with(&format!("{name}: "))).unwrap_or_default();
        ensure!(line.ends_with("all the same") == is_same, "{}", compared.report(name));
    }
    Ok(())
}

/// The same digest, as the summary says it, of a build by the program and by the one that has no distribution built in.
fn expect_same<'a>(workbench: &'a Workbench, name: &str, build: &dyn Fn(Product<'a>) -> Result<Product<'a>, Failed>) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let plugins = scratch.path().join("plugins");
    library(workbench, &plugins, name)?;
    let digest = |product: Product<'a>, output: &str| -> Result<String, Failed> {
        let run = build(product)?.arg("--json").arg("-o").arg(scratch.path().join(output)).run()?.success()?;
        let summary: serde_json::Value = serde_json::from_str(&run.output)?;
        Ok(summary["digest"].as_str().ok_or_else(|| run.report("no digest in the summary"))?.to_owned())
    };
    let built_in = digest(workbench.product(), "built-in.tar")?;
    let found = digest(workbench.bare_product().afresh().env("ROOTFS_GEN_PLUGIN_PATH", &plugins), "plugin.tar")?;
    ensure!(built_in == found, "{name} is {built_in}, and {found} as a shared object");
    Ok(())
}

pub(super) fn alpine(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = AlpineArchive::new(workbench, scratch.path(), &[])?;
    expect_same(workbench, "alpine", &|product| Ok(archive.build(product)))
}

pub(super) fn busybox(workbench: &Workbench) -> Result<(), Failed> {
    let url = workbench.mirror()?.url();
    expect_same(workbench, "busybox", &|product| Ok(product.arg("busybox").mirror(&url)))
}

pub(super) fn debian(workbench: &Workbench) -> Result<(), Failed> {
    expect_same(workbench, "debian", &|product| product.minbase(Release::Trixie))
}

pub(super) fn fedora(workbench: &Workbench) -> Result<(), Failed> {
    let archive = RpmArchive::new(workbench, &[])?;
    expect_same(workbench, "fedora", &|product| Ok(crate::fedora::build(&archive, product, crate::fedora::BUSYBOX)))
}

pub(super) fn gentoo(workbench: &Workbench) -> Result<(), Failed> {
    let site = GentooSite::new(workbench)?;
    expect_same(workbench, "gentoo", &|product| Ok(crate::gentoo::build_set(&site, product, "shell")))
}
