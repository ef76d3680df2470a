//! Alpine's own small root: the real apk in it, run from outside, and the packages it was made of.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use tempfile::TempDir;

use crate::apk_package::ApkPackage;
use crate::judge;
use crate::process::{Process, words};
use crate::tar_entry::TarEntry;

/// The release, below the shared fixtures.
const RELEASE: &str = "fixtures/alpine/alpine-minirootfs-3.20.3-x86_64.tar.gz";

/// Scripts, each by its kind, of packages by their titles.
type Scripts = BTreeMap<String, Vec<(String, Vec<u8>)>>;

/// The root, unpacked; gone with the value.
#[derive(Debug)]
pub struct Alpine {
    directory: TempDir,
}

impl Alpine {
    /// Where the release is.
    #[must_use]
    pub fn release(shared: &Path) -> PathBuf {
        shared.join(RELEASE)
    }

    /// Unpacks the release.
    ///
    /// # Errors
    /// When tar fails.
    pub fn unpack(shared: &Path) -> Result<Self, Failed> {
        let directory = tempfile::tempdir()?;
        Process::new("tar").args(words([&"-xzf", &Self::release(shared), &"-C", &directory.path()])).run()?.success()?;
        Ok(Self { directory })
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// The release's apk, run by the release's own C library.
    #[must_use]
    pub fn apk(&self) -> Process {
        judge::count_run("apk");
        let mut command = self.apk_command().into_iter();
        Process::new(command.next().unwrap_or_default()).args(command)
    }

    /// Its words, the program first.
    #[must_use]
    pub fn apk_command(&self) -> Vec<OsString> {
        let path = |below: &str| self.root().join(below);
        let libraries = format!("{}:{}", path("lib").display(), path("usr/lib").display());
        words([&path("lib/ld-musl-x86_64.so.1"), &"--library-path", &libraries, &"--argv0", &"apk", &path("sbin/apk")])
    }

    /// The packages that the root was made of, as far as it still has what was in them.
    ///
    /// # Errors
    /// When the root's database can't be read.
    pub fn packages(&self) -> Result<Vec<ApkPackage>, Failed> {
        let database = fs_err::read_to_string(self.root().join("lib/apk/db/installed"))?;
        let scripts = self.scripts()?;
        let triggers = fs_err::read_to_string(self.root().join("lib/apk/db/triggers"))?;
        let triggers: BTreeMap<_, _> = triggers.lines().filter_map(|line| line.split_once(' ')).collect();
        database.split("\n\n").filter(|text| !text.trim().is_empty()).map(|text| self.package(text, &scripts, &triggers)).collect()
    }

    fn package(&self, text: &str, scripts: &Scripts, triggers: &BTreeMap<&str, &str>) -> Result<ApkPackage, Failed> {
        let lines: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(':')).collect();
        let find = |letter: &str| lines.iter().find(|(found, _)| *found == letter).map_or("", |(_, value)| value);
        let mut package = ApkPackage::new(find("P"), find("V"));
        let fields = [
            ("pkgdesc", "T"),
            ("url", "U"),
            ("builddate", "t"),
            ("maintainer", "m"),
            ("arch", "A"),
            ("license", "L"),
            ("origin", "o"),
            ("commit", "c"),
            ("provider_priority", "k"),
            ("size", "I"),
            ("depend", "D"),
            ("provides", "p"),
            ("install_if", "i"),
            ("replaces", "r"),
            ("replaces_priority", "q"),
        ];
        for (key, letter) in fields.into_iter().filter(|(_, letter)| !find(letter).is_empty()) {
            package = package.field(key, find(letter));
        }
        if let Some(patterns) = triggers.get(find("C")) {
            package = package.field("triggers", patterns);
        }
        for (kind, text) in scripts.get(&format!("{}-{}", find("P"), find("V"))).into_iter().flatten() {
            package = package.script(kind, text);
        }
        self.entries(&lines, find("t").parse()?)?.into_iter().try_fold(package, |package, entry| Ok(package.entry(entry)))
    }

    /// What the database lists: a line for an entry, then perhaps one for its owner and mode.
    fn entries(&self, lines: &[(&str, &str)], mtime: i64) -> Result<Vec<TarEntry>, Failed> {
        let mut entries = Vec::new();
        let mut directory = "";
        let following = lines.iter().skip(1).map(Some).chain([None]);
        for ((letter, value), next) in lines.iter().zip(following) {
            let entry = match *letter {
                "F" => {
                    directory = value;
                    TarEntry::directory(value)
                }
                "R" => self.file(format!("{directory}/{value}").trim_start_matches('/'))?,
                _ => continue,
            };
            let access = next.filter(|(letter, _)| matches!(*letter, "M" | "a")).map_or("", |(_, access)| access);
            let entry = match access.split(':').collect::<Vec<_>>()[..] {
                [uid, gid, mode] => entry.owner(uid.parse()?).group(gid.parse()?).mode(u32::from_str_radix(mode, 8)?),
                _ => entry,
            };
            entries.push(entry.names("root", "root").mtime(mtime));
        }
        Ok(entries.into_iter().filter(|entry| !entry.is_root()).collect())
    }

    fn file(&self, path: &str) -> Result<TarEntry, Failed> {
        let there = self.root().join(path);
        if there.is_symlink() {
            return Ok(TarEntry::symlink(path, fs_err::read_link(there)?.to_string_lossy().as_bytes()));
        }
        Ok(TarEntry::file(path, fs_err::read(there)?))
    }

    /// Scripts by package, from members called `NAME-VERSION.IDENTITY.KIND`.
    fn scripts(&self) -> Result<Scripts, Failed> {
        let unpacked = tempfile::tempdir()?;
        let archive = self.root().join("lib/apk/db/scripts.tar");
        Process::new("tar").args(words([&"-xf", &archive, &"-C", &unpacked.path()])).run()?.success()?;
        let mut scripts = Scripts::new();
        for entry in fs_err::read_dir(unpacked.path())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let (package, kind) = name.rsplit_once('.').ok_or("a script without a kind")?;
            let (package, _identity) = package.rsplit_once(".Q1").ok_or("a script without an identity")?;
            scripts.entry(package.to_owned()).or_default().push((kind.to_owned(), fs_err::read(&path)?));
        }
        scripts.values_mut().for_each(|scripts| scripts.sort());
        Ok(scripts)
    }
}
