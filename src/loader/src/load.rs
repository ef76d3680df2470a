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
    /// In which form it came, and the distribution.
    pub distro: Result<(Kind, Box<dyn Distro>), LoadError>,
}

/// Reads a plugin's directory. None of its code is run. `base` gives the file of a built-in distribution, or the names of all of them.
pub fn load(path: &Path, base: &dyn Fn(&str) -> Result<Base, Vec<String>>, options: &WorkerOptions) -> Found {
    let file = path.join("distro.toml");
    let (name, distro) = if ShellDirectory::is_one(path) && !file.exists() { of_shell(path) } else { of_file(path, &file, base, options) };
    let name = name.unwrap_or_else(|| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default());
    Found { path: path.to_owned(), name, distro }
}

/// What a plugin calls itself, as far as that can be read, and what it is.
type Loaded = (Option<String>, Result<(Kind, Box<dyn Distro>), LoadError>);

fn of_shell(path: &Path) -> Loaded {
    match ShellDirectory::open(path) {
        Ok(directory) => (Some(directory.name.clone()), Ok((Kind::Shell, Box::new(ShellDistro::new(directory))))),
        Err(error) => (None, Err(LoadError::Shell(error))),
    }
}

fn of_file(path: &Path, file: &Path, base: &dyn Fn(&str) -> Result<Base, Vec<String>>, options: &WorkerOptions) -> Loaded {
    let text = match fs_err::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return (None, Err(LoadError::Read(error))),
    };
    match toml::from_str::<PluginFile>(&text) {
        Ok(header) => (Some(header.name.clone()), of_header(path, file, &text, &header, base, options)),
        Err(error) => (None, Err(LoadError::File { path: file.to_owned(), source: error.into() })),
    }
}

fn of_header(
    path: &Path,
    file: &Path,
    text: &str,
    header: &PluginFile,
    base: &dyn Fn(&str) -> Result<Base, Vec<String>>,
    options: &WorkerOptions,
) -> Result<(Kind, Box<dyn Distro>), LoadError> {
    let wrong = |source| LoadError::File { path: file.to_owned(), source };
    let own = keys(path)?;
    let own: Vec<(&str, &str)> = own.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let packages = match &header.base {
        Some(name) => {
            let base = base(name).map_err(|known| LoadError::Base { name: name.clone(), known })?;
            let keys: Vec<_> = base.keys.iter().copied().chain(own).collect();
            Some(FileDistro::parse_relative(text, base.text, &keys).map_err(wrong)?)
        }
        None if header.names_packages() => Some(FileDistro::parse(text, &own).map_err(wrong)?),
        None => None,
    };
    match (&header.library, packages) {
        (None, Some(packages)) => Ok((Kind::File, Box::new(packages))),
        (None, None) => Err(LoadError::Nothing { path: file.to_owned() }),
        (Some(library), packages) => {
            let library = path.join(library);
            elf::require_library(&library)?;
            let info = match &packages {
                Some(packages) => packages.info().clone(),
                None => file::info(text).map_err(|error| wrong(error.into()))?,
            };
            Ok((Kind::Library, Box::new(LibraryDistro::new(info, library, packages, options.clone()))))
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
