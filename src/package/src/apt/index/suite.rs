use rootfs_plugin::AptRepository;
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::super::error::AptError;
use super::super::release::Release;
use crate::fetch::{Download, FetchError, Fetcher};
use crate::openpgp::Keyring;

/// Debian's have 200 KB.
const RELEASE_LIMIT: u64 = 32 << 20;

/// What an index may unpack to when the release doesn't say.
const UNPACKED_LIMIT: u64 = 2 << 30;

/// The forms of an index, the one to be preferred first.
const SUFFIXES: [&str; 4] = [".xz", ".zst", ".gz", ""];

/// One suite of a repository, its release file verified.
#[derive(Debug)]
pub(super) struct Suite {
    pub(super) repository: String,
    pub(super) name: String,
    /// Where the release file came from.
    pub(super) url: String,
    pub(super) release: Release,
    /// Of the release file's signed text.
    pub(super) identity: Digest,
    pub(super) fingerprints: Vec<String>,
    pub(super) files: Vec<IndexFile>,
    /// Indexes of source packages, which most builds have no use for.
    pub(super) sources: Vec<IndexFile>,
}

/// A package index to fetch.
#[derive(Debug)]
pub(super) struct IndexFile {
    pub(super) download: Download,
    /// `.xz`
    pub(super) suffix: String,
    pub(super) unpacked_limit: u64,
}

/// Fetches and verifies a suite's release file, and finds its indexes. Whether its time has run out isn't asked here.
pub(super) fn load_suite(
    repository: &AptRepository,
    suite: &str,
    architecture: &str,
    keys: &Keyring,
    fetcher: &Fetcher<'_>,
    now: i64,
) -> Result<Suite, AptError> {
    let bases: Vec<_> = repository.bases().iter().map(|base| suite_url(base, suite)).collect();
    let (text, url, fingerprints) = fetch_release(repository, suite, &bases, keys, fetcher, now)?;
    let release = Release::parse(&text).map_err(|source| AptError::Release { url: url.clone(), source })?;
    // The mirror that answered is the one whose indexes fit.
    let (mut fitting, others): (Vec<_>, Vec<_>) = bases.into_iter().partition(|base| url.starts_with(&format!("{base}/")));
    fitting.extend(others);
    fitting.dedup();
    let flat = suite.ends_with('/');
    let components: Vec<_> = if flat { vec![String::new()] } else { repository.components.clone() };
    let (mut files, mut sources) = (Vec::new(), Vec::new());
    for component in &components {
        let path = if flat { "Sources".to_owned() } else { format!("{component}/source/Sources") };
        sources.extend(find_index(&release, &repository.name, suite, &fitting, &path));
        let before = files.len();
        let architectures = if flat { vec![""] } else { vec![architecture, "all"] };
        for architecture in architectures.into_iter().filter(|one| *one != "all" || release.separate_all) {
            let path = if flat { "Packages".to_owned() } else { format!("{component}/binary-{architecture}/Packages") };
            files.extend(find_index(&release, &repository.name, suite, &fitting, &path));
        }
        if files.len() == before {
            return Err(AptError::NoComponent {
                repository: repository.name.clone(),
                suite: suite.to_owned(),
                component: component.clone(),
                architecture: architecture.to_owned(),
                known: release.components,
            });
        }
    }
    let identity = Digest(Sha256::digest(&text).into());
    Ok(Suite { repository: repository.name.clone(), name: suite.to_owned(), url, release, identity, fingerprints, files, sources })
}

/// Where a suite's release file lies; a suite that ends in a slash is a flat repository.
fn suite_url(base: &str, suite: &str) -> String {
    match suite.strip_suffix('/') {
        None => format!("{base}/dists/{suite}"),
        Some("." | "") => base.to_owned(),
        Some(path) => format!("{base}/{}", path.trim_start_matches("./").trim_matches('/')),
    }
}

/// The signed text, where it came from and who signed it: InRelease, or Release and Release.gpg where there is none.
fn fetch_release(
    repository: &AptRepository,
    suite: &str,
    bases: &[String],
    keys: &Keyring,
    fetcher: &Fetcher<'_>,
    now: i64,
) -> Result<(String, String, Vec<String>), AptError> {
    let urls = |name: &str| bases.iter().map(|base| format!("{base}/{name}")).collect::<Vec<_>>();
    let failed = |source: FetchError| {
        let (repository, suite) = (repository.name.clone(), suite.to_owned());
        if source.is_not_found() { AptError::NoSuite { repository, suite, source } } else { AptError::Fetch { repository, suite, source } }
    };
    match fetcher.document(&urls("InRelease"), RELEASE_LIMIT) {
        Ok((document, url)) => {
            let signed = keys.verify_clearsigned(&document, now).map_err(|source| AptError::Signature { url: url.clone(), source })?;
            Ok((signed.text, url, signed.fingerprints))
        }
        Err(error) if error.is_not_found() || matches!(error, FetchError::Offline { .. }) => {
            let (document, url) = fetcher.document(&urls("Release"), RELEASE_LIMIT).map_err(failed)?;
            let (signature, _) =
                fetcher.document(&[format!("{url}.gpg")], RELEASE_LIMIT).map_err(|source| match source.is_not_found() {
                    true => AptError::Signature { url: url.clone(), source: crate::openpgp::OpenPgpError::Unsigned },
                    false => failed(source),
                })?;
            let distrust = |source| AptError::Signature { url: url.clone(), source };
            let fingerprints = keys.verify_detached(&document, &signature, now).map_err(distrust)?;
            Ok((String::from_utf8_lossy(&document).into_owned(), url, fingerprints))
        }
        Err(error) => Err(failed(error)),
    }
}

/// The best form of an index that the release lists.
fn find_index(release: &Release, repository: &str, suite: &str, bases: &[String], path: &str) -> Option<IndexFile> {
    let (suffix, (sha256, size)) = SUFFIXES.iter().find_map(|suffix| Some((*suffix, release.files.get(&format!("{path}{suffix}"))?)))?;
    let unpacked_limit = release.files.get(path).map_or(UNPACKED_LIMIT, |(_, size)| *size);
    let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let by_hash = |base: &String| release.acquire_by_hash.then(|| format!("{base}/{folder}by-hash/SHA256/{sha256}"));
    let urls = bases.iter().flat_map(|base| [by_hash(base), Some(format!("{base}/{path}{suffix}"))]).flatten().collect();
    let name = format!("{repository} {suite} {path}{suffix}");
    Some(IndexFile { download: Download { name, urls, size: *size, sha256: *sha256 }, suffix: suffix.to_owned(), unpacked_limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_lie_below_dists_and_flat_ones_where_they_say() {
        for (suite, url) in [
            ("trixie", "http://h/d/dists/trixie"),
            ("./", "http://h/d"),
            ("/", "http://h/d"),
            ("./x/", "http://h/d/x"),
            ("x/y/", "http://h/d/x/y"),
        ] {
            assert_eq!(suite_url("http://h/d", suite), url, "{suite}");
        }
    }

    #[test]
    fn the_smallest_listed_form_is_taken_by_hash_first() {
        let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let files = format!("SHA256:\n {hash} 9 m/binary-a/Packages\n {hash} 3 m/binary-a/Packages.gz\n");
        let release = Release::parse(&format!("Acquire-By-Hash: yes\n{files}")).unwrap();
        let index = find_index(&release, "debian", "s", &["u".to_owned()], "m/binary-a/Packages").unwrap();
        assert_eq!((index.suffix.as_str(), index.download.size, index.unpacked_limit), (".gz", 3, 9));
        assert_eq!(index.download.urls, [format!("u/m/binary-a/by-hash/SHA256/{hash}"), "u/m/binary-a/Packages.gz".to_owned()]);
        assert!(find_index(&release, "debian", "s", &[], "m/binary-b/Packages").is_none());
    }
}
