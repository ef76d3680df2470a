//! The host's own apt configuration, read as text from a root directory; apt is never run.

mod configuration;
mod mirrors;
mod sources;

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::fetch::{Proxies, Route};
use configuration::Configuration;
pub use mirrors::mirrors_of;

/// One entry of `sources.list`: an archive with what is taken of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSource {
    /// Without a final slash; `http`, `https` or `file`.
    pub uri: String,
    /// `trixie`, `trixie-updates`; a path with a final slash in flat repositories.
    pub suites: Vec<String>,
    /// `main`.
    pub components: Vec<String>,
    /// Keys or key files, as written; empty for apt's default.
    pub signed_by: Vec<String>,
    /// Whether apt uses it.
    pub enabled: bool,
}

/// Every binary entry of the host's `sources.list` and `sources.list.d`, the disabled ones too, in apt's order. `cdrom:` and others that can't be
/// fetched from are left out, and so is what can't be read; the mirrors that a `mirror+file:` names are entries each.
#[must_use]
pub fn host_sources(root: &Path) -> Vec<HostSource> {
    let directory = root.join("etc/apt");
    let mut found = Vec::new();
    for path in [vec![directory.join("sources.list")], files(&directory.join("sources.list.d"))].concat() {
        let Some(text) = read_text(&path) else { continue };
        let sources = match path.extension().and_then(|extension| extension.to_str()) {
            Some("list") => sources::parse_list(&text),
            Some("sources") => sources::parse_stanzas(&text),
            _ => continue,
        };
        found.extend(sources.into_iter().flat_map(|source| expand(root, source)));
    }
    found
}

/// apt's proxies on the host, from `apt.conf.d` and `apt.conf`. As in apt, what is said for `http` means `https` too unless that has its own, and a
/// program that would find a proxy (`Proxy-Auto-Detect`) is not run.
#[must_use]
pub fn host_proxies(root: &Path) -> Proxies {
    let directory = root.join("etc/apt");
    let mut configuration = Configuration::default();
    for path in [files(&directory.join("apt.conf.d")), vec![directory.join("apt.conf")]].concat() {
        let extension = path.extension().and_then(|extension| extension.to_str());
        if matches!(extension, None | Some("conf"))
            && let Some(text) = read_text(&path)
        {
            configuration.read(&text);
        }
    }
    proxies(&configuration)
}

fn proxies(configuration: &Configuration) -> Proxies {
    let general = |key| configuration.get(key).and_then(route);
    let http = general("acquire::http::proxy");
    let hosts = ["acquire::http::proxy::", "acquire::https::proxy::"]
        .into_iter()
        .flat_map(|prefix| configuration.below(prefix))
        .filter_map(|(host, value)| Some((host.to_owned(), route(value)?)));
    Proxies { https: general("acquire::https::proxy").or_else(|| http.clone()), http, no_proxy: Vec::new(), hosts: hosts.collect() }
}

fn route(value: &str) -> Option<Route> {
    match value {
        "" | "false" => None,
        "DIRECT" => Some(Route::Direct),
        url => Some(Route::Proxy(url.to_owned())),
    }
}

/// The mirrors that an entry means.
fn expand(root: &Path, source: HostSource) -> Vec<HostSource> {
    let Some(list) = source.uri.strip_prefix("mirror+file:") else {
        let fetchable = ["http://", "https://", "file:"].iter().any(|scheme| source.uri.starts_with(scheme));
        return if fetchable { vec![source] } else { Vec::new() };
    };
    let text = read_text(&root.join(list.trim_start_matches('/'))).unwrap_or_default();
    sources::parse_mirrors(&text)
        .map(|uri| HostSource { uri, ..source.clone() })
        .flat_map(|mirror| match mirror.uri.split(':').next() {
            Some("http" | "https" | "file") => Some(mirror),
            _ => None,
        })
        .collect()
}

/// A directory's files by name; apt passes over names with other characters.
fn files(directory: &Path) -> Vec<PathBuf> {
    let sane = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.file_name().as_encoded_bytes().iter().all(|byte| sane(*byte)))
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}

/// Configuration is small; what is not is passed over.
fn read_text(path: &Path) -> Option<String> {
    const LIMIT: u64 = 4 << 20;
    let metadata = fs::metadata(path).ok()?;
    (metadata.is_file() && metadata.len() <= LIMIT).then_some(())?;
    Some(String::from_utf8_lossy(&fs::read(path).ok()?).into_owned())
}

#[cfg(test)]
mod tests;
