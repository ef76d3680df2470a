//! An archive of several suites and components, laid out and signed as Ubuntu's is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use liblzma::read::XzDecoder;
use liblzma::write::XzEncoder;
use libtest_mimic::Failed;
use tempfile::TempDir;

use crate::ar::{ar, read_ar};
use crate::process::{Process, words};
use crate::repository::{date, hex};
use crate::{SigningKey, Workbench};

/// Entries of a Packages file, by suite and component.
type Entries = BTreeMap<String, BTreeMap<String, String>>;

/// An archive below `ubuntu/` of a directory that a mirror can serve.
#[derive(Debug)]
pub struct SuiteArchive {
    directory: TempDir,
    key: SigningKey,
    entries: Entries,
}

impl SuiteArchive {
    /// An archive of empty suites (`noble`, `noble-updates`), each with these components.
    ///
    /// # Errors
    /// When gpg fails.
    pub fn new(suites: &[&str], components: &[&str]) -> Result<Self, Failed> {
        let empty: BTreeMap<String, String> = components.iter().map(|component| ((*component).to_owned(), String::new())).collect();
        let entries = suites.iter().map(|suite| ((*suite).to_owned(), empty.clone())).collect();
        Ok(Self { directory: tempfile::tempdir()?, key: SigningKey::generate("archive of suites")?, entries })
    }

    /// What a mirror serves.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The armoured public key.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.path().join("key.asc")
    }

    /// Adds a package; `fields` are lines for its entry besides those of its own.
    ///
    /// # Errors
    /// When dpkg-deb can't read it.
    pub fn add(&mut self, suite: &str, component: &str, package: &Path, fields: &str) -> Result<(), Failed> {
        let control = Process::judge("dpkg-deb").args(words([&"--field", &package])).run()?.success()?.output;
        let content = fs_err::read(package)?;
        let path = format!("pool/{component}/{}", package.file_name().unwrap_or_default().to_string_lossy());
        let place = self.path().join("ubuntu").join(&path);
        fs_err::create_dir_all(place.parent().unwrap_or(&place))?;
        fs_err::write(place, &content)?;
        let entries = self.entries.get_mut(suite).and_then(|of| of.get_mut(component)).ok_or("there is no such suite or component")?;
        let _infallible = write!(entries, "{control}Filename: {path}\nSize: {}\nSHA256: {}\n{fields}\n", content.len(), hex(&content));
        Ok(())
    }

    /// Calls a package otherwise in its entry than it calls itself.
    ///
    /// # Errors
    /// When there is no such entry.
    pub fn rename(&mut self, suite: &str, component: &str, from: &str, to: &str) -> Result<(), Failed> {
        let entries = self.entries.get_mut(suite).and_then(|of| of.get_mut(component)).ok_or("there is no such suite or component")?;
        *entries = entries.replacen(&format!("Package: {from}\n"), &format!("Package: {to}\n"), 1);
        Ok(())
    }

    /// Writes the indexes, packed and by hash, and signs them.
    ///
    /// # Errors
    /// When the disk refuses or gpg fails.
    pub fn publish(&self) -> Result<(), Failed> {
        self.key.export(&self.key_file())?;
        self.entries.iter().try_for_each(|(suite, components)| self.publish_suite(suite, components))
    }

    fn publish_suite(&self, suite: &str, components: &BTreeMap<String, String>) -> Result<(), Failed> {
        let dists = self.path().join("ubuntu/dists").join(suite);
        let mut hashes = String::new();
        for (component, text) in components {
            let path = format!("{component}/binary-amd64/Packages");
            // As in Ubuntu's archive: the plain form is listed, and isn't there.
            let _infallible = writeln!(hashes, " {} {} {path}", hex(text.as_bytes()), text.len());
            let packed = xz(text.as_bytes())?;
            let _infallible = writeln!(hashes, " {} {} {path}.xz", hex(&packed), packed.len());
            let by_hash = dists.join(component).join("binary-amd64/by-hash/SHA256");
            fs_err::create_dir_all(&by_hash)?;
            fs_err::write(by_hash.join(hex(&packed)), &packed)?;
            fs_err::write(dists.join(format!("{path}.xz")), packed)?;
        }
        let components: Vec<&str> = components.keys().map(String::as_str).collect();
        let release = format!(
            "Origin: Ubuntu\nLabel: Ubuntu\nSuite: {suite}\nVersion: 24.04\nCodename: noble\nDate: {}\n\
             Architectures: amd64 arm64 armhf i386 ppc64el riscv64 s390x\nComponents: {}\nDescription: Ubuntu Noble 24.04\n\
             SHA256:\n{hashes}Acquire-By-Hash: yes\n",
            date("yesterday")?,
            components.join(" ")
        );
        fs_err::write(dists.join("InRelease"), self.key.clearsign(&release)?)?;
        Ok(fs_err::write(dists.join("Release"), release)?)
    }
}

/// One of Debian's packages as Ubuntu would ship it: both members packed by zstd. Kept, since packing takes long.
///
/// # Errors
/// When it isn't of Debian's usual form.
pub fn repacked(workbench: &Workbench, path: &str) -> Result<PathBuf, Failed> {
    let directory = workbench.cache("repacked");
    fs_err::create_dir_all(&directory)?;
    let file = directory.join(path.rsplit('/').next().unwrap_or(path));
    if !file.is_file() {
        let package = workbench.forward()?.read(path)?.ok_or_else(|| format!("the mirror has no {path}"))?;
        let mut members = Vec::new();
        for (name, content) in read_ar(&package)? {
            members.push(match name.strip_suffix(".xz") {
                Some(stem) => (format!("{stem}.zst"), zstd::encode_all(XzDecoder::new_multi_decoder(content), 1)?),
                None => (name, content.to_vec()),
            });
        }
        let members: Vec<(&str, &[u8])> = members.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
        let mut part = tempfile::NamedTempFile::new_in(&directory)?;
        part.write_all(&ar(&members))?;
        part.persist(&file).map_err(|error| error.error)?;
    }
    Ok(file)
}

/// The path of a package in Debian's archive, by its release's indexes: that of the security archive before the updates', and that before the release's.
///
/// # Errors
/// When the archive can't be read or has no such package.
pub fn path_in_archive(workbench: &Workbench, release: crate::Release, name: &str) -> Result<String, Failed> {
    for signed in release.indexes().iter().rev() {
        let text = packages_file(workbench, signed)?;
        let after = text.strip_prefix(&format!("Package: {name}\n")).or_else(|| Some(text.split_once(&format!("\nPackage: {name}\n"))?.1));
        if let Some(path) = after.and_then(|stanza| stanza.lines().find_map(|line| line.strip_prefix("Filename: "))) {
            let archive = signed.split('/').next().unwrap_or_default();
            return Ok(format!("{archive}/{path}"));
        }
    }
    Err(format!("{release} has no {name}").into())
}

/// The index of main, by the path of the suite's InRelease.
fn packages_file(workbench: &Workbench, signed: &str) -> Result<String, Failed> {
    const INDEX: &str = "main/binary-amd64/Packages.xz";
    let forward = workbench.forward()?;
    let text = String::from_utf8(forward.read(signed)?.ok_or_else(|| format!("the mirror has no {signed}"))?)?;
    // MD5 comes before SHA256.
    let line = text.lines().rfind(|line| line.ends_with(&format!(" {INDEX}"))).ok_or_else(|| format!("{signed} lists no index"))?;
    let hash = line.split_whitespace().next().unwrap_or_default();
    let index = signed.replace("InRelease", &format!("main/binary-amd64/by-hash/SHA256/{hash}"));
    let packed = forward.read(&index)?.ok_or_else(|| format!("the mirror has no {index}"))?;
    let mut text = String::new();
    XzDecoder::new_multi_decoder(packed.as_slice()).read_to_string(&mut text)?;
    Ok(text)
}

fn xz(bytes: &[u8]) -> Result<Vec<u8>, Failed> {
    let mut encoder = XzEncoder::new(Vec::new(), 1);
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
