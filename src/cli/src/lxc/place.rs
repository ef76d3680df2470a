use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::LxcError;
use crate::environment::Environment;

/// The file that LXC reads.
const CONFIG: &str = "config";

/// Where LXC keeps the containers of a user who has not told it otherwise (lxc.system.conf(5), `lxc.lxcpath`); none for a plain user without a home.
pub(crate) fn default_place(uid: u32, environment: &Environment) -> Option<PathBuf> {
    if uid == 0 {
        return Some("/var/lib/lxc".into());
    }
    environment.path("HOME").map(|home| home.join(".local/share/lxc"))
}

/// Writes a container's configuration below the directory of all containers; gives its path. Under its name it is whole or not there.
///
/// # Errors
/// When it exists and is not to be replaced, or the disk refuses.
pub(crate) fn write_config(place: &Path, name: &str, text: &str, force: bool) -> Result<PathBuf, LxcError> {
    let directory = place.join(name);
    make_directory(place, &directory)?;
    let path = directory.join(CONFIG);
    let mut file = tempfile::NamedTempFile::new_in(&directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(PermissionsExt::from_mode(0o644))?;
    let placed = if force { file.persist(&path) } else { file.persist_noclobber(&path) };
    match placed {
        Ok(_) => Ok(path),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(LxcError::Exists { path }),
        Err(error) => Err(error.error.into()),
    }
}

/// The container's directory, as LXC makes it: 0770, whatever the umask is.
fn make_directory(place: &Path, directory: &Path) -> io::Result<()> {
    fs_err::create_dir_all(place)?;
    match fs_err::create_dir(directory) {
        Ok(()) => fs_err::set_permissions(directory, PermissionsExt::from_mode(0o770)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_replaced_with_force_only() {
        let place = tempfile::tempdir().unwrap();
        let containers = place.path().join("lxc");
        let path = write_config(&containers, "foo", "one\n", false).unwrap();
        assert_eq!(path, containers.join("foo/config"));
        let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode(&path), mode(&containers.join("foo"))), (0o644, 0o770));
        assert!(matches!(write_config(&containers, "foo", "two\n", false), Err(LxcError::Exists { .. })));
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "one\n");
        write_config(&containers, "foo", "three\n", true).unwrap();
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "three\n");
        assert_eq!(fs_err::read_dir(containers.join("foo")).unwrap().count(), 1, "nothing else is left");
    }
}
