//! Small signed apt repositories, made for a case.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use libtest_mimic::Failed;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::process::{Process, words};
use crate::{Deb, SigningKey};

/// The one suite of such a repository.
const SUITE: &str = "small";

/// For how long a repository says it is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Validity {
    /// It doesn't say.
    #[default]
    Unlimited,
    /// Until a day that is past.
    Expired,
}

/// A directory that a mirror can serve.
#[derive(Debug)]
pub struct Repository {
    directory: TempDir,
    key: SigningKey,
}

impl Repository {
    /// An empty directory and a new key; [`Repository::publish`] makes a repository of it.
    ///
    /// # Errors
    /// When gpg fails.
    pub fn new() -> Result<Self, Failed> {
        Ok(Self { directory: tempfile::tempdir()?, key: SigningKey::generate("small repository")? })
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The armoured public key.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.path().join("key.asc")
    }

    /// Its line for a sources.list, below a URL; the key is named in the line.
    #[must_use]
    pub fn source(&self, url: &str) -> String {
        self.source_signed_by(url, &self.key_file())
    }

    /// Its line, with the key at another path.
    #[must_use]
    pub fn source_signed_by(&self, url: &str, key: &Path) -> String {
        format!("deb [signed-by={}] {url} {SUITE} main", key.display())
    }

    /// Builds the packages and writes the indexes, signed with the repository's own key.
    ///
    /// # Errors
    /// When a tool fails or the disk refuses.
    pub fn publish(&self, packages: &[Deb], validity: Validity) -> Result<(), Failed> {
        let pool = self.path().join("pool");
        fs_err::create_dir_all(&pool)?;
        let mut index = String::new();
        for package in packages {
            index.push_str(&stanza(&package.build(&pool)?)?);
        }
        self.key.export(&self.key_file())?;
        self.write_indexes(&index, validity)
    }

    /// Signs the Release file again with another key.
    ///
    /// # Errors
    /// When gpg fails.
    pub fn sign_with(&self, key: &SigningKey) -> Result<(), Failed> {
        let dists = self.dists();
        let release = fs_err::read_to_string(dists.join("Release"))?;
        fs_err::write(dists.join("InRelease"), key.clearsign(&release)?)?;
        Ok(fs_err::write(dists.join("Release.gpg"), key.detached_signature(&release)?)?)
    }

    /// The directory of InRelease.
    #[must_use]
    pub fn dists(&self) -> PathBuf {
        self.path().join("dists").join(SUITE)
    }

    fn write_indexes(&self, index: &str, validity: Validity) -> Result<(), Failed> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(index.as_bytes())?;
        let files = [("main/binary-amd64/Packages", index.as_bytes().to_vec()), ("main/binary-amd64/Packages.gz", packed.finish()?)];
        let mut release = format!("Origin: small\nSuite: {SUITE}\nCodename: {SUITE}\n{}", dates(validity)?);
        release.push_str("Architectures: amd64 all\nComponents: main\nSHA256:\n");
        fs_err::create_dir_all(self.dists().join("main/binary-amd64"))?;
        for (name, content) in &files {
            fs_err::write(self.dists().join(name), content)?;
            let _infallible = writeln!(release, " {} {} {name}", hex(content), content.len());
        }
        fs_err::write(self.dists().join("Release"), release)?;
        self.sign_with(&self.key)
    }
}

/// A package's entry in the index.
fn stanza(file: &Path) -> Result<String, Failed> {
    let control = Process::judge("dpkg-deb").args(words([&"--field", &file])).run()?.success()?.output;
    let content = fs_err::read(file)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("{control}Filename: pool/{name}\nSize: {}\nSHA256: {}\n\n", content.len(), hex(&content)))
}

fn dates(validity: Validity) -> Result<String, Failed> {
    Ok(match validity {
        Validity::Unlimited => format!("Date: {}\n", date("yesterday")?),
        Validity::Expired => format!("Date: {}\nValid-Until: {}\n", date("30 days ago")?, date("20 days ago")?),
    })
}

pub(crate) fn date(when: &str) -> Result<String, Failed> {
    let printed = Process::new("date").args(["-u", "-d", when, "+%a, %d %b %Y %H:%M:%S UTC"]).run()?.success()?;
    Ok(printed.output.trim().to_owned())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
