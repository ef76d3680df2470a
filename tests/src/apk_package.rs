//! Alpine packages made for a case: whatever abuild would write, and what it would refuse to.

use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine as _;
use flate2::{Compression, write::GzEncoder};
use libtest_mimic::Failed;
use sha1::Digest as _;

use crate::repository::hex;
use crate::rsa_key::RsaKey;
use crate::tar_entry::TarEntry;

/// What goes into a package.
#[derive(Debug, Clone)]
pub struct ApkPackage {
    name: String,
    version: String,
    fields: Vec<(String, String)>,
    scripts: Vec<(String, Vec<u8>)>,
    entries: Vec<TarEntry>,
    sums: bool,
}

/// A package as a file, with what an index says of it.
#[derive(Debug, Clone)]
pub struct ApkFile {
    /// `NAME-VERSION.apk`
    pub name: String,
    /// All of it.
    pub bytes: Vec<u8>,
    /// Its paragraph of the index.
    pub index: String,
}

/// Letters of the index by their keys in `.PKGINFO`.
const LETTERS: [(&str, char); 12] = [
    ("arch", 'A'),
    ("size", 'I'),
    ("pkgdesc", 'T'),
    ("url", 'U'),
    ("license", 'L'),
    ("origin", 'o'),
    ("maintainer", 'm'),
    ("builddate", 't'),
    ("commit", 'c'),
    ("provider_priority", 'k'),
    ("depend", 'D'),
    ("provides", 'p'),
];

impl ApkPackage {
    /// A package with nothing in it, of 4096 bytes as it says.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        let package = Self {
            name: name.to_owned(),
            version: version.to_owned(),
            fields: Vec::new(),
            scripts: Vec::new(),
            entries: Vec::new(),
            sums: true,
        };
        package.field("pkgdesc", "made for a test").field("arch", "x86_64").field("builddate", "1700000000").field("size", "4096")
    }

    /// Sets a field of `.PKGINFO`: `depend = a>1 b`, say, in one line.
    #[must_use]
    pub fn field(mut self, key: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != key);
        self.fields.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Adds a script: `post-install`.
    #[must_use]
    pub fn script(mut self, kind: &str, text: impl AsRef<[u8]>) -> Self {
        self.scripts.push((kind.to_owned(), text.as_ref().to_vec()));
        self
    }

    /// Adds an entry.
    #[must_use]
    pub fn entry(mut self, entry: TarEntry) -> Self {
        self.entries.push(entry);
        self
    }

    /// Adds directories, root's and of mode 0755.
    #[must_use]
    pub fn directories(self, paths: &[&str]) -> Self {
        paths.iter().fold(self, |package, path| package.entry(TarEntry::directory(path).names("root", "root")))
    }

    /// Adds a file, root's and of mode 0644.
    #[must_use]
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.entry(TarEntry::file(path, content).names("root", "root"))
    }

    /// Leaves the checksums of the files out.
    #[must_use]
    pub fn without_checksums(self) -> Self {
        Self { sums: false, ..self }
    }

    /// The package, signed.
    ///
    /// # Errors
    /// When openssl fails.
    pub fn build(&self, key: &RsaKey) -> Result<ApkFile, Failed> {
        let data: Vec<u8> = self.entries.iter().flat_map(|entry| self.entry_bytes(entry)).collect();
        let data = gzip(&[data, vec![0; 1024]].concat());
        let control = gzip(&self.control(&data));
        let signature = signature_member("RSA", key.name(), &key.sign("sha1", &control)?);
        let bytes = [signature, control.clone(), data].concat();
        let index = self.index(&control, bytes.len());
        Ok(ApkFile { name: format!("{}-{}.apk", self.name, self.version), bytes, index })
    }

    fn control(&self, data: &[u8]) -> Vec<u8> {
        let mut info = format!("# made for a test\npkgname = {}\npkgver = {}\n", self.name, self.version);
        for (key, value) in &self.fields {
            // These are written with a line to each word.
            let values: Vec<_> = match key.as_str() {
                "depend" | "provides" | "replaces" | "install_if" => value.split(' ').collect(),
                _ => vec![value.as_str()],
            };
            for value in values {
                let _infallible = writeln!(info, "{key} = {value}");
            }
        }
        let _infallible = writeln!(info, "datahash = {}", hex(data));
        let mut archive = TarEntry::file(".PKGINFO", info).bytes();
        for (kind, text) in &self.scripts {
            archive.extend(TarEntry::file(format!(".{kind}"), text).mode(0o755).bytes());
        }
        archive
    }

    fn entry_bytes(&self, entry: &TarEntry) -> Vec<u8> {
        if !self.sums || !matches!(entry.kind(), b'0' | b'2') {
            return entry.bytes();
        }
        let sum: String = sha1::Sha1::digest(entry.summed()).iter().map(|byte| format!("{byte:02x}")).collect();
        let record = format!("68 APK-TOOLS.checksum.SHA1={sum}\n");
        [TarEntry::new(b'x', "PaxHeaders/x").content(record).bytes(), entry.bytes()].concat()
    }

    fn index(&self, control: &[u8], size: usize) -> String {
        let identity = base64::engine::general_purpose::STANDARD.encode(sha1::Sha1::digest(control));
        let mut text = format!("C:Q1{identity}\nP:{}\nV:{}\nS:{size}\n", self.name, self.version);
        let letters = LETTERS.iter().chain(&[("install_if", 'i')]);
        for (key, letter) in letters {
            if let Some((_, value)) = self.fields.iter().find(|(known, _)| known == key) {
                let _infallible = writeln!(text, "{letter}:{value}");
            }
        }
        text
    }
}

/// A gzip member that says nothing of when it was made.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}

/// A signature as a member of its own, without the blocks that end an archive.
pub(crate) fn signature_member(algorithm: &str, key: &str, signature: &[u8]) -> Vec<u8> {
    gzip(&TarEntry::file(format!(".SIGN.{algorithm}.{key}"), signature).bytes())
}
