//! A mirror laid out as Fedora's, with packages made of Debian's and by hand, signed.

use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use tempfile::TempDir;

use crate::process::{Process, words};
use crate::rpm_package::{RpmPackage, build_from_deb, build_spec};
use crate::{Release, SigningKey, Workbench};

/// Hand-written packages, below the shared fixtures.
const SPECS: &str = "testing/fedora/specs";

/// Packages of Debian's that make a guest with systemd, and what rpm itself is made of.
const ROOTS: [&str; 10] =
    ["systemd", "systemd-sysv", "bash", "dash", "coreutils", "util-linux", "mount", "rpm", "rpm-common", "systemd-standalone-sysusers"];

/// What a guest of Kata's has besides.
const OF_KATA: [&str; 6] = ["chrony", "iptables", "kmod", "libseccomp2", "dbus-broker", "dbus"];

/// Changes with what [`packages`] makes.
const EDITION: &str = "2";

/// Which release and machine the mirror is for.
const REPOSITORY: &str = "releases/43/Everything/x86_64/os";
const UPDATES: &str = "updates/43/Everything/x86_64";

/// A mirror with two repositories: the packages, and an empty one of updates.
#[derive(Debug)]
pub struct RpmArchive {
    directory: TempDir,
    key: SigningKey,
}

impl RpmArchive {
    /// The common packages, and others.
    ///
    /// # Errors
    /// When a tool fails.
    pub fn new(workbench: &Workbench, more: &[RpmPackage]) -> Result<Self, Failed> {
        Self::of(workbench, Release::Bookworm, more)
    }

    /// The same, made of the packages of a release of Debian's: with its rpm.
    ///
    /// # Errors
    /// When a tool fails.
    pub fn of(workbench: &Workbench, release: Release, more: &[RpmPackage]) -> Result<Self, Failed> {
        Self::with(packages(workbench, release, "guest", &ROOTS)?, more)
    }

    /// The common packages, and what Kata's agent calls.
    ///
    /// # Errors
    /// When a tool fails.
    pub fn of_kata(workbench: &Workbench) -> Result<Self, Failed> {
        let of_fedora = [("iptables-nft", "iptables"), ("libseccomp", "libseccomp2")];
        let more = of_fedora.map(|(name, of_debian)| RpmPackage::new(name, "1").says(&format!("Requires: {of_debian}")));
        Self::with(packages(workbench, Release::Bookworm, "kata", &[&ROOTS[..], &OF_KATA].concat())?, &more)
    }

    fn with(packages: PathBuf, more: &[RpmPackage]) -> Result<Self, Failed> {
        let directory = tempfile::Builder::new().permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755)).tempdir_in("/var/tmp")?;
        let archive = Self { directory, key: SigningKey::generate("rpm archive")? };
        let repository = archive.repository();
        fs_err::create_dir_all(&repository)?;
        fs_err::create_dir_all(archive.mirror().join(UPDATES))?;
        for entry in fs_err::read_dir(packages)? {
            let path = entry?.path();
            fs_err::copy(&path, repository.join(path.file_name().unwrap_or_default()))?;
        }
        more.iter().try_for_each(|package| package.build(&repository))?;
        archive.key.export(&archive.key_file())?;
        archive.sign_packages(&archive.key)?;
        archive.publish()?;
        Ok(archive)
    }

    /// What `--mirror` names.
    #[must_use]
    pub fn mirror(&self) -> PathBuf {
        self.directory.path().join("mirror")
    }

    /// Where the packages are.
    #[must_use]
    pub fn repository(&self) -> PathBuf {
        self.mirror().join(REPOSITORY)
    }

    /// The armoured public key.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.directory.path().join("key.asc")
    }

    /// The file of a package, by its name.
    ///
    /// # Errors
    /// When there is none, or several.
    pub fn package(&self, name: &str) -> Result<PathBuf, Failed> {
        let begins = |path: &PathBuf| {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            file.strip_prefix(&format!("{name}-")).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        };
        let files: Vec<PathBuf> = rpms(&self.repository())?.into_iter().filter(begins).collect();
        match &files[..] {
            [file] => Ok(file.clone()),
            others => Err(format!("{} files are called {name}", others.len()).into()),
        }
    }

    /// Signs every package anew.
    ///
    /// # Errors
    /// When rpmsign fails.
    pub fn sign_packages(&self, key: &SigningKey) -> Result<(), Failed> {
        sign_rpms(&self.repository(), key)
    }

    /// Writes both indexes, signed.
    ///
    /// # Errors
    /// When createrepo_c or gpg fails.
    pub fn publish(&self) -> Result<(), Failed> {
        self.publish_unsigned()?;
        self.sign_indexes(&self.key)
    }

    /// Writes both indexes, unsigned as Fedora's are.
    ///
    /// # Errors
    /// When createrepo_c fails.
    pub fn publish_unsigned(&self) -> Result<(), Failed> {
        for repository in self.repositories() {
            Process::judge("createrepo_c").args(words([&"--quiet", &repository])).run()?.success()?;
            let signature = repository.join("repodata/repomd.xml.asc");
            if signature.exists() {
                fs_err::remove_file(signature)?;
            }
        }
        Ok(())
    }

    /// Signs both indexes as they are.
    ///
    /// # Errors
    /// When gpg fails.
    pub fn sign_indexes(&self, key: &SigningKey) -> Result<(), Failed> {
        for repository in self.repositories() {
            let signature = key.detached_signature(&fs_err::read_to_string(repository.join("repodata/repomd.xml"))?)?;
            fs_err::write(repository.join("repodata/repomd.xml.asc"), signature)?;
        }
        Ok(())
    }

    /// Where the packages are, and where none is.
    #[must_use]
    pub fn repositories(&self) -> [PathBuf; 2] {
        [REPOSITORY, UPDATES].map(|path| self.mirror().join(path))
    }

    /// Adds a list of modules to the index of the packages, whatever it says.
    ///
    /// # Errors
    /// When modifyrepo_c or gpg fails.
    pub fn add_modules(&self) -> Result<(), Failed> {
        let list = self.directory.path().join("modules.yaml");
        fs_err::write(&list, "---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: one\n")?;
        let repodata = self.repository().join("repodata");
        Process::judge("modifyrepo_c").args(words([&"--mdtype=modules", &list, &repodata])).run()?.success()?;
        self.sign_indexes(&self.key)
    }

    /// The key that signs packages and indexes.
    #[must_use]
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The real dnf on a root, with this repository alone; the root's rpm database is where Fedora has it.
    ///
    /// # Errors
    /// When its settings can't be written.
    pub fn dnf(&self, root: &Path) -> Result<Process, Failed> {
        self.dnf_by(Process::judge("dnf"), root)
    }

    /// As [`RpmArchive::dnf`], by a process that starts dnf with what is added to it.
    ///
    /// # Errors
    /// When its settings can't be written.
    pub fn dnf_by(&self, dnf: Process, root: &Path) -> Result<Process, Failed> {
        let home = self.directory.path().join("dnf");
        fs_err::create_dir_all(&home)?;
        fs_err::write(home.join(".rpmmacros"), "%_dbpath /usr/lib/sysimage/rpm\n%__gpg /usr/bin/gpg\n")?;
        let key = self.key_file();
        let settings = format!(
            "[main]\ngpgcheck=1\nbest=1\ninstall_weak_deps=0\nreposdir=/nonexistent\npluginpath=/nonexistent\nvarsdir=/nonexistent\n\
             cachedir={home}/cache\npersistdir={home}/persist\nlogdir={home}/log\n\
             [fedora]\nname=fedora\nbaseurl=file://{}\ngpgkey=file://{}\nrepo_gpgcheck=1\n",
            self.repository().display(),
            key.display(),
            home = home.display(),
        );
        fs_err::write(home.join("dnf.conf"), settings)?;
        let dnf = dnf.env("HOME", &home).arg("-c").arg(home.join("dnf.conf")).arg("--installroot").arg(root);
        Ok(dnf.args(["--quiet", "--assumeyes", "--releasever=43", "--forcearch=x86_64"]))
    }

    /// Where dnf keeps its own files below a root it installed into.
    #[must_use]
    pub fn traces(&self) -> String {
        self.directory.path().join("dnf").to_string_lossy().into_owned()
    }
}

/// Signs every package in a directory anew.
///
/// # Errors
/// When rpmsign fails.
pub fn sign_rpms(directory: &Path, key: &SigningKey) -> Result<(), Failed> {
    let define = |name: &str, value: &str| ["--define".to_owned(), format!("{name} {value}")];
    let common = [define("_gpg_name", key.name()), define("_gpg_path", &key.home().to_string_lossy()), define("__gpg", "/usr/bin/gpg")];
    let options = key.options().iter().map(|option| define("_gpg_sign_cmd_extra_args", option)).collect::<Vec<_>>();
    let defines = [common.concat(), options.concat()];
    Process::judge("rpmsign").args(["--resign"]).args(defines.concat()).args(rpms(directory)?).run()?.success()?;
    Ok(())
}

fn rpms(directory: &Path) -> Result<Vec<PathBuf>, Failed> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(directory)? {
        files.extend(Some(entry?.path()).filter(|path| path.extension().is_some_and(|extension| extension == "rpm")));
    }
    files.sort();
    Ok(files)
}

/// rpm on a root with Fedora's place of the database.
#[must_use]
pub fn rpm(root: &Path) -> Process {
    Process::judge("rpm").args(words([&"--root", &root, &"--dbpath", &"/usr/lib/sysimage/rpm"]))
}

/// The common packages, unsigned: made once, and kept for later runs.
fn packages(workbench: &Workbench, release: Release, set: &str, roots: &[&str]) -> Result<PathBuf, Failed> {
    let made = workbench.once(&format!("rpms-{set}-{release}"), |path| {
        let kept = workbench.cache(&format!("rpms-{EDITION}-{set}-{release}"));
        if !kept.join("complete").exists() {
            let debs = workbench.scratch()?;
            let fresh = workbench.scratch()?;
            fs_err::create_dir(fresh.path().join("packages"))?;
            let into = fresh.path().join("packages");
            for deb in download(workbench, release, debs.path(), roots)? {
                build_from_deb(&deb, &into)?;
            }
            for entry in fs_err::read_dir(workbench.settings().shared.join(SPECS))? {
                build_spec(&entry?.path(), &into)?;
            }
            if kept.exists() {
                fs_err::remove_dir_all(&kept)?;
            }
            fs_err::create_dir_all(&kept)?;
            fs_err::rename(&into, kept.join("packages"))?;
            fs_err::write(kept.join("complete"), "")?;
        }
        Ok(fs_err::os::unix::fs::symlink(kept, path)?)
    })?;
    Ok(made.join("packages"))
}

/// Debian's packages and all they depend on, by apt with settings of its own.
fn download(workbench: &Workbench, release: Release, directory: &Path, roots: &[&str]) -> Result<Vec<PathBuf>, Failed> {
    let sources = directory.join("sources.list");
    fs_err::write(&sources, release.sources(&workbench.mirror()?.url()).join("\n") + "\n")?;
    fs_err::create_dir_all(directory.join("lists/partial"))?;
    let apt = |program: &str| {
        let option = |name: &str, value: &Path| ["-o".to_owned(), format!("{name}={}", value.display())];
        let options = [
            option("Dir::Etc::SourceList", &sources),
            option("Dir::Etc::SourceParts", Path::new("/dev/null")),
            option("Dir::State::Lists", &directory.join("lists")),
            option("Dir::Cache", &directory.join("cache")),
            option("Dir::State::Status", Path::new("/dev/null")),
        ];
        let none = ["-o", "APT::Sandbox::User=root", "-o", "Acquire::http::Proxy=DIRECT", "-q"];
        Process::judge(program).args(options.concat()).args(none).directory(directory)
    };
    apt("apt-get").arg("update").run()?.success()?;
    let without = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"].map(|kind| format!("--no-{kind}"));
    let listed = apt("apt-cache").args(["depends", "--recurse"]).args(without).args(roots).run()?.success()?.output;
    let mut names: Vec<&str> = listed.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_alphanumeric())).collect();
    // Debian's own installer and its questions, and Perl, are nothing that the sets need.
    names.retain(|name| !name.contains(':') && !name.contains("debconf") && !name.contains("perl") && !name.contains("awk"));
    names.sort_unstable();
    names.dedup();
    apt("apt-get").arg("download").args(&names).run()?.success()?;
    let mut debs = Vec::new();
    for entry in fs_err::read_dir(directory)? {
        debs.extend(Some(entry?.path()).filter(|path| path.extension().is_some_and(|extension| extension == "deb")));
    }
    debs.sort();
    Ok(debs)
}
