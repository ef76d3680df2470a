//! The plan for packages of portage.

use std::path::PathBuf;

use super::compile;
use super::shape::{FileVariant, PortageFile, PortageRelease};
use crate::{DistroOption, Key, OptionKind, PlanError, PortageHost, PortageInstaller, PortagePart, Request, Trim};

/// The option that names a set of packages, which is a variant.
pub(super) const SET: &str = "set";

const PROFILE: &str = "profile";
const USE: &str = "use";
const BINHOST: &str = "binhost";
const KEY: &str = "key";
const ALLOW_UNSIGNED: &str = "allow-unsigned";
const INSTALL_MASK: &str = "install-mask";

/// What every distribution of such packages has as options.
pub(super) fn options(sets: &[FileVariant]) -> Vec<DistroOption> {
    let option = |name: &str, help: &str, kind| DistroOption { name: name.to_owned(), help: help.to_owned(), kind };
    let text = |value: &str| OptionKind::Text { value: value.to_owned() };
    let list = |value: &str| OptionKind::List { value: value.to_owned() };
    let choices = sets.iter().map(|set| set.name.clone()).chain(sets.iter().map(|set| format!("@{}", set.name))).collect();
    let own = vec![
        option(SET, "The set of packages: another word for --variant", OptionKind::Choice { choices }),
        option(PROFILE, "The profile that the packages are for", text("PROFILE")),
        option(USE, "USE flags that packages must have (static) or must not have (-nls), where they have them at all", list("FLAG,…")),
        option(BINHOST, "Where binary packages are, in place of the distribution's own hosts", list("URL,…")),
        option(KEY, "The public key that signs the packages; it is imported for this build", text("FILE")),
        option(ALLOW_UNSIGNED, "Take packages that nobody signed; their hashes must hold all the same", OptionKind::Switch),
        option(
            INSTALL_MASK,
            "Patterns of paths to leave out, after those that always are; one with a - before it exempts",
            list("PATTERN,…"),
        ),
    ];
    own.into_iter().chain(compile::options()).collect()
}

/// The public's hosts of the architecture, or the user's.
pub(super) fn plan(file: &PortageFile, release: &str, own: &PortageRelease, request: &Request) -> Result<PortageInstaller, PlanError> {
    let Some(host) = file.hosts.get(&request.architecture) else {
        return Err(PlanError::Architecture { distribution: request.distribution.clone(), architecture: request.architecture });
    };
    if request.recommends {
        return Err(PlanError::other("portage's packages recommend nothing", "leave `--recommends` out"));
    }
    if let Some(archive) = request.archive_mirrors.keys().next() {
        return Err(PlanError::other(
            format!("no binary host is called `{archive}`"),
            "name a host's mirror as --mirror URL, or a host as --binhost URL",
        ));
    }
    let fill = |text: &String| text.replace("{release}", release).replace("{keyword}", &host.keyword).replace("{lib}", &host.libraries);
    let compile = compile::plan(file, host, request, key(request), request.options.get(PROFILE))?;
    let profile = request.options.get(PROFILE).cloned().unwrap_or_else(|| fill(&own.profile));
    let part = |part: &PortagePart| PortagePart {
        package: part.package.clone(),
        files: part.files.iter().map(fill).collect(),
        into: fill(&part.into),
    };
    Ok(PortageInstaller {
        hosts: hosts(file, host.public.iter().map(fill).collect(), request)?,
        allow_unsigned: request.is_set(ALLOW_UNSIGNED),
        merged_usr: !profile.split('/').any(|part| part == "split-usr"),
        profile,
        keyword: host.keyword.clone(),
        flags: request.words(USE).unwrap_or_default(),
        install_mask: install_mask(file, request),
        parts: file.parts.iter().map(part).collect(),
        compile: compile.map(Box::new),
    })
}

/// The file of keys that the user named.
fn key(request: &Request) -> Option<PathBuf> {
    request.options.get(KEY).map(PathBuf::from).or_else(|| request.keyring.clone())
}

fn hosts(file: &PortageFile, public: Vec<String>, request: &Request) -> Result<Vec<PortageHost>, PlanError> {
    let keys: Vec<Key> = key(request).into_iter().map(Key::File).collect();
    let host = |name: String, public: String, keys: &[Key], fingerprints: &[String], mirrors: &[String]| PortageHost {
        name,
        mirrors: mirrors.to_vec(),
        public,
        keys: keys.to_vec(),
        fingerprints: fingerprints.to_vec(),
    };
    let mut hosts = Vec::new();
    match request.words(BINHOST) {
        Some(urls) => {
            for (position, url) in urls.iter().enumerate() {
                hosts.push(host(format!("host{}", position + 1), checked(url)?, &keys, &[], &[]));
            }
        }
        // Who has a mirror that signs anew names its key as --keyring.
        None => {
            let pinned: &[String] = if request.keyring.is_some() { &[] } else { &file.fingerprints };
            for (position, url) in public.into_iter().enumerate() {
                let name = if position == 0 { request.distribution.clone() } else { format!("{}{}", request.distribution, position + 1) };
                hosts.push(host(name, url, &keys, pinned, &request.mirrors));
            }
        }
    }
    for (position, extra) in request.repositories.iter().enumerate() {
        let own: Vec<Key> = extra.key.iter().cloned().map(Key::File).collect();
        let keys = if own.is_empty() { &keys } else { &own };
        hosts.push(host(format!("extra{}", position + 1), checked(&extra.line)?, keys, &[], &[]));
    }
    if hosts.is_empty() {
        return Err(PlanError::other("there is no binary host", "name one as --binhost URL"));
    }
    Ok(hosts)
}

/// A URL without its final slash; an absolute path means a directory of this machine.
fn checked(url: &str) -> Result<String, PlanError> {
    let url = url.trim().trim_end_matches('/');
    let url = if url.starts_with('/') { format!("file://{url}") } else { url.to_owned() };
    let is_known = ["http://", "https://", "file:/"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    if is_known && !url.contains(char::is_whitespace) {
        return Ok(url);
    }
    Err(PlanError::other(format!("`{url}` is no binary host"), "write an http, https or file URL, or an absolute path"))
}

/// What is always left out, what `--without` says, and what the user says of single paths.
fn install_mask(file: &PortageFile, request: &Request) -> Vec<String> {
    let trimmed = |trim: &Trim| match trim {
        Trim::Docs => ["/usr/share/doc", "/usr/share/info"].as_slice(),
        Trim::Locales => &["/usr/share/locale"],
        Trim::Man => &["/usr/share/man"],
    };
    let mut mask = file.install_mask.clone();
    for pattern in request.without.iter().flat_map(trimmed) {
        if !mask.iter().any(|known| known == pattern) {
            mask.push((*pattern).to_owned());
        }
    }
    mask.extend(request.words(INSTALL_MASK).unwrap_or_default());
    mask
}
