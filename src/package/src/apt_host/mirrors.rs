use rootfs_plugin::AptRepository;

use super::HostSource;

/// The mirrors that the host itself uses for an archive, in its order; none of a third party, and none of another distribution.
///
/// Many third parties have a directory `debian` with a suite `bookworm` and a component `main`. So the source must have the last part of the public
/// URL's path, a suite and a component of the archive; and what must hold besides is one of: it is signed by the archive's keyring; it has no
/// `Signed-By` and the server is of the public one's domain; it has none, and from the same place come suites that only the archive has (`-updates`,
/// `-security`).
#[must_use]
pub fn mirrors_of(sources: &[HostSource], archive: &AptRepository) -> Vec<String> {
    let mut mirrors: Vec<String> = Vec::new();
    for source in sources {
        if carries(source, archive, sources) && !mirrors.contains(&source.uri) {
            mirrors.push(source.uri.clone());
        }
    }
    mirrors
}

fn carries(source: &HostSource, archive: &AptRepository, all: &[HostSource]) -> bool {
    let any = |ours: &[String], theirs: &[String]| ours.iter().any(|name| theirs.contains(name));
    let mut siblings = all.iter().filter(|other| other.enabled && other.uri == source.uri);
    let is_own = |suite: &String| suite.contains(['-', '/']) && release(suite).is_some_and(|release| knows(archive, release));
    source.enabled
        && last(&source.uri) == last(&archive.public)
        && any(&archive.suites, &source.suites)
        && any(&archive.components, &source.components)
        && if source.signed_by.is_empty() {
            is_of_domain(&source.uri, &archive.public) || siblings.any(|other| other.suites.iter().any(is_own))
        } else {
            source.signed_by.iter().all(|key| archive.signed_by.as_ref().is_some_and(|own| is_of_keyring(key, own)))
        }
}

/// Whether the archive has suites of a release.
fn knows(archive: &AptRepository, name: &str) -> bool {
    archive.suites.iter().any(|suite| release(suite) == Some(name))
}

/// What a suite is of: `noble` of `noble-updates`. A backport's is left out, since third parties have some.
fn release(suite: &str) -> Option<&str> {
    let name = suite.split(['-', '/']).next().filter(|name| !name.is_empty())?;
    ["", "-updates", "-security", "-proposed-updates", "/updates"].contains(&&suite[name.len()..]).then_some(name)
}

fn last(url: &str) -> &str {
    url.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// Whether a server's name ends in the two words that the public one's ends in.
fn is_of_domain(uri: &str, public: &str) -> bool {
    let (server, public) = (host(uri), host(public));
    let Some((position, _)) = public.rmatch_indices('.').nth(1) else { return false };
    server.ends_with(&public[position..])
}

fn host(uri: &str) -> String {
    let host = uri.split('/').nth(2).unwrap_or_default();
    host.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default().to_ascii_lowercase()
}

/// Whether a key file is the archive's keyring (`debian-archive-keyring.gpg`) or one for a release beside it (`debian-archive-trixie-stable.asc`).
fn is_of_keyring(key: &str, own: &str) -> bool {
    let family = last(own).strip_suffix("keyring.gpg").filter(|family| !family.is_empty());
    last(key) == last(own) || family.is_some_and(|family| last(key).starts_with(family))
}
