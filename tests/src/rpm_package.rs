//! RPM packages made for a case, by rpmbuild.

use std::fmt::Write as _;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;

use crate::process::{Process, words};

/// When all of them were built.
const BUILT: &str = "1700000000";

/// What every spec here needs: rpm's own additions to packages are not wanted.
const QUIET: &str = "%global debug_package %{nil}
%global __os_install_post %{nil}
%global _build_id_links none
%global _binary_payload w3.zstdio
";

/// Parts of Debian's packages that no case looks at.
const LEFT_OUT: [&str; 6] = ["doc", "man", "locale", "lintian", "bug", "info"];

/// A package to build.
#[derive(Debug, Clone)]
pub struct RpmPackage {
    name: String,
    version: String,
    preamble: String,
    sections: String,
    files: Vec<(String, String)>,
    install: String,
    list: String,
}

impl RpmPackage {
    /// An empty package for every architecture, of release 1.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        let (preamble, sections, install, list) = Default::default();
        Self { name: name.to_owned(), version: version.to_owned(), preamble, sections, files: Vec::new(), install, list }
    }

    /// Adds a line to what it says of itself: `Requires: bash`.
    #[must_use]
    pub fn says(mut self, line: &str) -> Self {
        self.preamble.push_str(line);
        self.preamble.push('\n');
        self
    }

    /// Adds a script: `%post`, `%pretrans -p <lua>`, `%filetriggerin -- /usr/lib`.
    #[must_use]
    pub fn script(mut self, section: &str, text: &str) -> Self {
        let _ = writeln!(self.sections, "{section}\n{text}");
        self
    }

    /// Adds a file; `path` may have `%attr(…)` and the like before it.
    #[must_use]
    pub fn file(mut self, path: &str, content: &str) -> Self {
        self.files.push((path.to_owned(), content.to_owned()));
        self
    }

    /// Adds shell commands that make files, in the directory that will be the root; [`RpmPackage::lists`] says which of them it has.
    #[must_use]
    pub fn installs(mut self, script: &str) -> Self {
        let _ = writeln!(self.install, "{script}");
        self
    }

    /// Adds lines of `%files`.
    #[must_use]
    pub fn lists(mut self, lines: &str) -> Self {
        let _ = writeln!(self.list, "{lines}");
        self
    }

    /// Builds it into a directory.
    ///
    /// # Errors
    /// When rpmbuild fails.
    pub fn build(&self, into: &Path) -> Result<(), Failed> {
        let work = tempfile::tempdir()?;
        let tree = work.path().join("tree");
        fs_err::create_dir(&tree)?;
        let mut list = self.list.clone();
        for (entry, content) in &self.files {
            let path = entry.rsplit(' ').next().unwrap_or(entry);
            let place = tree.join(path.trim_start_matches('/'));
            fs_err::create_dir_all(place.parent().unwrap_or(&tree))?;
            fs_err::write(place, content)?;
            let _ = writeln!(list, "{entry}");
        }
        let Self { name, version, preamble, sections, install, .. } = self;
        let head = format!("Name: {name}\nVersion: {version}\nRelease: 1\nSummary: of a case\nLicense: MIT\nBuildArch: noarch\n{preamble}");
        let body = format!(
            "%description\nof a case\n%install\ncp -a {}/. %{{buildroot}}/\ncd %{{buildroot}}\n{install}\n{sections}\n%files\n{list}",
            tree.display()
        );
        let spec = work.path().join("package.spec");
        fs_err::write(&spec, format!("{QUIET}{head}{body}"))?;
        build_spec(&spec, into)
    }
}

/// Builds what a spec says into a directory.
///
/// # Errors
/// When rpmbuild fails.
pub(crate) fn build_spec(spec: &Path, into: &Path) -> Result<(), Failed> {
    let work = tempfile::tempdir()?;
    let text = fs_err::read_to_string(spec)?;
    let target = if text.contains("BuildArch: noarch") { "noarch" } else { "x86_64" };
    let define = |name: &str, value: &dyn std::fmt::Display| ["--define".to_owned(), format!("{name} {value}")];
    let defines = [
        define("_topdir", &work.path().display()),
        define("_rpmdir", &into.display()),
        define("_build_name_fmt", &"%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm"),
        define("_buildshell", &"/bin/bash"),
        define("_buildhost", &"judge"),
        define("use_source_date_epoch_as_buildtime", &1),
        define("clamp_mtime_to_source_date_epoch", &1),
    ];
    let rpmbuild = Process::judge("rpmbuild").args(["-bb", "--quiet", "--target", target]).args(defines.concat()).arg(spec);
    rpmbuild.env("SOURCE_DATE_EPOCH", BUILT).env("HOME", work.path()).run()?.success()?;
    Ok(())
}

/// Makes an RPM package of one of Debian's: the same files below `/usr`, what libraries it needs and brings found by rpm itself; no script.
///
/// # Errors
/// When a tool fails.
pub(crate) fn build_from_deb(deb: &Path, into: &Path) -> Result<(), Failed> {
    let work = tempfile::tempdir()?;
    let tree = work.path().join("tree");
    Process::judge("dpkg-deb").args(words([&"-x", &deb, &tree])).run()?.success()?;
    for name in ["bin", "sbin", "lib", "lib64"] {
        let from = tree.join(name);
        if from.is_dir() && !from.is_symlink() {
            fs_err::create_dir_all(tree.join("usr").join(name))?;
            let below = from.join(".");
            Process::new("cp").args(words([&"-a", &"--remove-destination", &below, &tree.join("usr").join(name)])).run()?.success()?;
            fs_err::remove_dir_all(&from)?;
        }
    }
    for name in LEFT_OUT.map(|name| tree.join("usr/share").join(name)).iter().filter(|path| path.exists()) {
        fs_err::remove_dir_all(name)?;
    }
    let mut list = String::new();
    list_files(&tree, "", &mut list)?;
    let spec = work.path().join("package.spec");
    fs_err::write(&spec, spec_of_deb(deb, &tree, &list)?)?;
    build_spec(&spec, into)
}

fn spec_of_deb(deb: &Path, tree: &Path, list: &str) -> Result<String, Failed> {
    let field = |name: &str| -> Result<String, Failed> {
        Ok(Process::judge("dpkg-deb").args(words([&"-f", &deb, &name])).run()?.success()?.output.trim().to_owned())
    };
    let word = |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric() && !".+~^".contains(c), "_");
    let (name, version) = (field("Package")?, field("Version")?);
    let version = version.split_once(':').map_or(version.as_str(), |(_, rest)| rest);
    let (version, release) = version.split_once('-').unwrap_or((version, "0"));
    let architecture = if field("Architecture")? == "all" { "noarch" } else { "x86_64" };
    let more = match name.as_str() {
        "libc6" => format!("Provides: glibc = {}\nProvides: rtld(GNU_HASH)\nRequires: basesystem\n", word(version)),
        // Debian's rpm has its settings in a package of its own, which no library leads to.
        "rpm" => "Requires: rpm-common\n".to_owned(),
        _ => String::new(),
    };
    // Programs that Debian's scripts name are there in any case, or are Perl's.
    let unwanted = "%global __requires_exclude ^(/usr/bin/perl|perl\\\\(.*|/bin/.*|/usr/bin/.*|/usr/sbin/.*|/sbin/.*)$\n";
    Ok(format!(
        "{QUIET}{unwanted}Name: {name}\nVersion: {}\nRelease: {}.fc43\nSummary: of a Debian package\nLicense: Redistributable\n\
         BuildArch: {architecture}\n{more}%description\nof a Debian package\n%install\ncp -a {}/. %{{buildroot}}/\n\
         %files\n%defattr(-,root,root)\n{list}",
        word(version),
        word(release),
        tree.display()
    ))
}

/// Lines of `%files`: everything but directories that the package `filesystem` has.
fn list_files(tree: &Path, below: &str, list: &mut String) -> Result<(), Failed> {
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in fs_err::read_dir(tree.join(below.trim_start_matches('/')))? {
        entries.push(entry?.path());
    }
    entries.sort();
    if below.matches('/').count() >= 3 || (!below.is_empty() && entries.is_empty()) {
        let _ = writeln!(list, "%dir \"{below}\"");
    }
    for path in entries {
        let name = format!("{below}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        let kind = fs_err::symlink_metadata(&path)?.file_type();
        if kind.is_dir() {
            list_files(tree, &name, list)?;
        } else if !kind.is_socket() {
            let config = if name.starts_with("/etc/") && kind.is_file() { "%config(noreplace) " } else { "" };
            let _ = writeln!(list, "{config}\"{name}\"");
        }
    }
    Ok(())
}
