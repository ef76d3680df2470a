use rootfs_package::apt_host::{HostSource, mirrors_of};
use rootfs_plugin::{AptInstaller, AptRepository, Distro, Installer, Request};

/// Adds the mirrors that the host's own configuration has for the distribution's archives, where the user named none. A host of the same
/// family knows a mirror that can be reached; which release the host itself has doesn't matter.
pub(crate) fn add(distro: &dyn Distro, request: &mut Request, sources: &[HostSource]) {
    for archive in archives(distro, request) {
        let mirrors = mirrors_of(sources, &archive);
        if !mirrors.is_empty() {
            request.archive_mirrors.insert(archive.name, mirrors);
        }
    }
}

/// The distribution's archives that have no mirror yet, each with the suites of every release.
fn archives(distro: &dyn Distro, request: &Request) -> Vec<AptRepository> {
    let mut archives: Vec<AptRepository> = Vec::new();
    for release in &distro.info().releases {
        let probe = Request { release: Some(release.name.clone()), suites: Vec::new(), repositories: Vec::new(), ..request.clone() };
        // An archive has its mirrors for the architectures that a release of it lacks, too.
        let plan = distro.plan(&probe).or_else(|_| {
            let first = distro.info().architectures.first().copied().unwrap_or(request.architecture);
            distro.plan(&Request { architecture: first, ..probe })
        });
        let Ok(plan) = plan else { continue };
        let Installer::Apt(AptInstaller { repositories, .. }) = plan.installer else { continue };
        for repository in repositories.into_iter().filter(|repository| repository.mirrors.is_empty()) {
            match archives.iter_mut().find(|archive| archive.name == repository.name) {
                Some(archive) => archive.suites.extend(repository.suites),
                None => archives.push(repository),
            }
        }
    }
    archives
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::BuildArgs;
    use crate::settings::{Host, settle};

    fn source(uri: &str, suite: &str, component: &str, enabled: bool) -> HostSource {
        HostSource { uri: uri.into(), suites: vec![suite.into()], components: vec![component.into()], signed_by: vec![], enabled }
    }

    fn settled(mirror: &[&str], sources: Vec<HostSource>) -> Request {
        settled_for(rootfs_debian::debian(), mirror, sources)
    }

    fn settled_for(distro: &'static dyn Distro, mirror: &[&str], sources: Vec<HostSource>) -> Request {
        let args = BuildArgs {
            rootfs: Some("o".into()),
            store: Some("s".into()),
            mirror: mirror.iter().map(|url| (*url).to_owned()).collect(),
            arch: Some("x86_64".into()),
            ..BuildArgs::default()
        };
        let host = Host { sources, ..Host::default() };
        settle(distro, args, &std::iter::empty().collect(), &host, 0).unwrap().request
    }

    fn sources() -> Vec<HostSource> {
        vec![
            source("http://third.example/linux/debian", "bookworm", "stable", true),
            source("http://third.example", "bookworm", "main", true),
            source("http://third.example/debian", "bookworm", "main", true),
            source("http://off.example/debian", "bookworm", "main", false),
            source("http://near.example/debian", "bookworm", "main", true),
            source("http://near.example/debian", "bookworm-updates", "main", true),
            source("http://near.example/debian-security", "bookworm-security", "main", true),
        ]
    }

    #[test]
    fn a_host_of_the_family_has_mirrors_for_every_release() {
        let request = settled(&[], sources());
        assert_eq!(request.archive_mirrors["debian"], ["http://near.example/debian"]);
        assert_eq!(request.archive_mirrors["security"], ["http://near.example/debian-security"]);
        assert_eq!(request.archive_mirrors.len(), 2);
    }

    #[test]
    fn a_release_that_lacks_the_architecture_has_mirrors_for_the_others() {
        let args = BuildArgs {
            rootfs: Some("o".into()),
            store: Some("s".into()),
            arch: Some("riscv64".into()),
            release: Some("trixie".into()),
            ..BuildArgs::default()
        };
        let host = Host { sources: sources(), ..Host::default() };
        let request = settle(rootfs_debian::debian(), args, &std::iter::empty().collect(), &host, 0).unwrap().request;
        assert_eq!(request.archive_mirrors["debian"], ["http://near.example/debian"]);
    }

    #[test]
    fn a_relative_takes_nothing_of_its_base() {
        let ubuntu = rootfs_debian::ubuntu();
        assert!(settled_for(ubuntu, &[], sources()).archive_mirrors.is_empty());
        let own = ["noble", "noble-updates", "noble-security"].map(|suite| source("http://near.example/ubuntu", suite, "universe", true));
        let request = settled_for(ubuntu, &[], [sources(), own.to_vec()].concat());
        assert_eq!(request.archive_mirrors["ubuntu"], ["http://near.example/ubuntu"]);
        assert_eq!(request.archive_mirrors["security"], ["http://near.example/ubuntu"]);
        assert_eq!(settled(&[], own.to_vec()).archive_mirrors.len(), 0);
    }

    #[test]
    fn what_the_user_named_stays_alone() {
        let request = settled(&["http://mine.example/d", "security=http://mine.example/s"], sources());
        assert_eq!((request.mirrors.len(), request.archive_mirrors.contains_key("debian")), (1, false));
        assert_eq!(request.archive_mirrors["security"], ["http://mine.example/s"]);
        let request = settled(&["http://mine.example/d"], sources());
        assert_eq!(request.archive_mirrors["security"], ["http://near.example/debian-security"]);
    }
}
