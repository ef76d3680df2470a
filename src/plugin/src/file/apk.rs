//! The plan for packages of apk.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::shape::{ApkFile, ApkRelease};
use crate::{ApkInstaller, ApkKey, ApkRepository, DistroOption, Key, OptionKind, PlanError, Request};

/// The option that names repositories of the release.
const REPOSITORY: &str = "repository";

/// What every distribution of such packages has as options.
pub(super) fn options(file: &ApkFile) -> Vec<DistroOption> {
    vec![DistroOption {
        name: REPOSITORY.to_owned(),
        help: format!("Repositories of the release, in order; {} if not said", file.repositories.join(",")),
        kind: OptionKind::List { value: "NAME,…".to_owned() },
    }]
}

/// The release's repositories, then the user's own; `carried` are public keys by their names.
pub(super) fn plan(
    name: &str,
    file: &ApkFile,
    release: &ApkRelease,
    carried: &BTreeMap<String, String>,
    request: &Request,
) -> Result<ApkInstaller, PlanError> {
    if !request.without.is_empty() {
        return Err(PlanError::other("apk has documentation and translations in packages of their own", "leave `--without` out"));
    }
    if request.recommends {
        return Err(PlanError::other("apk's packages recommend nothing", "leave `--recommends` out"));
    }
    if let Some(archive) = request.archive_mirrors.keys().next() {
        let message = format!("{name} has one archive, and none that is called `{archive}`");
        return Err(PlanError::other(message, "name its mirror as --mirror URL"));
    }
    Ok(ApkInstaller { repositories: repositories(file, release, request)?, keys: keys(file, carried, request) })
}

fn repositories(file: &ApkFile, release: &ApkRelease, request: &Request) -> Result<Vec<ApkRepository>, PlanError> {
    let mut repositories = Vec::new();
    for name in request.words(REPOSITORY).unwrap_or_else(|| file.repositories.clone()) {
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(PlanError::other(format!("`{name}` is no name of a repository"), "name some as main,community"));
        }
        let below = |base: &String| format!("{base}/{}/{name}", release.branch);
        let (mirrors, public) = (request.mirrors.iter().map(below).collect(), below(&file.public));
        repositories.push(ApkRepository { name, mirrors, public, tag: None });
    }
    for (position, extra) in request.repositories.iter().enumerate() {
        repositories.push(repository(&extra.line, position + 1)?);
    }
    if repositories.is_empty() {
        return Err(PlanError::other("there is no repository", "name some as --repository main,community"));
    }
    Ok(repositories)
}

/// Keys that may sign: those of the architecture, or the user's in their place, and those of the user's repositories.
fn keys(file: &ApkFile, carried: &BTreeMap<String, String>, request: &Request) -> Vec<ApkKey> {
    let own = file.keys.get(&request.architecture).into_iter().flatten();
    let carried = own.filter_map(|name| {
        let key = Key::Armoured(carried.get(name)?.clone());
        Some(ApkKey { name: format!("{}{name}.rsa.pub", file.key_prefix), key })
    });
    let of_file = |path: &PathBuf| ApkKey {
        name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        key: Key::File(path.clone()),
    };
    let mut keys: Vec<ApkKey> = match &request.keyring {
        Some(path) => vec![of_file(path)],
        None => carried.collect(),
    };
    for key in request.repositories.iter().filter_map(|repository| repository.key.as_ref()).map(of_file) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// A line as `/etc/apk/repositories` has it: a URL, with a tag before it or not.
fn repository(line: &str, number: usize) -> Result<ApkRepository, PlanError> {
    let (tag, url) = match line.trim().strip_prefix('@').and_then(|rest| rest.split_once(char::is_whitespace)) {
        Some((tag, url)) => (Some(tag.to_owned()), url.trim()),
        None => (None, line.trim()),
    };
    let known = ["http://", "https://", "file:"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    if !known || url.contains(char::is_whitespace) || tag.as_ref().is_some_and(String::is_empty) {
        return Err(PlanError::other(
            format!("`{line}` is no repository"),
            "write an http, https or file URL, with `@TAG ` before it or not",
        ));
    }
    let url = url.trim_end_matches('/').to_owned();
    Ok(ApkRepository { name: format!("extra{number}"), mirrors: Vec::new(), public: url, tag })
}
