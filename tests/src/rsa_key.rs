//! RSA keys made for a case, by openssl.

use std::path::PathBuf;

use libtest_mimic::Failed;
use tempfile::TempDir;

use crate::process::{Process, words};

/// A key pair, gone with the value.
#[derive(Debug)]
pub struct RsaKey {
    home: TempDir,
    name: String,
}

impl RsaKey {
    /// Makes a key of 2048 bits. Signatures call it `name`, a file name that ends in `.rsa.pub`.
    ///
    /// # Errors
    /// When openssl fails.
    pub fn generate(name: &str) -> Result<Self, Failed> {
        let key = Self { home: tempfile::tempdir()?, name: name.to_owned() };
        openssl().args(words([&"genrsa", &"-out", &key.private(), &"2048"])).run()?.success()?;
        Ok(key)
    }

    /// What signatures call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key, in PEM.
    ///
    /// # Errors
    /// When openssl fails.
    pub fn public(&self) -> Result<String, Failed> {
        Ok(openssl().args(words([&"rsa", &"-in", &self.private(), &"-pubout"])).run()?.success()?.output)
    }

    /// The PKCS #1 signature of some bytes over a hash, as openssl calls it: `sha1`, `sha256`.
    ///
    /// # Errors
    /// When openssl fails.
    pub fn sign(&self, hash: &str, bytes: &[u8]) -> Result<Vec<u8>, Failed> {
        let signature = self.home.path().join("signature");
        let hash = format!("-{hash}");
        openssl().args(words([&"dgst", &hash, &"-sign", &self.private(), &"-out", &signature])).input(bytes).run()?.success()?;
        Ok(fs_err::read(signature)?)
    }

    fn private(&self) -> PathBuf {
        self.home.path().join("private.pem")
    }
}

fn openssl() -> Process {
    Process::new("openssl")
}
