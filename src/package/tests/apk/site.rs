//! A repository, and what the real apk and ours make of it.

use std::path::Path;

use libtest_mimic::Failed;
use rootfs_package::apk::install::Request;
use rootfs_package::apk::{
    ApkIndex, ApkLayer, InstallPackage, Installed, PublicKeys, Trust, Universe, install, parse_world, read_index, resolve,
};
use rootfs_package::store::Store;
use rootfs_tests::{Alpine, ApkPackage, ApkRepository, Finished, Listing, RsaKey, words};
use tempfile::TempDir;

/// What a repository's key is called.
pub(crate) const KEY: &str = "test@example.org-0a1b2c3d.rsa.pub";

/// A repository with its key, and a store.
pub(crate) struct Site {
    pub(crate) repository: ApkRepository,
    pub(crate) key: RsaKey,
    store_directory: TempDir,
    store: Store,
}

/// What ours made of some names.
pub(crate) struct Made {
    /// Titles in the order of installation.
    pub(crate) order: Vec<String>,
    pub(crate) installed: Installed,
}

impl Site {
    pub(crate) fn new(packages: &[ApkPackage]) -> Result<Self, Failed> {
        let key = RsaKey::generate(KEY)?;
        let store_directory = tempfile::tempdir()?;
        let store = Store::open(store_directory.path())?;
        Ok(Self { repository: ApkRepository::write(packages, &key)?, key, store_directory, store })
    }

    pub(crate) fn keys(&self) -> Result<PublicKeys, Failed> {
        let mut keys = PublicKeys::new();
        keys.add(self.key.name(), &self.key.public()?)?;
        Ok(keys)
    }

    pub(crate) fn index(&self) -> Result<ApkIndex, Failed> {
        Ok(read_index(&fs_err::read(self.repository.index())?, &self.keys()?)?)
    }

    /// Installs the names as the library does.
    pub(crate) fn ours(&self, world: &str) -> Result<Made, Failed> {
        let mut universe = Universe::new("x86_64");
        universe.add_repository("site", None, self.index()?.packages)?;
        let world = parse_world(world)?;
        let selection = resolve(&universe, &world)?;
        let layer = |file: &str, trust| -> Result<ApkLayer, Failed> {
            let (sha256, _size) = self.store.insert_file(&self.repository.package(file))?;
            Ok(self.store.apk(&sha256, trust)?)
        };
        let layers = selection.packages.iter().map(|selected| {
            let package = selected.package;
            layer(&format!("{}.apk", package.title()), Trust::Identity(package.identity))
        });
        let layers = layers.collect::<Result<Vec<_>, _>>()?;
        let pairs = selection.packages.iter().zip(&layers);
        let packages: Vec<_> =
            pairs.map(|(selected, layer)| InstallPackage { package: selected.package, layer, tag: selected.tag.as_deref() }).collect();
        let request = Request { packages: &packages, architecture: "x86_64", world: &world, repositories: &[], keys: &PublicKeys::new() };
        let installed = install(&request)?;
        Ok(Made { order: selection.packages.iter().map(|selected| selected.package.title()).collect(), installed })
    }

    /// Runs the real apk on a root, with this repository and its key.
    pub(crate) fn apk(&self, alpine: &Alpine, root: &Path, arguments: &[&str]) -> Result<Finished, Failed> {
        self.apk_with_keys(alpine, root, &self.repository.keys(), arguments)
    }

    pub(crate) fn apk_with_keys(&self, alpine: &Alpine, root: &Path, keys: &Path, arguments: &[&str]) -> Result<Finished, Failed> {
        let options = words([&"--root", &root, &"--arch", &"x86_64", &"--no-cache", &"--keys-dir", &keys]);
        let repository = words([&"--repository", &self.repository.root(), &"--repositories-file", &"/dev/null"]);
        alpine.apk().args(options).args(repository).args(arguments).run()
    }

    /// Where the store is, for cases that damage it.
    pub(crate) fn store_directory(&self) -> &Path {
        self.store_directory.path()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Installs the names with the real apk and with ours, and compares all that both made. Gives the root that ours is in.
    pub(crate) fn compare(&self, alpine: &Alpine, world: &str) -> Result<TempDir, Failed> {
        let (theirs, ours) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let names: Vec<_> = world.split(' ').collect();
        let run = self.apk(alpine, theirs.path(), &[&["add", "--initdb"], &names[..]].concat())?.success()?;
        let made = self.ours(world)?;
        made.installed.tree.materialise(ours.path())?;
        let order: Vec<_> = run.output.lines().filter_map(installing).collect();
        if order != made.order {
            return Err(format!("{world}: apk installed {order:?}, ours {:?}", made.order).into());
        }
        if !made.installed.pending.is_empty() {
            return Err(format!("{world}: scripts are left: {:?}", made.installed.pending).into());
        }
        for name in ["lib/apk/db/installed", "lib/apk/db/triggers", "etc/apk/world", "etc/apk/arch"] {
            let read = |root: &TempDir| fs_err::read_to_string(root.path().join(name));
            let (theirs, ours) = (read(&theirs)?, read(&ours)?);
            if theirs != ours {
                return Err(format!("{world}: {name} differs:\n--- apk\n{theirs}\n--- ours\n{ours}").into());
            }
        }
        for name in ["etc/shadow", "etc/shadow-"] {
            let (theirs, ours) = (passwords(&theirs.path().join(name)), passwords(&ours.path().join(name)));
            if theirs != ours {
                return Err(format!("{world}: {name} differs:\n--- apk\n{theirs:#?}\n--- ours\n{ours:#?}").into());
            }
        }
        let is_passwords = |path: &str| matches!(path, "/etc/shadow" | "/etc/shadow-");
        let listing = |root: &TempDir| Ok::<_, Failed>(Listing::of(root.path())?.without_contents(is_passwords));
        let differences = listing(&theirs)?.differences(&listing(&ours)?);
        if !differences.is_empty() {
            return Err(format!("{world}: apk's tree (first) and ours differ:\n{}", differences.join("\n")).into());
        }
        Ok(ours)
    }
}

/// The lines of a shadow file, if it is there, without the day on which the password of a new account was set: that is today in apk's, and the day the
/// package was built in ours.
fn passwords(path: &Path) -> Vec<Vec<String>> {
    let text = fs_err::read_to_string(path).unwrap_or_default();
    let fields = |line: &str| {
        line.split(':').enumerate().map(|(at, field)| if at == 2 && line.contains(":99999:") { "" } else { field }.to_owned()).collect()
    };
    text.lines().map(fields).collect()
}

/// `(1/2) Installing musl (1.2.5-r0)` as `musl-1.2.5-r0`.
fn installing(line: &str) -> Option<String> {
    let (_, package) = line.split_once(") Installing ")?;
    let (name, version) = package.split_once(" (")?;
    Some(format!("{name}-{}", version.strip_suffix(')')?))
}
