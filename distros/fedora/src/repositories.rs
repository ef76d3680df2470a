use std::path::Path;

use rootfs_plugin::{ExtraRepository, Key, PlanError, Request, RpmRepository, RpmSource};

use crate::distro_file::{DistroFile, FileRelease, FileRepository};

/// The release's repositories, then the user's own.
pub(crate) fn plan_repositories(
    file: &DistroFile,
    release: &FileRelease,
    keys: &[(&str, &str)],
    request: &Request,
) -> Result<Vec<RpmRepository>, PlanError> {
    if let Some(name) = request.archive_mirrors.keys().find(|name| file.repositories.iter().all(|known| known.name != **name)) {
        let names: Vec<&str> = file.repositories.iter().map(|repository| repository.name.as_str()).collect();
        return Err(refused(&format!("there is no repository `{name}`"), &format!("it has {}", names.join(", "))));
    }
    let carried = || {
        let of_release = release.keys.iter().filter_map(|name| keys.iter().find(|(known, _)| known == name));
        of_release.map(|(_, text)| Key::Armoured((*text).to_owned())).collect()
    };
    let own: Vec<Key> = request.keyring.as_ref().map_or_else(carried, |path| vec![Key::File(path.clone())]);
    let mut repositories: Vec<RpmRepository> =
        file.repositories.iter().map(|repository| plan_one(repository, release, &own, request)).collect::<Result<_, _>>()?;
    for (position, extra) in request.repositories.iter().enumerate() {
        repositories.push(extra_repository(extra, position + 1, &own)?);
    }
    Ok(repositories)
}

fn plan_one(repository: &FileRepository, release: &FileRelease, keys: &[Key], request: &Request) -> Result<RpmRepository, PlanError> {
    let fill = |text: &String| text.replace("{release}", &release.name).replace("{arch}", request.architecture.name());
    let below = |base: &String| format!("{base}/{}", fill(&repository.below));
    let mirrors = match request.archive_mirrors.get(&repository.name) {
        // Of the whole archive, as for the other one, so that one mirror can be named for each.
        Some(mirrors) if request.mirrors.is_empty() => mirrors.iter().map(below).collect(),
        _ => request.mirrors.iter().map(below).collect(),
    };
    let source = match (&repository.metalink, &repository.public) {
        (Some(metalink), _) => RpmSource::Metalink(fill(metalink)),
        (None, Some(public)) => RpmSource::Base(fill(public)),
        (None, None) => return Err(refused(&format!("the repository `{}` is nowhere", repository.name), "name a mirror")),
    };
    Ok(RpmRepository { name: repository.name.clone(), mirrors, source, keys: keys.to_vec() })
}

/// A repository by its URL, where `repodata` is. Without a key of its own, the distribution's hold.
fn extra_repository(extra: &ExtraRepository, number: usize, keys: &[Key]) -> Result<RpmRepository, PlanError> {
    let url = extra.line.trim().trim_end_matches('/');
    let known = ["http://", "https://", "file:/"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    if !known || url.contains(char::is_whitespace) {
        return Err(refused(&format!("`{}` is no repository", extra.line), "write an http, https or file URL"));
    }
    let keys = extra.key.as_deref().map(Path::to_path_buf).map_or_else(|| keys.to_vec(), |path| vec![Key::File(path)]);
    Ok(RpmRepository { name: format!("extra{number}"), mirrors: Vec::new(), source: RpmSource::Base(url.to_owned()), keys })
}

pub(crate) fn refused(message: &str, hint: &str) -> PlanError {
    PlanError::Other { message: message.to_owned(), hint: Some(hint.to_owned()) }
}
