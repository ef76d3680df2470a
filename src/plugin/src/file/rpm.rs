//! The plan for packages of rpm.

use super::shape::{RpmFile, RpmFileRepository, RpmRelease};
use crate::{DistroOption, ExtraRepository, Key, OptionKind, PlanError, Request, RpmInstaller, RpmRepository, RpmSource};

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
    request.require_archives(&request.distribution, file.repositories.iter().map(|repository| repository.name.as_str()))?;
    let of_release = file.repositories.iter().map(|repository| plan_one(repository, release, keys, request));
    let mut repositories: Vec<RpmRepository> = of_release.collect::<Result<_, _>>()?;
    for (position, extra) in request.repositories.iter().enumerate() {
        repositories.push(extra_repository(extra, position + 1, keys)?);
    }
    Ok(RpmInstaller {
        repositories,
        weak: request.recommends || request.is_set(WEAK),
        exclude: request.words(EXCLUDE).unwrap_or_default(),
        database: own.database.clone().unwrap_or_else(|| file.database.clone()),
        tools: file.tools.clone(),
    })
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

/// A repository by its URL, where `repodata` is. Without a key of its own, the distribution's hold.
fn extra_repository(extra: &ExtraRepository, number: usize, keys: &[Key]) -> Result<RpmRepository, PlanError> {
    let url = extra.line.trim().trim_end_matches('/');
    let known = ["http://", "https://", "file:/"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    if !known || url.contains(char::is_whitespace) {
        return Err(PlanError::other(format!("`{}` is no repository", extra.line), "write an http, https or file URL"));
    }
    let keys = extra.key.clone().map_or_else(|| keys.to_vec(), |path| vec![Key::File(path)]);
    Ok(RpmRepository { name: format!("extra{number}"), mirrors: Vec::new(), source: RpmSource::Base(url.to_owned()), keys })
}
