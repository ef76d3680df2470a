//! Repositories of Alpine packages made for a case.

use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use tempfile::TempDir;

use crate::apk_package::{ApkFile, ApkPackage, gzip, signature_member};
use crate::rsa_key::RsaKey;
use crate::tar_entry::TarEntry;

/// A directory with an index and packages of one architecture, gone with the value.
#[derive(Debug)]
pub struct ApkRepository {
    directory: TempDir,
    files: Vec<ApkFile>,
}

impl ApkRepository {
    /// Writes the packages and a signed index of them.
    ///
    /// # Errors
    /// When openssl fails or a file can't be written.
    pub fn write(packages: &[ApkPackage], key: &RsaKey) -> Result<Self, Failed> {
        let repository =
            Self { directory: tempfile::tempdir()?, files: packages.iter().map(|package| package.build(key)).collect::<Result<_, _>>()? };
        fs_err::create_dir_all(repository.path("x86_64"))?;
        fs_err::create_dir_all(repository.path("keys"))?;
        fs_err::write(repository.path("keys").join(key.name()), key.public()?)?;
        for file in &repository.files {
            fs_err::write(repository.package(&file.name), &file.bytes)?;
        }
        fs_err::write(repository.index(), repository.signed_index("RSA", "sha1", key)?)?;
        Ok(repository)
    }

    /// An index of the packages, signed by a key.
    ///
    /// # Errors
    /// When openssl fails.
    pub fn signed_index(&self, algorithm: &str, hash: &str, key: &RsaKey) -> Result<Vec<u8>, Failed> {
        let text: String = self.files.iter().map(|file| format!("{}\n", file.index)).collect();
        let archive = [TarEntry::file("DESCRIPTION", "made for a test\n").bytes(), TarEntry::file("APKINDEX", text).bytes(), vec![0; 1024]];
        let index = gzip(&archive.concat());
        Ok([signature_member(algorithm, key.name(), &key.sign(hash, &index)?), index].concat())
    }

    /// Its URL as apk takes it: the directory above that of the architecture.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// The directory of the public key.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.path("keys")
    }

    /// The index.
    #[must_use]
    pub fn index(&self) -> PathBuf {
        self.path("x86_64/APKINDEX.tar.gz")
    }

    /// A package's file by its name.
    #[must_use]
    pub fn package(&self, name: &str) -> PathBuf {
        self.path("x86_64").join(name)
    }

    /// The packages' files.
    #[must_use]
    pub fn files(&self) -> &[ApkFile] {
        &self.files
    }

    fn path(&self, below: &str) -> PathBuf {
        self.directory.path().join(below)
    }
}
