use std::collections::{BTreeMap, BTreeSet};

use rootfs_tree::{NodeId, Tree};

use super::KernelError;
use super::decompress::decompress;
use super::module_info::{ModuleInfo, plain};

/// No module is larger, packed or not.
const MODULE_LIMIT: u64 = 256 << 20;

/// Where modules live that others only know by an alias.
const LIBRARIES: [&str; 3] = ["/kernel/crypto/", "/kernel/lib/", "/kernel/arch/"];

/// How a module's file may end.
const SUFFIXES: [&str; 4] = [".ko", ".ko.xz", ".ko.zst", ".ko.gz"];

/// The modules of one kernel. Names have `_` for `-`.
#[derive(Debug, Clone)]
pub(super) struct Modules {
    tree: Tree,
    /// With their path, which tells what they are for.
    files: BTreeMap<String, (String, NodeId)>,
    built_in: BTreeSet<String>,
}

/// A module, unpacked.
#[derive(Debug, Clone)]
pub(super) struct Module {
    pub(super) name: String,
    pub(super) content: Vec<u8>,
}

impl Modules {
    /// All below `directory` (`/lib/modules/RELEASE`).
    pub(super) fn find(tree: &Tree, directory: &str) -> Result<Self, KernelError> {
        let prefix = format!("{directory}/");
        let mut files = BTreeMap::new();
        for entry in tree.walk() {
            if let Ok(path) = String::from_utf8(entry.path)
                && path.starts_with(&prefix)
                && let Some(name) = module_name(&path)
                && tree.file(entry.id).is_some()
            {
                files.insert(name, (path, entry.id));
            }
        }
        let list = match tree.resolve(format!("{directory}/modules.builtin").as_bytes()) {
            Ok(id) => tree.read(id, MODULE_LIMIT).map_err(|source| KernelError::Tree { source })?,
            Err(_) => Vec::new(),
        };
        let built_in = String::from_utf8_lossy(&list).lines().filter_map(module_name).collect();
        Ok(Self { tree: tree.clone(), files, built_in })
    }

    pub(super) fn is_built_in(&self, name: &str) -> bool {
        self.built_in.contains(&plain(name))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.files.contains_key(&plain(name))
    }

    /// The named modules and all that they need, each after those that it needs.
    pub(super) fn closure(&self, names: &[&str]) -> Result<Vec<Module>, KernelError> {
        let mut closure = Closure { modules: self, visited: BTreeSet::new(), aliases: None, loaded: Vec::new() };
        names.iter().try_for_each(|name| closure.add(&plain(name)))?;
        Ok(closure.loaded)
    }

    fn read(&self, name: &str) -> Result<Module, KernelError> {
        let (_, id) = self.files.get(name).ok_or_else(|| damaged(name, "it needs a module that is not there"))?;
        let packed = self.tree.read(*id, MODULE_LIMIT).map_err(|source| KernelError::Tree { source })?;
        let content = decompress(&packed).map_err(|source| KernelError::Unpack { name: name.to_owned(), source })?;
        Ok(Module { name: name.to_owned(), content })
    }
}

/// A walk along what modules need.
struct Closure<'a> {
    modules: &'a Modules,
    visited: BTreeSet<String>,
    /// Read when the first name turns out to be no module's own.
    aliases: Option<BTreeMap<String, String>>,
    loaded: Vec<Module>,
}

impl Closure<'_> {
    fn add(&mut self, name: &str) -> Result<(), KernelError> {
        if self.modules.built_in.contains(name) || !self.visited.insert(name.to_owned()) {
            return Ok(());
        }
        let module = self.modules.read(name)?;
        let info = ModuleInfo::read(&module.content).map_err(|reason| damaged(name, &reason))?;
        info.before.iter().try_for_each(|other| self.add_if_there(other))?;
        info.depends.iter().try_for_each(|other| self.add(other))?;
        self.loaded.push(module);
        info.after.iter().try_for_each(|other| self.add_if_there(other))
    }

    fn add_if_there(&mut self, name: &str) -> Result<(), KernelError> {
        if self.modules.files.contains_key(name) {
            return self.add(name);
        }
        if self.modules.built_in.contains(name) {
            return Ok(());
        }
        if self.aliases.is_none() {
            self.aliases = Some(self.read_aliases()?);
        }
        match self.aliases.as_ref().and_then(|aliases| aliases.get(name)).cloned() {
            Some(module) => self.add(&module),
            None => Ok(()),
        }
    }

    fn read_aliases(&self) -> Result<BTreeMap<String, String>, KernelError> {
        let mut aliases = BTreeMap::new();
        for (name, (path, _)) in &self.modules.files {
            if LIBRARIES.iter().any(|place| path.contains(place)) {
                let info = ModuleInfo::read(&self.modules.read(name)?.content).map_err(|reason| damaged(name, &reason))?;
                for alias in info.aliases {
                    aliases.entry(alias).or_insert_with(|| name.clone());
                }
            }
        }
        Ok(aliases)
    }
}

/// `kernel/drivers/char/virtio-rng.ko.xz` is `virtio_rng`.
fn module_name(path: &str) -> Option<String> {
    let file = path.rsplit('/').next()?;
    SUFFIXES.iter().find_map(|suffix| file.strip_suffix(suffix)).map(plain)
}

fn damaged(name: &str, reason: &str) -> KernelError {
    KernelError::Module { name: name.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modules_name_is_that_of_its_file() {
        assert_eq!(module_name("kernel/drivers/char/hw_random/virtio-rng.ko.xz").as_deref(), Some("virtio_rng"));
        assert_eq!(module_name("kernel/fs/ext4/ext4.ko").as_deref(), Some("ext4"));
        assert_eq!(module_name("modules.order"), None);
    }
}
