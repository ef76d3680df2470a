//! Source archives. emerge is asked what it wants, and gets it from here: there is no network where it runs, and it holds each file against the repository's Manifest.

use std::collections::BTreeMap;
use std::path::Path;

use blake2::{Blake2b512, Digest as _};
use rootfs_plugin::BuildError;
use rootfs_tree::Digest;

use super::builder::{AREA, Builder};
use crate::engine::{build_error, caused_by};
use crate::fetch::Fetcher;
use crate::observer::{Event, Step};
use crate::reuse::Reuse;

/// No source archive is larger.
const MOST_BYTES: u64 = 8 << 30;

/// Puts the user's own source archives where emerge looks for them.
pub(super) fn add_own(builder: &Builder, directory: Option<&Path>) -> Result<(), BuildError> {
    let Some(directory) = directory else { return Ok(()) };
    for entry in fs_err::read_dir(directory).map_err(|error| build_error(&error))? {
        let entry = entry.map_err(|error| build_error(&error))?;
        let is_file = fs_err::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file());
        let name = entry.file_name().into_string().ok().filter(|name| !name.starts_with('.'));
        if let Some(name) = name.filter(|_| is_file) {
            let content = fs_err::read(entry.path()).map_err(|error| build_error(&error))?;
            builder.write(&format!("{AREA}/distfiles/{name}"), content, 0o644)?;
        }
    }
    Ok(())
}

/// Fetches what emerge has noted that it wants.
pub(super) fn fetch_wanted(builder: &Builder, fetcher: &Fetcher<'_>, reuse: &Reuse<'_>) -> Result<(), BuildError> {
    let observer = reuse.observer;
    let noted = builder.read(&format!("{AREA}/wanted"))?.unwrap_or_default();
    let wanted = wanted(&String::from_utf8_lossy(&noted));
    if wanted.is_empty() {
        return Ok(());
    }
    observer.event(Event::Began(Step::Fetch));
    observer.event(Event::Expect { items: wanted.len() as u64, bytes: 0 });
    for (name, urls) in &wanted {
        crate::acquire::check_cancelled(observer)?;
        let content = content(name, urls, fetcher, reuse).map_err(|cause| BuildError {
            hint: Some("put it into a directory of your own, and name that with --distfiles DIR".to_owned()),
            ..caused_by(format!("can't get the source archive `{name}`"), cause)
        })?;
        builder.write(&format!("{AREA}/distfiles/{name}"), content, 0o644)?;
        observer.event(Event::Item(name));
    }
    Ok(())
}

/// One file, from the store where an earlier build has brought it.
fn content(name: &str, urls: &[String], fetcher: &Fetcher<'_>, reuse: &Reuse<'_>) -> Result<Vec<u8>, BuildError> {
    let store = reuse.store;
    let note = format!("distfile {name} {}", urls.join(" "));
    let known = || -> Option<Digest> { str::from_utf8(&store.document(&note).ok()??).ok()?.parse().ok() };
    if let Some(path) = reuse.program.and_then(|_| known()).and_then(|sha256| store.verify(&sha256).ok()) {
        return fs_err::read(path).map_err(|error| build_error(&error));
    }
    let content = fetcher.content(name, urls, MOST_BYTES).map_err(|error| build_error(&error))?;
    let sha256 = store.insert_bytes(&content).map_err(|error| build_error(&error))?;
    store.keep_document(&note, sha256.to_string().as_bytes()).map_err(|error| build_error(&error))?;
    Ok(content)
}

/// Files with the URLs to try, of lines `FILE URL`. Of mirrors' own descriptions, which portage asks for too, nothing is needed; and files of this machine are none
/// of an ebuild's business.
fn wanted(noted: &str) -> BTreeMap<String, Vec<String>> {
    let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in noted.lines() {
        let Some((name, url)) = line.split_once(' ') else { continue };
        let is_remote = url.starts_with("https://") || url.starts_with("http://");
        if name.starts_with('.') || name.contains('/') || name.is_empty() || !is_remote {
            continue;
        }
        let urls = wanted.entry(name.to_owned()).or_default();
        for url in [in_layout(name, url), Some(url.to_owned())].into_iter().flatten() {
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
    }
    wanted
}

/// Where a mirror of Gentoo's has a file: below the first two digits of its name's BLAKE2B (GLEP 75, `filename-hash BLAKE2B 8`).
fn in_layout(name: &str, url: &str) -> Option<String> {
    let directory = url.strip_suffix(name)?.strip_suffix("/distfiles/")?;
    let first = *Blake2b512::digest(name).first()?;
    Some(format!("{directory}/distfiles/{first:02x}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_a_file_with_its_urls() {
        let noted = ".layout.conf.m.example http://m.example/distfiles/layout.conf\na.tar http://m.example/distfiles/a.tar\n\
                     a.tar http://up.example/x\na.tar http://up.example/x\n../b http://c\nno-url\nshadow file:///etc/shadow\n";
        let wanted = wanted(noted);
        assert_eq!(wanted.len(), 1);
        let hash = format!("{:02x}", Blake2b512::digest("a.tar")[0]);
        let urls =
            [format!("http://m.example/distfiles/{hash}/a.tar"), "http://m.example/distfiles/a.tar".into(), "http://up.example/x".into()];
        assert_eq!(wanted["a.tar"], urls);
    }
}
