//! Getting files from mirrors into the store: in parallel, resumed, verified while they come.

mod agents;
mod attempt;
mod crew;
mod error;
mod forward;
mod location;
mod names;
mod options;
mod proxy;
mod retry;

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;
use rootfs_tree::Digest;

pub use error::{FetchError, FetchFault};
pub use options::FetchOptions;
pub use proxy::{Proxies, Route};

use crate::observer::{Event, Observer};
use crate::store::Store;
use agents::Agents;
use crew::{Crew, Work};
use location::Location;

/// A file to have in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// For people: `libc6 2.41-12`.
    pub name: String,
    /// Where it is, in the order to try: `http`, `https` or `file`.
    pub urls: Vec<String>,
    /// In bytes.
    pub size: u64,
    /// What it must hash to.
    pub sha256: Digest,
}

/// Fetches into a store. Threads that are still busy when a call ends with an error end by themselves soon after, and change nothing but `.part` files.
#[derive(Debug)]
pub struct Fetcher<'a> {
    crew: Arc<Crew>,
    observer: ObserverRef<'a>,
}

struct ObserverRef<'a>(&'a dyn Observer);

impl std::fmt::Debug for ObserverRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Observer")
    }
}

impl<'a> Fetcher<'a> {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// When a proxy's URL is none.
    pub fn new(store: &'a Store, options: FetchOptions, observer: &'a dyn Observer) -> Result<Self, FetchError> {
        let agents = Agents::new(&options)?;
        Ok(Self { crew: Arc::new(Crew::new(store.clone(), agents, options)), observer: ObserverRef(observer) })
    }

    /// Gets every file that the store doesn't have yet, the largest first, and tells how many those were. What the store has is verified, unless it is
    /// a package whose layer is sound.
    ///
    /// # Errors
    /// The first file that no URL gave, or why the store can't take one; [`FetchError::Cancelled`] when the observer says so.
    pub fn fetch(&self, downloads: &[Download]) -> Result<usize, FetchError> {
        let mut missing = self.missing(downloads);
        if self.observer.0.cancelled() {
            return Err(FetchError::Cancelled);
        }
        if self.crew.options.offline {
            let unreachable: Vec<_> =
                missing.iter().filter(|download| !has_file_url(download)).map(|download| download.name.clone()).collect();
            if !unreachable.is_empty() {
                return Err(FetchError::Offline { missing: unreachable });
            }
        }
        self.observer.0.event(Event::Expect {
            items: missing.len() as u64,
            bytes: missing.iter().fold(0, |sum, download| download.size.saturating_add(sum)),
        });
        missing.sort_by(|one, other| other.size.cmp(&one.size).then_with(|| one.name.cmp(&other.name)));
        let count = missing.len();
        self.crew.run(missing.into_iter().cloned().map(Work::Download).collect(), self.observer.0)?;
        Ok(count)
    }

    /// Gets a document of at most `limit` bytes from the first URL that has it, and tells which one that was. It is not verified.
    ///
    /// Without a network it is the copy that the store kept of the last time.
    ///
    /// # Errors
    /// When no URL gave it; see [`FetchError::is_not_found`].
    pub fn document(&self, urls: &[String], limit: u64) -> Result<(Vec<u8>, String), FetchError> {
        if self.crew.options.offline
            && let Some(kept) = self.kept_document(urls)?
        {
            return Ok(kept);
        }
        let name = urls.first().map_or("a document without a URL", |url| url.rsplit('/').next().unwrap_or(url)).to_owned();
        let urls = if self.crew.options.offline { urls.iter().filter(|url| is_file(url)).cloned().collect() } else { urls.to_vec() };
        if self.crew.options.offline && urls.is_empty() {
            return Err(FetchError::Offline { missing: vec![name] });
        }
        let (bytes, url) = self.crew.run(vec![Work::Document { name, urls, limit }], self.observer.0)?.ok_or(FetchError::Cancelled)?;
        self.crew.store.keep_document(&url, &bytes)?;
        Ok((bytes, url))
    }

    /// Gets a file of at most `limit` bytes whose hash nobody knows, from the first URL that has it. It is neither verified nor kept.
    ///
    /// # Errors
    /// When no URL gave it.
    pub fn content(&self, name: &str, urls: &[String], limit: u64) -> Result<Vec<u8>, FetchError> {
        let offline = self.crew.options.offline;
        let urls: Vec<String> = urls.iter().filter(|url| !offline || is_file(url)).cloned().collect();
        if urls.is_empty() {
            return Err(FetchError::Offline { missing: vec![name.to_owned()] });
        }
        let (bytes, _) =
            self.crew.run(vec![Work::Document { name: name.to_owned(), urls, limit }], self.observer.0)?.ok_or(FetchError::Cancelled)?;
        Ok(bytes)
    }

    fn kept_document(&self, urls: &[String]) -> Result<Option<(Vec<u8>, String)>, FetchError> {
        for url in urls {
            if let Some(bytes) = self.crew.store.document(url)? {
                return Ok(Some((bytes, url.clone())));
            }
        }
        Ok(None)
    }

    fn missing<'d>(&self, downloads: &'d [Download]) -> Vec<&'d Download> {
        let held = |download: &Download| self.observer.0.cancelled() || self.crew.store.holds(&download.sha256, download.size);
        let missing: Vec<_> = downloads.par_iter().filter(|download| !held(download)).collect();
        let mut seen = BTreeSet::new();
        missing.into_iter().filter(|download| seen.insert(download.sha256)).collect()
    }
}

fn has_file_url(download: &Download) -> bool {
    download.urls.iter().any(|url| is_file(url))
}

fn is_file(url: &str) -> bool {
    matches!(Location::parse(url), Some(Location::File(_)))
}
