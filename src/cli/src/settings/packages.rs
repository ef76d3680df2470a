use std::path::PathBuf;

use rootfs_plugin::PackageRequest;

use crate::setting_error::SettingError;
use crate::sourced::Sourced;

/// What the names of package files end in.
const FILES: [&str; 3] = [".deb", ".apk", ".rpm"];

/// Reads lists of packages, separated by commas and white space. A word with a slash that ends as a package file is one, which must be there.
pub(super) fn parse(said: &[Sourced<String>]) -> Result<Vec<PackageRequest>, SettingError> {
    let mut packages = Vec::new();
    for value in said {
        for word in value.value.split(|letter: char| letter == ',' || letter.is_whitespace()).filter(|word| !word.is_empty()) {
            packages.push(package(&value.with(word))?);
        }
    }
    Ok(packages)
}

fn package(word: &Sourced<&str>) -> Result<PackageRequest, SettingError> {
    if FILES.iter().any(|end| word.value.ends_with(end)) {
        if !word.value.contains('/') {
            return Err(SettingError::invalid_with_hint(word, "it is not a package's name", format!("write ./{} for a file", word.value)));
        }
        let path: PathBuf = word.path();
        fs_err::metadata(&path).map_err(|source| SettingError::Read { setting: word.to_string(), source })?;
        return Ok(PackageRequest::File(path));
    }
    // A group, a path in a package, a package that must not be there, versions of one: each means something to some distribution.
    if !word.value.starts_with(|first: char| first.is_ascii_alphanumeric() || "@/!=<>~".contains(first)) {
        return Err(SettingError::invalid(word, "it is not a package's name"));
    }
    Ok(PackageRequest::Name(word.value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sourced::Source;

    fn said(text: &str) -> [Sourced<String>; 1] {
        [Sourced::new(text.to_owned(), Source::Variable("EXTRA_PKGS"))]
    }

    #[test]
    fn commas_spaces_and_lines_separate() {
        let names = ["vim-tiny", "curl", "git=1:2.39", "gcc/sid", "0ad", "@core", "/usr/bin/cc", ">=dev-libs/x-1"];
        let names = names.map(|name| PackageRequest::Name(name.into()));
        assert_eq!(parse(&said("vim-tiny, curl\ngit=1:2.39,,gcc/sid  0ad @core /usr/bin/cc,>=dev-libs/x-1")).unwrap(), names);
    }

    #[test]
    fn a_path_is_a_file_that_must_be_there() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("x.deb");
        assert!(matches!(parse(&said(file.to_str().unwrap())), Err(SettingError::Read { .. })));
        fs_err::write(&file, b"").unwrap();
        assert_eq!(parse(&said(file.to_str().unwrap())).unwrap(), [PackageRequest::File(file)]);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let error = parse(&said("x.deb")).unwrap_err();
        assert_eq!(error.to_string(), "EXTRA_PKGS=x.deb: it is not a package's name");
        assert_eq!(error.hint().unwrap(), "write ./x.deb for a file");
        assert!(parse(&said("-y")).is_err());
        assert!(parse(&said("$vim")).is_err());
    }
}
