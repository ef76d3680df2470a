use std::collections::BTreeMap;

use crate::setting_error::SettingError;
use crate::sourced::Sourced;

/// Mirrors of the main archive, and of others by name.
type Mirrors = (Vec<String>, BTreeMap<String, Vec<String>>);

/// Reads `URL` and `ARCHIVE=URL`; an environment variable may hold several, separated by spaces.
pub(super) fn parse(said: &[Sourced<String>]) -> Result<Mirrors, SettingError> {
    let (mut main, mut others) = (Vec::new(), BTreeMap::<String, Vec<String>>::new());
    for value in said {
        for word in value.value.split_whitespace() {
            let (archive, url) = match word.split_once('=') {
                Some((archive, url)) if !archive.contains([':', '/']) => (Some(archive), url),
                _ => (None, word),
            };
            let url = url.trim_end_matches('/');
            let host = ["http://", "https://", "file:"].into_iter().find_map(|scheme| url.strip_prefix(scheme));
            if host.is_none_or(str::is_empty) {
                return Err(SettingError::invalid(&value.with(word), "it is not an http, https or file URL"));
            }
            match archive {
                Some(archive) => others.entry(archive.to_owned()).or_default().push(url.to_owned()),
                None => main.push(url.to_owned()),
            }
        }
    }
    Ok((main, others))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sourced::Source;

    #[test]
    fn an_archive_may_be_named_before_the_url() {
        let said = ["http://m.example/debian/", "security=https://m.example/s", "http://n.example/d?a=b"];
        let (main, others) = parse(&said.map(|text| Sourced::new(text.to_owned(), Source::Flag("--mirror")))).unwrap();
        assert_eq!(main, ["http://m.example/debian", "http://n.example/d?a=b"]);
        assert_eq!(others["security"], ["https://m.example/s"]);
    }

    #[test]
    fn a_mirror_is_a_url() {
        for wrong in ["ftp.debian.org/debian", "ftp://ftp.debian.org", "http://", "security=x"] {
            let error = parse(&[Sourced::new(wrong.to_owned(), Source::Variable("ROOTFS_GEN_MIRROR"))]).unwrap_err();
            assert_eq!(error.to_string(), format!("ROOTFS_GEN_MIRROR={wrong}: it is not an http, https or file URL"));
        }
    }
}
