//! A mirror of Alpine's with one release and one repository, of the packages that its small root was made of.

use std::path::{Path, PathBuf};

use libtest_mimic::Failed;

use crate::alpine::Alpine;
use crate::apk_package::ApkPackage;
use crate::apk_repository::ApkRepository;
use crate::process::{Process, words};
use crate::product::Product;
use crate::rsa_key::RsaKey;
use crate::workbench::Workbench;

/// The mirror, and who can tell what is right of it.
#[derive(Debug)]
pub struct AlpineArchive {
    alpine: Alpine,
    repository: ApkRepository,
    mirror: PathBuf,
    key: PathBuf,
}

impl AlpineArchive {
    /// With the packages of the release, and others.
    ///
    /// # Errors
    /// When a program fails that makes it, or a file can't be written.
    pub fn new(workbench: &Workbench, scratch: &Path, more: &[ApkPackage]) -> Result<Self, Failed> {
        let alpine = Alpine::unpack(&workbench.settings().shared)?;
        let key = RsaKey::generate("alpine-test.rsa.pub")?;
        let packages = [alpine.packages()?, more.to_vec()].concat();
        let repository = ApkRepository::write(&packages, &key)?;
        let mirror = scratch.join("mirror");
        fs_err::create_dir_all(mirror.join("v3.20"))?;
        fs_err::os::unix::fs::symlink(repository.root(), mirror.join("v3.20/main"))?;
        // Everybody may read it, a plain user too.
        for directory in [scratch, repository.root()] {
            fs_err::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        }
        let key = repository.keys().join("alpine-test.rsa.pub");
        Ok(Self { alpine, repository, mirror, key })
    }

    /// A build from it.
    #[must_use]
    pub fn build<'a>(&self, product: Product<'a>) -> Product<'a> {
        self.build_relative(product, "alpine")
    }

    /// A build of a relative of Alpine's from it.
    #[must_use]
    pub fn build_relative<'a>(&self, product: Product<'a>, name: &str) -> Product<'a> {
        self.from_here(product.arg(name).args(["--repository", "main"]))
    }

    /// The release and where its packages are.
    #[must_use]
    pub fn from_here<'a>(&self, product: Product<'a>) -> Product<'a> {
        let product = product.args(["--release", "3.20", "--keyring"]).arg(&self.key);
        product.args(["--mirror", &format!("file://{}", self.mirror.display())])
    }

    /// The real apk on a root, with this repository alone.
    #[must_use]
    pub fn apk(&self, root: &Path) -> Process {
        self.on(self.alpine.apk(), root)
    }

    /// As [`AlpineArchive::apk`], run by another program.
    #[must_use]
    pub fn apk_under(&self, process: Process, root: &Path) -> Process {
        self.on(process.args(self.alpine.apk_command()), root)
    }

    fn on(&self, apk: Process, root: &Path) -> Process {
        let apk = apk.args(words([&"--root", &root, &"--keys-dir", &self.repository.keys()]));
        apk.args(["--no-network", "--no-cache", "--repositories-file", "/dev/null", "--repository"]).arg(self.repository.root())
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &ApkRepository {
        &self.repository
    }

    /// The public key that signed it, as a file.
    #[must_use]
    pub fn key(&self) -> &Path {
        &self.key
    }

    /// The directory that stands for the mirror.
    #[must_use]
    pub fn mirror(&self) -> &Path {
        &self.mirror
    }
}
