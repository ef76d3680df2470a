use std::path::{Path, PathBuf};

use super::ShellConfig;

/// The file that makes a directory a shell directory.
const CONFIG: &str = "config.sh";

/// A directory with a `config.sh`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellDirectory {
    /// Absolute, without links in it.
    pub path: PathBuf,
    /// The directory's name, by which it is called.
    pub name: String,
    /// What its `config.sh` says in plain words.
    pub config: ShellConfig,
}

/// Why a directory can't be used as a distribution.
#[derive(Debug, thiserror::Error)]
pub enum ShellDirectoryError {
    /// It has no `config.sh`.
    #[error("`{path}` has no {CONFIG}")]
    NoConfig {
        /// The directory.
        path: PathBuf,
    },
    /// Its name is none that can be typed.
    #[error("`{path}` has a name that is no distribution's")]
    Name {
        /// The directory.
        path: PathBuf,
    },
    /// The disk, or whose it is, forbids.
    #[error("can't read the shell directory `{path}`")]
    Read {
        /// The directory.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

impl ShellDirectoryError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoConfig { .. } => {
                format!(
                    "a shell directory of Kata's osbuilder has a {CONFIG}, and mostly a rootfs_lib.sh; name one, or the folder of several"
                )
            }
            Self::Name { .. } => "rename it: lower-case letters, digits, `-`, `_` and `.`, the first a letter or digit".to_owned(),
            Self::Read { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
                format!("{CONFIG} must be readable for who builds")
            }
            Self::Read { .. } => return None,
        })
    }
}

impl ShellDirectory {
    /// Whether the directory is one.
    #[must_use]
    pub fn is_one(path: &Path) -> bool {
        path.join(CONFIG).is_file()
    }

    /// Reads what lists need.
    ///
    /// # Errors
    /// When there is no `config.sh`, it can't be read, or the directory's name can't be typed.
    pub fn open(path: &Path) -> Result<Self, ShellDirectoryError> {
        let failed = |source| ShellDirectoryError::Read { path: path.to_owned(), source };
        let absolute = fs_err::canonicalize(path).map_err(failed)?;
        let text = match fs_err::read(absolute.join(CONFIG)) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ShellDirectoryError::NoConfig { path: path.to_owned() });
            }
            Err(error) => return Err(failed(error)),
        };
        let name = absolute.file_name().and_then(|name| name.to_str()).filter(|name| can_be_typed(name)).map(str::to_owned);
        let name = name.ok_or_else(|| ShellDirectoryError::Name { path: path.to_owned() })?;
        Ok(Self { path: absolute, name, config: ShellConfig::parse(&text) })
    }
}

fn can_be_typed(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.bytes().next().is_some_and(plain) && name.bytes().all(|byte| plain(byte) || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_what_its_config_makes_it() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("myos");
        fs_err::create_dir(&path).unwrap();
        assert!(!ShellDirectory::is_one(&path));
        let error = ShellDirectory::open(&path).unwrap_err();
        assert!(matches!(error, ShellDirectoryError::NoConfig { .. }) && error.hint().unwrap().contains("config.sh"));
        fs_err::write(path.join("config.sh"), b"OS_NAME=x\xff\nOS_VERSION=7\n").unwrap();
        let link = parent.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let directory = ShellDirectory::open(&link).unwrap();
        assert_eq!((directory.name.as_str(), directory.config.os_version.as_deref()), ("myos", Some("7")));
        assert!(ShellDirectory::is_one(&path) && directory.path.is_absolute());
        let odd = parent.path().join("My OS");
        fs_err::rename(&path, &odd).unwrap();
        assert!(matches!(ShellDirectory::open(&odd), Err(ShellDirectoryError::Name { .. })));
        assert!(matches!(ShellDirectory::open(&path), Err(ShellDirectoryError::Read { .. })));
        fs_err::remove_file(odd.join("config.sh")).unwrap();
        fs_err::create_dir(odd.join("config.sh")).unwrap();
        assert!(matches!(ShellDirectory::open(&odd), Err(ShellDirectoryError::Read { .. })));
    }
}
