use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A program on the host, by the directories of a `PATH`. Relative ones are not looked at: what is found must not depend on where the caller is.
pub(crate) fn find(name: &str, path: &OsStr) -> Option<PathBuf> {
    let is_program =
        |path: &PathBuf| fs_err::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0);
    std::env::split_paths(path).filter(|directory| directory.is_absolute()).map(|directory| directory.join(name)).find(is_program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_executable_files_in_absolute_directories_count() {
        assert!(find("sh", OsStr::new("/nonexistent:/bin")).is_some());
        assert_eq!(find("passwd", OsStr::new("/etc")), None);
        assert_eq!(find("bin", OsStr::new("/")), None);
        assert_eq!(find("sh", OsStr::new("bin:")), None);
    }
}
