//! Keys made for a case, by gpg.

use std::path::Path;

use libtest_mimic::Failed;
use tempfile::TempDir;

use crate::process::{Process, words};

/// A key pair in a home of its own.
#[derive(Debug)]
pub struct SigningKey {
    home: TempDir,
    name: String,
    /// What it takes for the present time.
    at: Option<&'static str>,
}

/// When a key was made and signed that has expired since.
const LONG_AGO: &str = "20200101T000000!";

impl SigningKey {
    /// Makes a key that never expires.
    ///
    /// # Errors
    /// When gpg fails.
    pub fn generate(name: &str) -> Result<Self, Failed> {
        Self::of_kind(name, "ed25519")
    }

    /// The same, of a kind that gpg knows: `rsa2048`, `nistp256`.
    ///
    /// # Errors
    /// When gpg fails.
    pub fn of_kind(name: &str, kind: &str) -> Result<Self, Failed> {
        Self::make(name, kind, None)
    }

    /// A key that was good for a day in 2020, and signs as it did then.
    ///
    /// # Errors
    /// When gpg fails.
    pub fn expired(name: &str) -> Result<Self, Failed> {
        Self::make(name, "ed25519", Some(LONG_AGO))
    }

    fn make(name: &str, kind: &str, at: Option<&'static str>) -> Result<Self, Failed> {
        // In the system's own temporary directory: the path of gpg-agent's socket must be short.
        let key = Self { home: tempfile::tempdir()?, name: name.to_owned(), at };
        let expiry = if at.is_some() { "1d" } else { "never" };
        key.gpg().args(["--passphrase", "", "--quick-generate-key", name, kind, "sign", expiry]).run()?.success()?;
        Ok(key)
    }

    /// What gpg is given besides, whoever runs it.
    #[must_use]
    pub fn options(&self) -> Vec<String> {
        self.at.map(|time| format!("--faked-system-time={time}")).into_iter().collect()
    }

    /// Whose it is, as gpg finds it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// gpg's directory.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes the public key, armoured, as `signed-by` takes it.
    ///
    /// # Errors
    /// When gpg fails or the file can't be written.
    pub fn export(&self, file: &Path) -> Result<(), Failed> {
        let exported = self.gpg().args(["--armor", "--export"]).run()?.success()?;
        Ok(fs_err::write(file, exported.output)?)
    }

    /// A text with its signature around it, as an InRelease file is.
    ///
    /// # Errors
    /// When gpg fails.
    pub fn clearsign(&self, text: &str) -> Result<String, Failed> {
        Ok(self.gpg().args(["--clearsign", "--digest-algo", "SHA512"]).input(text).run()?.success()?.output)
    }

    /// The armoured signature of a text, as a Release.gpg file is.
    ///
    /// # Errors
    /// When gpg fails.
    pub fn detached_signature(&self, text: &str) -> Result<String, Failed> {
        Ok(self.gpg().args(["--armor", "--detach-sign", "--digest-algo", "SHA512"]).input(text).run()?.success()?.output)
    }

    fn gpg(&self) -> Process {
        let home = self.home.path();
        let gpg = Process::judge("gpg").args(words([&"--homedir", &home, &"--batch", &"--quiet", &"--pinentry-mode", &"loopback"]));
        gpg.args(self.options())
    }
}

impl Drop for SigningKey {
    fn drop(&mut self) {
        // gpg left an agent running for this home.
        let home = self.home.path();
        let _gone = Process::new("gpgconf").args(words([&"--homedir", &home, &"--kill", &"gpg-agent"])).run();
    }
}
