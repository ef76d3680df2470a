//! Many packages with everything that rpm can: each kind of dependency, script and file, in families that one run of rpmbuild makes.

mod kinds;

use rootfs_tests::{Failed, RpmArchive, RpmPackage, Workbench, ensure, rpm};

use super::{BUSYBOX, build, expect_same};

/// How many packages of each kind there are.
const FAMILIES: usize = 8;

const KINDS: [fn(&Place) -> Sub; 20] = [
    kinds::settings,
    kinds::lua,
    kinds::capabilities,
    kinds::hard_links,
    kinds::ghosts,
    kinds::sparse,
    kinds::rich,
    kinds::obsoletes,
    kinds::files_of_others,
    kinds::triggers,
    kinds::scripts,
    kinds::file_triggers,
    kinds::links,
    kinds::modes,
    kinds::names,
    kinds::shared,
    kinds::weak,
    kinds::role,
    kinds::versioned,
    kinds::large,
];

/// Which package it is, and of which family.
struct Place {
    family: usize,
    kind: usize,
}

impl Place {
    fn name(&self) -> String {
        format!("many{}-{}", self.family, self.kind)
    }

    /// Another kind's package of the same family.
    fn other(&self, kind: fn(&Place) -> Sub) -> String {
        let kind = KINDS.iter().position(|known| std::ptr::fn_addr_eq(*known, kind)).unwrap_or_default();
        Self { family: self.family, kind }.name()
    }

    /// A directory of its own.
    fn directory(&self) -> String {
        format!("/usr/share/many/{}", self.name())
    }

    /// A line in a file of its own: in which order packages come is not always the same.
    fn say(&self, what: &str) -> String {
        format!("echo {what} $1 >> /var/lib/said-{}", self.name())
    }

    fn say_in_lua(&self, what: &str) -> String {
        format!("local f = io.open('/var/lib/said-{}', 'a'); if f then f:write('{what}\\n'); f:close() end", self.name())
    }
}

/// A package of a family.
#[derive(Default)]
struct Sub {
    preamble: String,
    scripts: Vec<(String, String)>,
    install: String,
    files: String,
}

impl Sub {
    fn says(mut self, line: impl AsRef<str>) -> Self {
        self.preamble = self.preamble + line.as_ref() + "\n";
        self
    }

    /// Adds a script; `section` has `NAME` where the package's name belongs.
    fn script(mut self, section: &str, text: String) -> Self {
        self.scripts.push((section.to_owned(), text));
        self
    }

    /// Adds shell commands that make files.
    fn make(mut self, command: impl AsRef<str>) -> Self {
        self.install = self.install + command.as_ref() + "\n";
        self
    }

    /// Adds a line of `%files`.
    fn has(mut self, line: impl AsRef<str>) -> Self {
        self.files = self.files + line.as_ref() + "\n";
        self
    }

    /// Adds a file with a text, and what stands before its name.
    fn file(self, attributes: &str, path: &str, text: &str) -> Self {
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        self.make(format!("mkdir -p '.{directory}'; printf %s '{text}' > '.{path}'")).has(format!("{attributes} \"{path}\""))
    }

    fn add_to(self, family: RpmPackage, name: &str) -> RpmPackage {
        let family = family.script(&format!("%package -n {name}"), &format!("Summary: of a case\n{}", self.preamble));
        let family = family.script(&format!("%description -n {name}"), "of a case");
        let family = self.scripts.iter().fold(family, |family, (section, text)| family.script(&section.replace("NAME", name), text));
        family.script(&format!("%files -n {name}"), &self.files).installs(&self.install)
    }
}

/// The families, what they need besides, what nobody should get, and one that needs them all.
pub(super) fn packages() -> Vec<RpmPackage> {
    let mut all = RpmPackage::new("many", "1");
    let mut packages = Vec::new();
    for family in 0..FAMILIES {
        let mut package = RpmPackage::new(&format!("many{family}"), "1");
        all = all.says(&format!("Requires: many{family}"));
        for (kind, make) in KINDS.iter().enumerate() {
            let place = Place { family, kind };
            package = make(&place).add_to(package, &place.name());
            all = all.says(&format!("Requires: {}", place.name()));
        }
        packages.push(package);
    }
    let plain = |name: &str, version: &str| RpmPackage::new(name, version).file(&format!("/usr/share/many/of-{name}"), version);
    let old = ["many-gone", "many-old", "many-weak"].map(|name| plain(name, "1"));
    let roles = ["many-role-a", "many-role-b", "many-role-c"].into_iter().zip(1..);
    let roles = roles.map(|(name, version)| {
        plain(name, "1").says(&format!("Provides: many-role = {version}\nConflicts: many-role-only\nProvides: many-role-only"))
    });
    packages.extend(roles.chain(old).chain([plain("many-twice", "1.0~rc1"), plain("many-twice", "1.0"), all]));
    packages
}

pub(super) fn is_dnfs(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = RpmArchive::new(workbench, &packages())?;
    let (ours, theirs) = (scratch.path().join("ours"), scratch.path().join("dnf"));
    // One of them is asked for by the name of what it replaces.
    let asked = [BUSYBOX, &["many", "many-gone"]].concat();
    build(&archive, workbench.product().afresh(), &asked).into_directory(&ours).run()?.success()?;
    archive.dnf(&theirs)?.arg("install").args(&asked).run()?.success()?;
    let installed = rpm(&ours).arg("-qa").run()?.success()?.output;
    let count = installed.lines().filter(|line| line.starts_with("many")).count();
    ensure!(count >= 150, "{count} packages are there:\n{installed}");
    ensure!(!installed.contains("many-gone") && !installed.contains("many-weak") && !installed.contains("many-twice-1.0~"), "{installed}");
    expect_same(&archive, &ours, &theirs)
}
