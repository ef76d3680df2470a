//! A small Gentoo: an ebuild repository, and binary hosts that the real emerge makes of it.

pub(crate) mod repository;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libtest_mimic::Failed;
use sha2::{Digest, Sha256};

use crate::portage::lock;
use crate::settings::find_program;
use crate::{Portage, Process, SigningKey, Workbench};
use repository::{EBUILDS, FEATURES, MAKE_DEFAULTS, ebuilds, without_version};

/// What ebuilds take from this host, or build with: when one of them is another, the packages are made anew.
const MADE_WITH: [&str; 9] = ["busybox", "bash", "ldconfig", "getent", "cc", "g++", "ld", "scanelf", "python3"];
const MADE_OF: [&str; 3] = ["libc.so.6", "libstdc++.so.6", "libtinfo.so.6"];

/// What the hosts `xpak` and `signed` have; the host `gpkg` has everything.
const FEW: [&str; 2] = ["sys-apps/baselayout-2.18", "sys-apps/busybox-1.36.1"];
const SIGNED: [&str; 3] = ["sys-apps/baselayout-2.18", "sys-apps/busybox-1.36.1", "app-misc/first-1.0"];

/// A repository, and the hosts of its packages: `gpkg`, `xpak`, and `signed`, with signatures.
#[derive(Debug, Clone)]
pub struct GentooSite {
    directory: PathBuf,
    portage: Portage,
}

impl GentooSite {
    /// The site that all cases share. It lies below cargo's target directory and is made once for all runs; its hosts must not be changed.
    ///
    /// # Errors
    /// When portage can't be had, or doesn't build the packages.
    pub fn new(workbench: &Workbench) -> Result<Self, Failed> {
        static MADE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
        let portage = Portage::install(workbench.settings())?;
        let make =
            || Self::find(&workbench.settings().directory, &portage).map_err(|failed| failed.message().unwrap_or_default().to_owned());
        Ok(Self { directory: MADE.get_or_init(make).clone()?, portage })
    }

    /// Where a host's packages and its index are.
    #[must_use]
    pub fn host(&self, name: &str) -> PathBuf {
        self.directory.join("hosts").join(name)
    }

    /// A host of all packages in the older format, made by the first who asks.
    ///
    /// # Errors
    /// When portage doesn't build them.
    pub fn all_xpak(&self) -> Result<&'static str, Failed> {
        const NAME: &str = "all-xpak";
        let _lock = lock(&self.directory.join("all-xpak.lock"))?;
        if !self.host(NAME).join("Packages").exists() {
            let making = "all-xpak.new";
            if self.host(making).exists() {
                fs_err::remove_dir_all(self.host(making))?;
            }
            self.build(making, "xpak", &Self::packages())?;
            fs_err::rename(self.host(making), self.host(NAME))?;
        }
        Ok(NAME)
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
        Ok(self.installing(self.portage.program("emerge", &self.directory)?, host, root))
    }

    /// The same, started by another program that the arguments go to.
    ///
    /// # Errors
    /// As [`GentooSite::emerge`].
    pub fn emerge_by(&self, process: Process, host: &str, root: &Path) -> Result<Process, Failed> {
        Ok(self.installing(self.portage.program_by(process, "emerge", &self.directory)?, host, root))
    }

    fn installing(&self, emerge: Process, host: &str, root: &Path) -> Process {
        emerge.env("ROOT", root).env("PKGDIR", self.host(host)).args(["--usepkgonly", "--color=n", "--quiet"])
    }

    /// `CATEGORY/NAME-VERSION` of every ebuild.
    #[must_use]
    pub fn packages() -> Vec<&'static str> {
        ebuilds().into_iter().map(|(name, _)| name).collect()
    }

    /// The site of what this host has; one of other ebuilds or of another compiler is taken away.
    fn find(caches: &Path, portage: &Portage) -> Result<PathBuf, Failed> {
        let directory = caches.join(format!("gentoo-{}", made_of(caches)?));
        let _lock = lock(&caches.join("gentoo.lock"))?;
        let finished = directory.join("finished");
        if !finished.exists() {
            for entry in fs_err::read_dir(caches)? {
                let path = entry?.path();
                let is_site = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("gentoo-"));
                if is_site && path.is_dir() {
                    fs_err::remove_dir_all(path)?;
                }
            }
            fs_err::create_dir_all(&directory)?;
            Self { directory: directory.clone(), portage: portage.clone() }.make()?;
            fs_err::write(finished, "")?;
        }
        Ok(directory)
    }

    fn make(&self) -> Result<(), Failed> {
        repository::write(&self.directory)?;
        self.build("gpkg", "gpkg", &Self::packages())?;
        self.build("xpak", "xpak", &FEW)?;
        let key = SigningKey::generate("binhost")?;
        key.export(&self.key())?;
        self.sign(&key)
    }

    /// Makes a host. Of several versions of a package that are for one slot, emerge takes one at a time.
    fn build(&self, host: &str, format: &str, packages: &[&str]) -> Result<(), Failed> {
        let mut waves: Vec<Vec<&str>> = Vec::new();
        for package in packages {
            let has = |wave: &Vec<&str>| wave.iter().any(|other| without_version(other) == without_version(package));
            match waves.iter_mut().find(|wave| !has(wave)) {
                Some(wave) => wave.push(package),
                None => waves.push(vec![package]),
            }
        }
        for wave in waves {
            let emerge = self.portage.program("emerge", &self.directory)?.env("PKGDIR", self.host(host)).env("BINPKG_FORMAT", format);
            let emerge = emerge.env("FEATURES", FEATURES).args(["--buildpkgonly", "--nodeps", "--jobs=3", "--quiet"]);
            emerge.args(wave.iter().map(|package| format!("={package}"))).run()?.success()?;
        }
        Ok(())
    }

    /// The host `signed`: packages of `gpkg`, signed by portage.
    fn sign(&self, key: &SigningKey) -> Result<(), Failed> {
        crate::copy_tree(&self.host("gpkg"), &self.host("signed"))?;
        // Portage verifies as nobody what it has signed, and trusts a key that is its owner's own.
        let verifying = self.directory.join("verify");
        crate::copy_tree(key.home(), &verifying)?;
        Process::new("chown").args(["-R", "nobody:nogroup"]).arg(&verifying).run()?.success()?;
        let packages = Process::new("find").arg(self.host("signed")).args(["-name", "*.gpkg.tar"]).run()?.success()?;
        for package in packages.output.lines() {
            if !SIGNED.iter().any(|signed| package.contains(&format!("/{}-", signed.rsplit('/').next().unwrap_or_default()))) {
                fs_err::remove_file(package)?;
                continue;
            }
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

    /// Makes a host's index say of its packages what they are now, and nothing of those that are gone.
    ///
    /// # Errors
    /// When there is none.
    pub fn index_of(&self, host: &Path) -> Result<(), Failed> {
        let index = fs_err::read_to_string(host.join("Packages"))?;
        let mut blocks = Vec::new();
        for block in index.split("\n\n") {
            let Some(path) = block.lines().find_map(|line| line.strip_prefix("PATH: ")) else {
                blocks.push(block.to_owned());
                continue;
            };
            let file = host.join(path);
            if !file.exists() {
                continue;
            }
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
        fs_err::write(host.join("Packages"), blocks.join("\n\n") + "\n\n")?;
        // It is looked at first.
        if host.join("Packages.gz").exists() {
            fs_err::remove_file(host.join("Packages.gz"))?;
        }
        Ok(())
    }
}

/// A hash of everything that the packages are made of, and of where they are made: portage's configuration has absolute paths.
fn made_of(caches: &Path) -> Result<String, Failed> {
    let mut hash = Sha256::new();
    let own = [EBUILDS, MAKE_DEFAULTS, FEATURES, Portage::VERSION, &FEW.join(" "), &SIGNED.join(" "), &caches.display().to_string()];
    own.iter().for_each(|text| hash.update(text.as_bytes()));
    let programs = MADE_WITH.iter().filter_map(|name| find_program(name).or_else(|| Some(Path::new("/sbin").join(name))));
    let libraries = MADE_OF.iter().map(|name| Path::new("/lib/x86_64-linux-gnu").join(name));
    for file in programs.chain(libraries) {
        hash.update(fs_err::read(&file).map_err(|cause| format!("Gentoo's packages can't be made without this: {cause}"))?);
    }
    Ok(hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}
