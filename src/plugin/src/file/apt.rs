//! The plan for packages of dpkg and apt.

use super::apt_line;
use super::shape::{AptFile, AptRelease, Archive};
use crate::{AptInstaller, AptRepository, Key, PlanError, Request};

/// The archives of a release, then the user's own repositories. `releases` are all that the file has; `keys` gives those of some names.
pub(super) fn plan(
    name: &str,
    file: &AptFile,
    releases: &[&AptRelease],
    release: &AptRelease,
    keys: &dyn Fn(&[String]) -> Vec<Key>,
    request: &Request,
) -> Result<AptInstaller, PlanError> {
    request.require_archives(name, file.archives.iter().map(|archive| archive.name.as_str()))?;
    let mut repositories = Vec::new();
    for (position, archive) in file.archives.iter().enumerate() {
        let suites = suites(file, releases, release, archive, request);
        let trusted = release.archives.get(&archive.name).or_else(|| release.archives.values().next());
        if let (false, Some(trusted)) = (suites.is_empty(), trusted) {
            repositories.push(AptRepository {
                name: archive.name.clone(),
                mirrors: mirrors(archive, position == 0, request),
                public: archive.public(request.architecture).to_owned(),
                suites,
                components: archive.components.clone(),
                keys: keys(&trusted.keys),
                signed_by: archive.signed_by.clone(),
            });
        }
    }
    for (position, extra) in request.repositories.iter().enumerate() {
        repositories.push(apt_line::plan_repository(extra, format!("extra{}", position + 1))?);
    }
    Ok(AptInstaller {
        repositories,
        recommends: request.recommends,
        ignore_valid_until: request.ignore_valid_until,
        merged_usr: release.merged_usr,
    })
}

/// The release's own suites, or those of `--suite` that belong to this archive. A suite that no archive knows belongs to the first.
fn suites(file: &AptFile, releases: &[&AptRelease], release: &AptRelease, archive: &Archive, request: &Request) -> Vec<String> {
    if request.suites.is_empty() {
        return release.archives.get(&archive.name).map(|of| of.suites.clone()).unwrap_or_default();
    }
    let owner = |suite: &String| {
        let has = |candidate: &&Archive| {
            releases.iter().filter_map(|release| release.archives.get(&candidate.name)).any(|of| of.suites.contains(suite))
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
