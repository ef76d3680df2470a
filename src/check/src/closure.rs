//! All that a program is linked to, found as its loader finds it (ld.so(8)), in the tree.

use std::collections::{BTreeSet, VecDeque};

use rootfs_tree::{NodeId, Tree, TreeError};

use crate::canonical::{canonical, parent};
use crate::elf::{Header, Object};
use crate::executable::{Executable, start};
use crate::finding::{Fault, shown};
use crate::library_path::Loader;
use crate::rule::Verdict;

/// The largest program or library that is read.
const LARGEST: u64 = 1 << 30;

const FIX: &str = "install the package that has it";

/// What the program needs and won't find.
pub(crate) fn faults(tree: &Tree, program: &Executable) -> Verdict {
    Ok(link(tree, &program.path, program.id)?.faults)
}

/// All that a program or library is linked to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Linked {
    /// Its loader and its libraries, by the paths by which that loader finds them; links among them.
    pub files: Vec<Vec<u8>>,
    /// What is not there, or of no use: sentences that begin with a path.
    pub missing: Vec<String>,
}

/// Finds what the ELF file at a path is linked to, with all that this needs in turn. Nothing for a file that is none.
///
/// # Errors
/// When there is no such file, or a content can't be read.
pub fn linked(tree: &Tree, path: &[u8]) -> Result<Linked, TreeError> {
    let id = tree.resolve(path)?;
    if !start(tree, id)?.starts_with(b"\x7fELF") {
        return Ok(Linked::default());
    }
    let path = canonical(tree, path).unwrap_or_else(|| path.to_vec());
    let Outcome { faults, files } = link(tree, &path, id)?;
    let sentence = |fault: &Fault| format!("`{}` {}", shown(&fault.path), fault.reason);
    Ok(Linked { files, missing: faults.iter().map(sentence).collect() })
}

struct Outcome {
    faults: Vec<Fault>,
    files: Vec<Vec<u8>>,
}

fn link(tree: &Tree, path: &[u8], id: NodeId) -> Result<Outcome, TreeError> {
    let object = match Object::parse(&tree.read(id, LARGEST)?) {
        Ok(object) => object,
        Err(reason) => return Ok(Outcome { faults: vec![damaged(path, &reason)], files: Vec::new() }),
    };
    let interpreter = object.interpreter.clone();
    let loader = Loader::named(interpreter.as_deref().unwrap_or_default());
    let directories = loader.directories(tree, object.header.machine)?;
    let mut closure = Closure {
        tree,
        loader,
        directories,
        header: object.header,
        loaded: Vec::new(),
        names: BTreeSet::new(),
        files: Vec::new(),
        faults: Vec::new(),
    };
    if let Some(interpreter) = &interpreter {
        closure.check_interpreter(path, interpreter)?;
    }
    closure.load_all(path.to_vec(), object)?;
    let Closure { mut files, faults, .. } = closure;
    files.extend(interpreter);
    Ok(Outcome { faults, files })
}

fn damaged(path: &[u8], reason: &str) -> Fault {
    Fault::new(path, format!("is a damaged program or library: {reason}"), "install its package again")
}

struct Closure<'a> {
    tree: &'a Tree,
    loader: Loader,
    directories: Vec<Vec<u8>>,
    header: Header,
    loaded: Vec<Loaded>,
    /// What need not be looked for any more: names asked for, and those that libraries give themselves.
    names: BTreeSet<Vec<u8>>,
    /// Where libraries were found, links as they are.
    files: Vec<Vec<u8>>,
    faults: Vec<Fault>,
}

struct Loaded {
    path: Vec<u8>,
    object: Object,
    /// Who needed it first, in the list of all.
    parent: Option<usize>,
}

/// A library's place, and whether something useless was found on the way.
enum Search {
    /// Its path as it was looked for, the same without links, and its content.
    Found(Vec<u8>, Vec<u8>, Vec<u8>),
    /// A file of that name for another machine is at this path.
    Foreign(Vec<u8>),
    Nowhere,
}

impl Closure<'_> {
    /// The kernel starts the loader as it starts a program, so it must be executable.
    fn check_interpreter(&mut self, program: &[u8], interpreter: &[u8]) -> Result<(), TreeError> {
        let (wrong, fix) = match Executable::find(self.tree, interpreter) {
            Err(obstacle) => (obstacle.to_string(), obstacle.fix().unwrap_or(FIX)),
            Ok(found) => match Object::parse_header(&found.start(self.tree)?) {
                Ok(header) if header == self.header => return Ok(()),
                Ok(header) => (format!("is for {}", header.machine), FIX),
                Err(reason) => (format!("is damaged: {reason}"), FIX),
            },
        };
        let reason = format!("needs the loader `{}`, which {wrong}", shown(interpreter));
        self.faults.push(Fault::new(program, reason, fix));
        Ok(())
    }

    /// Breadth first, as loaders go, so that whoever is found first serves all others.
    fn load_all(&mut self, path: Vec<u8>, object: Object) -> Result<(), TreeError> {
        self.loaded.push(Loaded { path, object, parent: None });
        let mut pending = VecDeque::from([0]);
        while let Some(index) = pending.pop_front() {
            for name in self.loaded[index].object.needed.clone() {
                if self.loader.provides(&name) || !self.names.insert(name.clone()) {
                    continue;
                }
                if let Some(next) = self.load(index, &name)? {
                    pending.push_back(next);
                }
            }
        }
        Ok(())
    }

    fn load(&mut self, index: usize, name: &[u8]) -> Result<Option<usize>, TreeError> {
        let reason = match self.search(index, name)? {
            Search::Found(found, path, bytes) => match Object::parse(&bytes) {
                Ok(object) => {
                    self.files.push(found);
                    self.names.extend(object.soname.clone());
                    self.loaded.push(Loaded { path, object, parent: Some(index) });
                    return Ok(Some(self.loaded.len() - 1));
                }
                Err(reason) => {
                    self.faults.push(damaged(&path, &reason));
                    return Ok(None);
                }
            },
            Search::Foreign(path) => format!("needs `{}`, and only `{}` is there, for another machine", shown(name), shown(&path)),
            Search::Nowhere => format!("needs `{}`, which is in no library directory of the root", shown(name)),
        };
        self.faults.push(Fault::new(&self.loaded[index].path, reason, FIX));
        Ok(None)
    }

    fn search(&self, index: usize, name: &[u8]) -> Result<Search, TreeError> {
        let mut foreign = Search::Nowhere;
        for candidate in self.candidates(index, name) {
            let Ok(id) = self.tree.resolve(&candidate) else {
                continue;
            };
            if self.tree.file(id).is_none() {
                continue;
            }
            match Object::parse_header(&start(self.tree, id)?) {
                Ok(header) if header == self.header => {
                    let bytes = self.tree.read(id, LARGEST)?;
                    let path = canonical(self.tree, &candidate).unwrap_or_else(|| candidate.clone());
                    return Ok(Search::Found(candidate, path, bytes));
                }
                // As loaders do: what is for another machine is passed over.
                Ok(_) => foreign = Search::Foreign(candidate),
                Err(_) => return Ok(Search::Found(candidate.clone(), candidate, self.tree.read(id, LARGEST)?)),
            }
        }
        Ok(foreign)
    }

    fn candidates(&self, index: usize, name: &[u8]) -> Vec<Vec<u8>> {
        if name.contains(&b'/') {
            return vec![name.to_vec()];
        }
        let own = self.own_directories(index);
        own.iter().chain(&self.directories).map(|directory| [directory, b"/".as_slice(), name].concat()).collect()
    }

    /// Directories that the object names: `DT_RUNPATH`, or without one its `DT_RPATH` and those of whoever needed it, up to the program.
    fn own_directories(&self, index: usize) -> Vec<Vec<u8>> {
        let Loaded { path, object, .. } = &self.loaded[index];
        if let Some(runpath) = &object.runpath {
            return expand(runpath, path);
        }
        let mut directories = Vec::new();
        let mut next = Some(index);
        while let Some(Loaded { path, object, parent }) = next.map(|index| &self.loaded[index]) {
            if let (Some(rpath), None) = (&object.rpath, &object.runpath) {
                directories.extend(expand(rpath, path));
            }
            next = *parent;
        }
        directories
    }
}

/// The directories of a path list, with `$ORIGIN` replaced. Those with another variable, or relative ones, depend on what no tree tells.
fn expand(list: &[u8], object: &[u8]) -> Vec<Vec<u8>> {
    let entries = list.split(|byte| *byte == b':').filter(|entry| !entry.is_empty());
    let expanded = entries.map(|entry| match entry.strip_prefix(b"$ORIGIN").or_else(|| entry.strip_prefix(b"${ORIGIN}")) {
        Some(rest) => [parent(object), rest].concat(),
        None => entry.to_vec(),
    });
    expanded.filter(|directory| directory.starts_with(b"/") && !directory.contains(&b'$')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_is_the_objects_own_directory() {
        let expanded = expand(b"$ORIGIN/../lib:${ORIGIN}::/opt/lib:relative:/x/$LIB", b"/usr/bin/program");
        assert_eq!(expanded, [b"/usr/bin/../lib".to_vec(), b"/usr/bin".to_vec(), b"/opt/lib".to_vec()]);
    }
}
