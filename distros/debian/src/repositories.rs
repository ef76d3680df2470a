use rootfs_plugin::{AptRepository, Key, PlanError, Request};

use crate::distro_file::{Archive, DistroFile, FileRelease};
use crate::extra_repository;

/// The archives of a release, then the user's own repositories.
pub(crate) fn plan_repositories(
    file: &DistroFile,
    release: &FileRelease,
    keys: &[(&str, &str)],
    request: &Request,
) -> Result<Vec<AptRepository>, PlanError> {
    if let Some(name) = request.archive_mirrors.keys().find(|name| file.archives.iter().all(|archive| archive.name != **name)) {
        let known: Vec<&str> = file.archives.iter().map(|archive| archive.name.as_str()).collect();
        return Err(PlanError::Other {
            message: format!("{} has no archive `{name}`", file.name),
            hint: Some(format!("it has {}", known.join(", "))),
        });
    }
    let mut repositories = Vec::new();
    for (position, archive) in file.archives.iter().enumerate() {
        let suites = suites(file, release, archive, request);
        let trusted = release.archives.get(&archive.name).or_else(|| release.archives.values().next());
        if let (false, Some(trusted)) = (suites.is_empty(), trusted) {
            let mirrors = mirrors(archive, position == 0, request);
            let keys = match &request.keyring {
                Some(file) => vec![Key::File(file.clone())],
                None => carried(&trusted.keys, keys),
            };
            repositories.push(AptRepository {
                name: archive.name.clone(),
                mirrors,
                public: archive.public(request.architecture).to_owned(),
                suites,
                components: archive.components.clone(),
                keys,
                signed_by: archive.signed_by.clone(),
            });
        }
    }
    for (position, extra) in request.repositories.iter().enumerate() {
        repositories.push(extra_repository::plan_repository(extra, format!("extra{}", position + 1))?);
    }
    Ok(repositories)
}

/// The release's own suites, or those of `--suite` that belong to this archive. A suite that no archive knows belongs to the first.
fn suites(file: &DistroFile, release: &FileRelease, archive: &Archive, request: &Request) -> Vec<String> {
    if request.suites.is_empty() {
        return release.archives.get(&archive.name).map(|of| of.suites.clone()).unwrap_or_default();
    }
    let owner = |suite: &String| {
        let has = |candidate: &&Archive| {
            file.releases.iter().filter_map(|release| release.archives.get(&candidate.name)).any(|of| of.suites.contains(suite))
        };
        file.archives.iter().find(has).or_else(|| file.archives.first()).map(|archive| &archive.name)
    };
    request.suites.iter().filter(|suite| owner(suite) == Some(&archive.name)).cloned().collect()
}

/// `mirrors` of the request means the first archive, and wins over what is known by the archive's name.
fn mirrors(archive: &Archive, first: bool, request: &Request) -> Vec<String> {
    if first && !request.mirrors.is_empty() {
        return request.mirrors.clone();
    }
    request.archive_mirrors.get(&archive.name).cloned().unwrap_or_default()
}

fn carried(names: &[String], keys: &[(&str, &str)]) -> Vec<Key> {
    let armoured = |wanted: &String| keys.iter().find(|(name, _)| name == wanted).map(|(_, text)| Key::Armoured((*text).to_owned()));
    names.iter().filter_map(armoured).collect()
}
