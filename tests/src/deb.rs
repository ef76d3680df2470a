//! Packages made for a case, by dpkg-deb.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;

use crate::process::{Process, words};

/// A package to be built: architecture `all`, everything root's.
#[derive(Debug, Clone)]
pub struct Deb {
    name: String,
    version: String,
    fields: Vec<(String, String)>,
    files: BTreeMap<String, Vec<u8>>,
    links: BTreeMap<String, String>,
    control: BTreeMap<String, String>,
}

impl Deb {
    /// An empty package.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            fields: Vec::new(),
            files: BTreeMap::new(),
            links: BTreeMap::new(),
            control: BTreeMap::new(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds a control field (`Depends`, `Pre-Depends`, `Replaces` …).
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a file, by its absolute path.
    #[must_use]
    pub fn file(mut self, path: &str, content: &str) -> Self {
        self.files.insert(path.to_owned(), content.as_bytes().to_vec());
        self
    }

    /// Adds a file of so many bytes that don't compress.
    #[must_use]
    pub fn large_file(mut self, path: &str, length: usize) -> Self {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let bytes = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        });
        self.files.insert(path.to_owned(), bytes.take(length).collect());
        self
    }

    /// Adds a file that the administrator may change.
    #[must_use]
    pub fn conffile(mut self, path: &str, content: &str) -> Self {
        let list = self.control.entry("conffiles".to_owned()).or_default();
        list.push_str(path);
        list.push('\n');
        self.file(path, content)
    }

    /// Adds a symbolic link.
    #[must_use]
    pub fn link(mut self, path: &str, target: &str) -> Self {
        self.links.insert(path.to_owned(), target.to_owned());
        self
    }

    /// Adds a maintainer script: `set -e`, then a line in `/var/log/scripts` that says which script ran with which arguments, then the body.
    #[must_use]
    pub fn script(mut self, kind: &str, body: &str) -> Self {
        let name = &self.name;
        let text = format!("#!/bin/sh\nset -e\nmkdir -p /var/log\necho \"{name} {kind} $*\" >> /var/log/scripts\n{body}\n");
        self.control.insert(kind.to_owned(), text);
        self
    }

    /// Adds trigger declarations (`interest-noawait /usr/share/x`).
    #[must_use]
    pub fn triggers(mut self, lines: &str) -> Self {
        self.control.insert("triggers".to_owned(), format!("{lines}\n"));
        self
    }

    /// Builds it.
    ///
    /// # Errors
    /// When the directory can't be written or dpkg-deb refuses.
    pub fn build(&self, directory: &Path) -> Result<PathBuf, Failed> {
        let root = tempfile::tempdir_in(directory)?;
        fs_err::set_permissions(root.path(), std::fs::Permissions::from_mode(0o755))?;
        self.write_control(&root.path().join("DEBIAN"))?;
        for (path, content) in &self.files {
            fs_err::write(place(root.path(), path)?, content)?;
        }
        for (path, target) in &self.links {
            fs_err::os::unix::fs::symlink(target, place(root.path(), path)?)?;
        }
        let file = directory.join(format!("{}_{}_all.deb", self.name, self.version));
        let arguments = words([&"--root-owner-group", &"-Zxz", &"-z0", &"--build", &root.path(), &file]);
        Process::judge("dpkg-deb").args(arguments).run()?.success()?;
        Ok(file)
    }

    fn write_control(&self, directory: &Path) -> Result<(), Failed> {
        fs_err::create_dir(directory)?;
        fs_err::write(directory.join("control"), self.control_text())?;
        for (name, content) in &self.control {
            let file = directory.join(name);
            fs_err::write(&file, content)?;
            let mode = if content.starts_with("#!") { 0o755 } else { 0o644 };
            fs_err::set_permissions(&file, std::fs::Permissions::from_mode(mode))?;
        }
        Ok(())
    }

    fn control_text(&self) -> String {
        let mut text =
            format!("Package: {}\nVersion: {}\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\n", self.name, self.version);
        for (name, value) in &self.fields {
            let _infallible = writeln!(text, "{name}: {value}");
        }
        text + "Description: made for a test\n"
    }
}

/// Where a file of the package goes; its parents are made.
fn place(root: &Path, path: &str) -> Result<PathBuf, Failed> {
    let file = root.join(path.trim_start_matches('/'));
    if let Some(parent) = file.parent() {
        fs_err::create_dir_all(parent)?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_has_every_field() {
        let text = Deb::new("a", "1").field("Depends", "b").control_text();
        assert!(text.starts_with("Package: a\nVersion: 1\n"), "{text}");
        assert!(text.ends_with("Depends: b\nDescription: made for a test\n"), "{text}");
    }

    #[test]
    fn conffiles_are_listed_and_are_files() {
        let deb = Deb::new("a", "1").conffile("/etc/a", "x").conffile("/etc/b", "y");
        assert_eq!(deb.control["conffiles"], "/etc/a\n/etc/b\n");
        assert_eq!(deb.files.len(), 2);
    }
}
