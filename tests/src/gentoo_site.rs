//! A small Gentoo: an ebuild repository, and binary hosts that the real emerge makes of it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;

use crate::{Portage, Process, SigningKey, Workbench};

/// The repository's ebuilds: `CATEGORY/NAME-VERSION` in a line of its own between `===`, then the ebuild.
const EBUILDS: &str = include_str!("gentoo/ebuilds.txt");

pub(crate) const MAKE_DEFAULTS: &str = "\
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

const FEATURES: &str = "-userpriv -usersandbox -sandbox -ipc-sandbox -network-sandbox -pid-sandbox -news -merge-wait -merge-sync";

/// A repository, and the hosts of its packages: `gpkg`, `xpak`, and `signed`, which is as the first with signatures.
#[derive(Debug, Clone)]
pub struct GentooSite {
    directory: PathBuf,
    portage: Portage,
}

impl GentooSite {
    /// The site that all cases of a run share. Its hosts must not be changed.
    ///
    /// # Errors
    /// When portage can't be had, or doesn't build the packages.
    pub fn new(workbench: &Workbench) -> Result<Self, Failed> {
        let portage = Portage::install(workbench.settings())?;
        let made = portage.clone();
        let directory = workbench.once("gentoo", |path| Self { directory: path.to_owned(), portage: made }.make())?;
        Ok(Self { directory, portage })
    }

    /// Where a host's packages and its index are.
    #[must_use]
    pub fn host(&self, name: &str) -> PathBuf {
        self.directory.join("hosts").join(name)
    }

    /// The public key that has signed the packages of `signed`.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.directory.join("key.asc")
    }

    /// emerge, installing packages of a host into a root.
    ///
    /// # Errors
    /// When the site can't be written to.
    pub fn emerge(&self, host: &str, root: &Path) -> Result<Process, Failed> {
        let emerge = self.portage.program("emerge", &self.directory)?;
        Ok(emerge.env("ROOT", root).env("PKGDIR", self.host(host)).args(["--usepkgonly", "--color=n", "--quiet"]))
    }

    /// `CATEGORY/NAME-VERSION` of every ebuild.
    #[must_use]
    pub fn packages() -> Vec<String> {
        ebuilds().into_iter().map(|(name, _)| name.to_owned()).collect()
    }

    fn make(&self) -> Result<(), Failed> {
        self.write_repository()?;
        let atoms: Vec<String> = Self::packages().into_iter().map(|name| format!("={name}")).collect();
        let build = |host: &str, format: &str, features: &str| -> Result<Process, Failed> {
            let emerge = self.portage.program("emerge", &self.directory)?.env("PKGDIR", self.host(host)).env("BINPKG_FORMAT", format);
            Ok(emerge
                .env("FEATURES", format!("{FEATURES} {features}"))
                .args(["--buildpkgonly", "--nodeps", "--jobs=3", "--quiet"])
                .args(&atoms))
        };
        build("gpkg", "gpkg", "")?.run()?.success()?;
        let key = SigningKey::generate("binhost")?;
        key.export(&self.key())?;
        self.sign(&key)?;
        let few: Vec<String> = ["sys-apps/baselayout-2.18", "sys-apps/busybox-1.36.1"].iter().map(|name| format!("={name}")).collect();
        let xpak = self.portage.program("emerge", &self.directory)?.env("PKGDIR", self.host("xpak")).env("BINPKG_FORMAT", "xpak");
        xpak.env("FEATURES", FEATURES).args(["--buildpkgonly", "--nodeps", "--quiet"]).args(few).run()?.success()?;
        Ok(())
    }

    /// The host `signed`: the same packages, signed by portage.
    fn sign(&self, key: &SigningKey) -> Result<(), Failed> {
        crate::copy_tree(&self.host("gpkg"), &self.host("signed"))?;
        // Portage verifies as nobody what it has signed, and trusts a key that is its owner's own.
        let verifying = self.directory.join("verify");
        crate::copy_tree(key.home(), &verifying)?;
        Process::new("chown").args(["-R", "nobody:nogroup"]).arg(&verifying).run()?.success()?;
        let packages = Process::new("find").arg(self.host("signed")).args(["-name", "*.gpkg.tar"]).run()?.success()?;
        for package in packages.output.lines() {
            let sign = self.portage.program("gpkg-sign", &self.directory)?;
            sign.env("BINPKG_GPG_SIGNING_KEY", key.name())
                .env("BINPKG_GPG_SIGNING_GPG_HOME", key.home())
                .env("BINPKG_GPG_VERIFY_GPG_HOME", &verifying)
                .arg(package)
                .run()?
                .success()?;
        }
        self.index_of(&self.host("signed"))
    }

    /// Makes a host's index say of its packages what they are now.
    ///
    /// # Errors
    /// When there is none, or a package of it is gone.
    pub fn index_of(&self, host: &Path) -> Result<(), Failed> {
        let index = fs_err::read_to_string(host.join("Packages"))?;
        let mut blocks = Vec::new();
        for block in index.split("\n\n") {
            let Some(path) = block.lines().find_map(|line| line.strip_prefix("PATH: ")) else {
                blocks.push(block.to_owned());
                continue;
            };
            let file = host.join(path);
            let sum = |program: &str| -> Result<String, Failed> {
                let said = Process::new(program).arg(&file).run()?.success()?.output;
                Ok(said.split_ascii_whitespace().next().unwrap_or_default().to_owned())
            };
            let (md5, sha1, size) = (sum("md5sum")?, sum("sha1sum")?, fs_err::metadata(&file)?.len());
            let line = |line: &str| match line.split(": ").next() {
                Some("MD5") => format!("MD5: {md5}"),
                Some("SHA1") => format!("SHA1: {sha1}"),
                Some("SIZE") => format!("SIZE: {size}"),
                _ => line.to_owned(),
            };
            blocks.push(block.lines().map(line).collect::<Vec<_>>().join("\n"));
        }
        fs_err::write(host.join("Packages"), blocks.join("\n\n"))?;
        // It is looked at first.
        if host.join("Packages.gz").exists() {
            fs_err::remove_file(host.join("Packages.gz"))?;
        }
        Ok(())
    }

    fn write_repository(&self) -> Result<(), Failed> {
        let repository = self.directory.join("repo");
        let put = |path: PathBuf, text: &str| -> Result<(), Failed> {
            fs_err::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
            Ok(fs_err::write(path, text)?)
        };
        let mut categories: Vec<&str> = Vec::new();
        for (name, text) in ebuilds() {
            let (category, version) = name.split_once('/').ok_or("an ebuild without a category")?;
            let package = version.rsplit_once('-').map_or(version, |(package, _)| package);
            if !categories.contains(&category) {
                categories.push(category);
            }
            let text = format!(
                "EAPI=8\nDESCRIPTION=\"{package}\"\nHOMEPAGE=\"https://example.org/\"\nLICENSE=\"GPL-2\"\nKEYWORDS=\"amd64\"\nS=\"${{WORKDIR}}\"\n{text}"
            );
            put(repository.join(category).join(package).join(format!("{version}.ebuild")), &text)?;
        }
        put(repository.join("profiles/repo_name"), "tiny\n")?;
        put(repository.join("profiles/arch.list"), "amd64\n")?;
        put(repository.join("profiles/categories"), &(categories.join("\n") + "\n"))?;
        put(repository.join("profiles/profiles.desc"), "amd64 tiny stable\n")?;
        put(repository.join("profiles/tiny/eapi"), "8\n")?;
        put(repository.join("profiles/tiny/make.defaults"), MAKE_DEFAULTS)?;
        put(
            repository.join("metadata/layout.conf"),
            "masters =\nthin-manifests = true\nsign-manifests = false\nprofile-formats = portage-2\n",
        )?;
        put(repository.join("licenses/GPL-2"), "GPL2\n")?;
        let (conf, temporary) = (self.directory.join("conf/etc/portage"), self.directory.join("tmp"));
        let make = format!(
            "FEATURES=\"{FEATURES}\"\nPORTAGE_TMPDIR=\"{}\"\nDISTDIR=\"{}\"\nPKGDIR=\"{}\"\nCFLAGS=\"-O2\"\n",
            temporary.display(),
            self.directory.join("distfiles").display(),
            self.host("gpkg").display()
        );
        put(conf.join("make.conf"), &make)?;
        fs_err::os::unix::fs::symlink(repository.join("profiles/tiny"), conf.join("make.profile"))?;
        fs_err::create_dir_all(self.directory.join("distfiles"))?;
        fs_err::create_dir_all(&temporary)?;
        fs_err::set_permissions(&temporary, std::fs::Permissions::from_mode(0o1777))?;
        // The package manager's files and this run's may be looked at by whoever portage becomes.
        Ok(fs_err::set_permissions(&self.directory, std::fs::Permissions::from_mode(0o755))?)
    }
}

fn ebuilds() -> Vec<(&'static str, &'static str)> {
    split_ebuilds(EBUILDS)
}

/// Names and ebuilds of a text that has several.
pub(crate) fn split_ebuilds(text: &str) -> Vec<(&str, &str)> {
    text.split("\n=== ").filter_map(|part| part.trim_start_matches("=== ").split_once(" ===\n")).collect()
}
