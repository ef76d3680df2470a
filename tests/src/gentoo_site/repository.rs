//! The ebuild repository, and portage's configuration beside it.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;

/// The ebuilds: `CATEGORY/NAME-VERSION` in a line of its own between `===`, then the ebuild.
pub(super) const EBUILDS: &str = include_str!("../gentoo/ebuilds.txt");

pub(super) const MAKE_DEFAULTS: &str = "\
ARCH=\"amd64\"
ACCEPT_KEYWORDS=\"amd64\"
ACCEPT_LICENSE=\"*\"
CHOST=\"x86_64-pc-linux-gnu\"
ELIBC=\"glibc\"
KERNEL=\"linux\"
USERLAND=\"GNU\"
LIBDIR_amd64=\"lib64\"
DEFAULT_ABI=\"amd64\"
ABI=\"amd64\"
IUSE_IMPLICIT=\"prefix\"
USE_EXPAND=\"ELIBC KERNEL\"
USE_EXPAND_IMPLICIT=\"ARCH ELIBC KERNEL\"
USE_EXPAND_VALUES_ARCH=\"amd64\"
USE_EXPAND_VALUES_ELIBC=\"glibc musl\"
USE_EXPAND_VALUES_KERNEL=\"linux\"
";

pub(super) const FEATURES: &str =
    "-userpriv -usersandbox -sandbox -ipc-sandbox -network-sandbox -pid-sandbox -news -merge-wait -merge-sync";

/// Every ebuild: its name with the category, and its text.
pub(super) fn ebuilds() -> Vec<(&'static str, &'static str)> {
    split_ebuilds(EBUILDS)
}

/// Names and ebuilds of a text that has several.
pub(crate) fn split_ebuilds(text: &str) -> Vec<(&str, &str)> {
    text.split("\n=== ").filter_map(|part| part.trim_start_matches("=== ").split_once(" ===\n")).collect()
}

/// `CATEGORY/NAME` of `CATEGORY/NAME-VERSION`, the version with its revision.
pub(super) fn without_version(package: &str) -> &str {
    let is_revision = |part: &str| part.strip_prefix('r').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    match package.rsplit_once('-') {
        Some((rest, last)) if is_revision(last) => rest.rsplit_once('-').map_or(rest, |(name, _)| name),
        Some((name, _)) => name,
        None => package,
    }
}

/// Writes a site: `repo`; `conf/etc/portage`; and directories for what portage makes.
pub(super) fn write(site: &Path) -> Result<(), Failed> {
    let repository = site.join("repo");
    write_repository(&repository, &ebuilds(), "S=\"${WORKDIR}\"\n")?;
    let (conf, temporary, distfiles) = (site.join("conf/etc/portage"), site.join("tmp"), site.join("distfiles"));
    let make = format!(
        "FEATURES=\"{FEATURES}\"\nPORTAGE_TMPDIR=\"{}\"\nDISTDIR=\"{}\"\nPKGDIR=\"{}\"\nCFLAGS=\"-O2\"\n",
        temporary.display(),
        distfiles.display(),
        site.join("hosts/gpkg").display()
    );
    put(conf.join("make.conf"), &make)?;
    symlink(repository.join("profiles/tiny"), conf.join("make.profile"))?;
    fs_err::create_dir_all(distfiles)?;
    fs_err::create_dir_all(&temporary)?;
    fs_err::set_permissions(&temporary, std::fs::Permissions::from_mode(0o1777))?;
    // The package manager's files may be looked at by whoever portage becomes.
    Ok(fs_err::set_permissions(site, std::fs::Permissions::from_mode(0o755))?)
}

/// Writes a repository `tiny` with a profile of that name. Each ebuild begins with what all have, and `more`.
pub(crate) fn write_repository(repository: &Path, ebuilds: &[(&str, &str)], more: &str) -> Result<(), Failed> {
    let mut categories: Vec<&str> = Vec::new();
    for (name, text) in ebuilds {
        let (category, version) = name.split_once('/').ok_or("an ebuild without a category")?;
        let (_, package) = without_version(name).split_once('/').ok_or("an ebuild without a category")?;
        if !categories.contains(&category) {
            categories.push(category);
        }
        let text = format!(
            "EAPI=8\nDESCRIPTION=\"{package}\"\nHOMEPAGE=\"https://example.org/\"\nLICENSE=\"GPL-2\"\nKEYWORDS=\"amd64\"\n{more}{text}\n"
        );
        put(repository.join(category).join(package).join(format!("{version}.ebuild")), &text)?;
    }
    for (path, text) in [
        ("profiles/repo_name", "tiny\n"),
        ("profiles/arch.list", "amd64\n"),
        ("profiles/categories", &(categories.join("\n") + "\n")),
        ("profiles/profiles.desc", "amd64 tiny stable\n"),
        ("profiles/tiny/eapi", "8\n"),
        ("profiles/tiny/make.defaults", MAKE_DEFAULTS),
        ("metadata/layout.conf", "masters =\nthin-manifests = true\nsign-manifests = false\nprofile-formats = portage-2\n"),
        ("licenses/GPL-2", "GPL2\n"),
    ] {
        put(repository.join(path), text)?;
    }
    Ok(())
}

fn put(path: PathBuf, text: &str) -> Result<(), Failed> {
    fs_err::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
    Ok(fs_err::write(path, text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_may_have_a_revision() {
        for (package, name) in [
            ("sys-libs/zlib-1.3-r1", "sys-libs/zlib"),
            ("app-misc/engine-plugin-1.0-r10", "app-misc/engine-plugin"),
            ("dev-libs/openssl-3.0_p2", "dev-libs/openssl"),
            ("virtual/libc-1", "virtual/libc"),
        ] {
            assert_eq!(without_version(package), name);
        }
    }

    #[test]
    fn there_are_packages_enough() {
        let ebuilds = ebuilds();
        let count = |text: &str| ebuilds.iter().filter(|(_, ebuild)| ebuild.contains(text)).count();
        assert!(ebuilds.len() >= 50 && count("IUSE=") >= 8 && count("|| (") >= 4 && count("!sys-apps") + count("!!") >= 2);
        assert!(count("SLOT=\"0/") >= 8 && count("PDEPEND") >= 1 && count("IDEPEND") >= 1 && count("-soname") >= 3);
    }
}
