//! The plan for packages of rpm.

use std::path::Path;

use super::shape::{RpmFile, RpmFileRepository, RpmRelease};
use crate::{DistroOption, Key, OptionKind, PlanError, Request, RpmInstaller, RpmRepository, RpmSource};

/// The option that keeps packages out.
const EXCLUDE: &str = "exclude";

/// The option that follows weak dependencies.
const WEAK: &str = "weak-deps";

/// What every distribution of such packages has as options.
pub(super) fn options() -> Vec<DistroOption> {
    let option = |name: &str, help: &str, kind| DistroOption { name: name.to_owned(), help: help.to_owned(), kind };
    let list = OptionKind::List { value: "NAME,…".to_owned() };
    vec![
        option(EXCLUDE, "Packages that are never chosen, with `*` and `?` for what may be anything", list),
        option(WEAK, "Follow weak dependencies too, as dnf does unless told otherwise", OptionKind::Switch),
    ]
}

/// The release's repositories, then the user's own; `keys` are those of the release, or the user's in their place.
pub(super) fn plan(file: &RpmFile, release: &str, own: &RpmRelease, keys: &[Key], request: &Request) -> Result<RpmInstaller, PlanError> {
    let there: Vec<&RpmFileRepository> =
        file.repositories.iter().filter(|repository| repository.is_for(release, request.architecture)).collect();
    request.require_archives(&request.distribution, there.iter().map(|repository| repository.name.as_str()))?;
    let (named, urls) = wanted(&there, request)?;
    let taken = there.iter().filter(|repository| !repository.optional || named.contains(&repository.name.as_str()));
    let mut repositories: Vec<RpmRepository> =
        taken.map(|repository| plan_one(repository, release, keys, request)).collect::<Result<_, _>>()?;
    repositories.extend(urls.iter().enumerate().map(|(position, (url, key))| extra_repository(url, *key, position + 1, keys)));
    Ok(RpmInstaller {
        repositories,
        weak: request.recommends || request.is_set(WEAK),
        exclude: request.words(EXCLUDE).unwrap_or_default(),
        database: own.database.clone().unwrap_or_else(|| file.database.clone()),
        tools: file.tools.clone(),
    })
}

/// A URL where `repodata` is, and the file of its own key.
type Place<'a> = (&'a str, Option<&'a Path>);

/// What `--repo` says: names of the release's own repositories, and places of others, with commas between them.
fn wanted<'a>(there: &[&RpmFileRepository], request: &'a Request) -> Result<(Vec<&'a str>, Vec<Place<'a>>), PlanError> {
    let (mut named, mut urls) = (Vec::new(), Vec::new());
    for extra in &request.repositories {
        for word in extra.line.split(',').map(str::trim) {
            let url = word.trim_end_matches('/');
            let is_url =
                ["http://", "https://", "file:/"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
            if is_url && !url.contains(char::is_whitespace) {
                urls.push((url, extra.key.as_deref()));
            } else if there.iter().any(|repository| repository.name == word) {
                named.push(word);
            } else {
                let known: Vec<&str> = there.iter().map(|repository| repository.name.as_str()).collect();
                let hint = format!("write an http, https or file URL, or one of {}", known.join(", "));
                return Err(PlanError::other(format!("`{word}` is no repository"), hint));
            }
        }
    }
    Ok((named, urls))
}

fn plan_one(repository: &RpmFileRepository, release: &str, keys: &[Key], request: &Request) -> Result<RpmRepository, PlanError> {
    let fill = |text: &String| text.replace("{release}", release).replace("{arch}", request.architecture.name());
    let below = |base: &String| format!("{base}/{}", fill(&repository.below));
    let mirrors = match request.archive_mirrors.get(&repository.name) {
        // Of the whole archive, as for the other one, so that one mirror can be named for each.
        Some(mirrors) if request.mirrors.is_empty() => mirrors.iter().map(below).collect(),
        _ => request.mirrors.iter().map(below).collect(),
    };
    let source = match (&repository.metalink, &repository.public) {
        (Some(metalink), _) => RpmSource::Metalink(fill(metalink)),
        (None, Some(public)) => RpmSource::Base(fill(public)),
        (None, None) => return Err(PlanError::other(format!("the repository `{}` is nowhere", repository.name), "name a mirror")),
    };
    Ok(RpmRepository { name: repository.name.clone(), mirrors, source, keys: keys.to_vec() })
}

/// A repository of the user's. Without a key of its own, the distribution's hold.
fn extra_repository(url: &str, key: Option<&Path>, number: usize, keys: &[Key]) -> RpmRepository {
    let keys = key.map_or_else(|| keys.to_vec(), |path| vec![Key::File(path.to_owned())]);
    RpmRepository { name: format!("extra{number}"), mirrors: Vec::new(), source: RpmSource::Base(url.to_owned()), keys }
}
