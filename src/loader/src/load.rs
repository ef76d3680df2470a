use std::path::{Path, PathBuf};

use rootfs_plugin::{Distro, FileDistro};

use crate::file::{self, PluginFile};
use crate::shell::{ShellDirectory, ShellDistro};
use crate::{LibraryDistro, LoadError, WorkerOptions, elf};

/// The file of a distribution that is built in, for relatives of it.
#[derive(Debug, Clone, Copy)]
pub struct Base {
    /// Its `distro.toml`.
    pub text: &'static str,
    /// Its keys by their names.
    pub keys: &'static [(&'static str, &'static str)],
}

/// In which form a plugin came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A `distro.toml` and nothing else.
    File,
    /// A shared object.
    Library,
    /// Kata's `config.sh` and `rootfs_lib.sh`.
    Shell,
}

impl Kind {
    /// As lists call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Library => "library",
            Self::Shell => "shell directory",
        }
    }
}

/// A plugin that was found.
#[derive(Debug)]
pub struct Found {
    /// Its directory.
    pub path: PathBuf,
    /// What it calls itself; its directory's name when nothing of it can be read.
    pub name: String,
    /// None when nothing of it can be read.
    pub kind: Option<Kind>,
    /// The distribution.
    pub distro: Result<Box<dyn Distro>, LoadError>,
}

/// Reads a plugin's directory. None of its code is run. `base` gives the file of a built-in distribution, or the names of all of them.
pub fn load(path: &Path, base: &dyn Fn(&str) -> Result<Base, Vec<String>>, options: &WorkerOptions) -> Found {
    let file = path.join("distro.toml");
    if ShellDirectory::is_one(path) && !file.exists() {
        return of_shell(path);
    }
    let own = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let text = match fs_err::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => return Found { path: path.to_owned(), name: own, kind: None, distro: Err(LoadError::Read(error)) },
    };
    let header: PluginFile = match toml::from_str(&text) {
        Ok(header) => header,
        Err(error) => {
            let distro = Err(LoadError::File { path: file, source: error.into() });
            return Found { path: path.to_owned(), name: own, kind: None, distro };
        }
    };
    let kind = if header.library.is_some() { Kind::Library } else { Kind::File };
    let distro = of_file(path, &text, &header, base, options);
    Found { path: path.to_owned(), name: header.name, kind: Some(kind), distro }
}

fn of_shell(path: &Path) -> Found {
    let opened = ShellDirectory::open(path);
    let name = match &opened {
        Ok(directory) => directory.name.clone(),
        Err(_) => path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
    };
    let distro = opened.map(|directory| Box::new(ShellDistro::new(directory)) as Box<dyn Distro>).map_err(LoadError::Shell);
    Found { path: path.to_owned(), name, kind: Some(Kind::Shell), distro }
}

fn of_file(
    path: &Path,
    text: &str,
    header: &PluginFile,
    base: &dyn Fn(&str) -> Result<Base, Vec<String>>,
    options: &WorkerOptions,
) -> Result<Box<dyn Distro>, LoadError> {
    let wrong = |source| LoadError::File { path: path.join("distro.toml"), source };
    let has_packages =
        ["apt", "apk", "rpm"].iter().any(|format| toml::from_str::<toml::Table>(text).is_ok_and(|table| table.contains_key(*format)));
    let own = keys(path)?;
    let own: Vec<(&str, &str)> = own.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let file = match &header.base {
        Some(name) => {
            let base = base(name).map_err(|known| LoadError::Base { name: name.clone(), known })?;
            let keys: Vec<_> = base.keys.iter().copied().chain(own).collect();
            Some(FileDistro::parse_relative(text, base.text, &keys).map_err(wrong)?)
        }
        None if has_packages => Some(FileDistro::parse(text, &own).map_err(wrong)?),
        None => None,
    };
    match (&header.library, file) {
        (None, Some(file)) => Ok(Box::new(file)),
        (None, None) => Err(LoadError::Nothing { path: path.join("distro.toml") }),
        (Some(library), file) => {
            let library = path.join(library);
            elf::require_library(&library)?;
            let info = match &file {
                Some(file) => file.info().clone(),
                None => file::info(text).map_err(|error| wrong(error.into()))?,
            };
            Ok(Box::new(LibraryDistro::new(info, library, file, options.clone())))
        }
    }
}

/// Public keys in `keys`, by the names of their files without the last suffix.
fn keys(path: &Path) -> Result<Vec<(String, String)>, LoadError> {
    let directory = path.join("keys");
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let mut keys = Vec::new();
    for entry in fs_err::read_dir(&directory)? {
        let file = entry?.path();
        let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if file.extension().is_some_and(|suffix| suffix == "asc" || suffix == "pub" || suffix == "pem") {
            keys.push((name, fs_err::read_to_string(&file)?));
        }
    }
    keys.sort();
    Ok(keys)
}
