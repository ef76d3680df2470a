//! A mirror on this machine that has what a distribution's own mirrors have, and misbehaves as a trial asks.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use flate2::bufread::GzDecoder;
use rootfs_package::fetch::{FetchError, FetchOptions, Fetcher};
use rootfs_package::observer::{Event, Observer};
use rootfs_package::store::Store;
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::http::{self, Answer};

/// The largest file that is passed on, in bytes.
const LARGEST: u64 = 2 << 30;

/// Below which a mirror has what has moved.
const MOVED: &str = "/moved";

/// One way to misbehave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// A bit of the file at this path is another one.
    Changed(String),
    /// The file at this path is not there.
    Gone(String),
    /// Indexes have lost their signatures.
    Unsigned,
    /// Everything is in another place, to which the mirror sends.
    Moved,
    /// Everything takes a while.
    Slow,
}

/// The mirrors that a relay stands before.
#[derive(Debug)]
pub(super) struct Upstream {
    /// Each repository's URLs, in the order to try.
    pub(super) repositories: Vec<Vec<String>>,
    /// How they are reached.
    pub(super) options: FetchOptions,
    pub(super) store: Store,
    /// Packages that the store has, by their paths.
    pub(super) packages: BTreeMap<String, PathBuf>,
    /// A directory for what was fetched.
    pub(super) kept: PathBuf,
    pub(super) interrupted: Arc<AtomicBool>,
}

struct Shared {
    upstream: Arc<Upstream>,
    fault: Fault,
    /// How often it has misbehaved.
    faults: AtomicUsize,
    stopped: AtomicBool,
}

/// A server that runs until it is dropped.
pub(super) struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Relay {
    /// Starts it on a free port.
    pub(super) fn start(upstream: &Arc<Upstream>, fault: Fault) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let upstream = Arc::clone(upstream);
        let shared = Arc::new(Shared { upstream, fault, faults: AtomicUsize::new(0), stopped: AtomicBool::new(false) });
        let server = Arc::clone(&shared);
        thread::spawn(move || server.accept(&listener));
        Ok(Self { address, shared })
    }

    /// The URL of a repository, by its place in the plan.
    pub(super) fn url(&self, repository: usize) -> String {
        format!("http://{}/{repository}", self.address)
    }

    /// Whether it was asked for something that it is to be at fault with.
    pub(super) fn has_misbehaved(&self) -> bool {
        self.shared.faults.load(Ordering::SeqCst) > 0
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the server up, so that it sees that it is stopped.
        let _refused = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for connection in listener.incoming() {
            if self.stopped.load(Ordering::SeqCst) {
                return;
            }
            let Ok(connection) = connection else { continue };
            let shared = Arc::clone(self);
            // A client that goes away in the middle is the client's business.
            thread::spawn(move || shared.serve(&connection).ok());
        }
    }

    fn serve(&self, connection: &TcpStream) -> io::Result<()> {
        let Some(path) = http::read_path(connection)? else { return Ok(()) };
        http::write(&self.answer(&path), connection)
    }

    fn answer(&self, path: &str) -> Answer {
        let (path, has_moved) = path.strip_prefix(MOVED).map_or((path, false), |path| (path, true));
        let split = path.strip_prefix('/').and_then(|path| path.split_once('/'));
        let found = split.and_then(|(repository, path)| Some((repository.parse().ok()?, path)));
        let Some((repository, path)) = found else { return Answer::Missing };
        if self.fault == Fault::Moved && !has_moved {
            self.misbehaves();
            return Answer::Moved(format!("{MOVED}/{repository}/{path}"));
        }
        if self.hides(path) {
            self.misbehaves();
            return Answer::Missing;
        }
        match self.upstream.read(repository, path) {
            Ok(Some(content)) => self.altered(path, content),
            Ok(None) => Answer::Missing,
            Err(_) => Answer::Unavailable,
        }
    }

    fn misbehaves(&self) {
        self.faults.fetch_add(1, Ordering::SeqCst);
    }

    fn hides(&self, path: &str) -> bool {
        match &self.fault {
            Fault::Gone(gone) => path == gone,
            // apt's two forms of a signature.
            Fault::Unsigned => ["InRelease", "Release.gpg"].contains(&file_name(path)),
            Fault::Changed(_) | Fault::Moved | Fault::Slow => false,
        }
    }

    fn altered(&self, path: &str, mut content: Vec<u8>) -> Answer {
        let middle = content.len() / 2;
        match &self.fault {
            Fault::Changed(changed) if changed == path => {
                content.get_mut(middle).into_iter().for_each(|byte| *byte ^= 1);
            }
            Fault::Unsigned if file_name(path) == "APKINDEX.tar.gz" => content = without_first_member(&content),
            Fault::Slow => {
                self.misbehaves();
                return Answer::Slowly(content);
            }
            _ => return Answer::File(content),
        }
        self.misbehaves();
        Answer::File(content)
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What of apk's index is signed: all that is behind its first gzip member.
fn without_first_member(mut content: &[u8]) -> Vec<u8> {
    let unpacked = io::copy(&mut GzDecoder::new(&mut content), &mut io::sink());
    if unpacked.is_ok() { content.to_vec() } else { Vec::new() }
}

impl Upstream {
    /// A file of a repository; none when it has no such.
    fn read(&self, repository: usize, path: &str) -> Result<Option<Vec<u8>>, String> {
        if let Some(blob) = self.packages.get(path) {
            return fs_err::read(blob).map(Some).map_err(|error| error.to_string());
        }
        let bases = self.repositories.get(repository).map(Vec::as_slice).unwrap_or_default();
        let urls: Vec<String> = bases.iter().map(|base| format!("{base}/{path}")).collect();
        let kept = self.kept.join(Digest(Sha256::digest(urls.join("\n")).into()).to_string());
        if let Ok(content) = fs_err::read(&kept) {
            return Ok(Some(content));
        }
        let observer = Silent { interrupted: Arc::clone(&self.interrupted) };
        let fetched = Fetcher::new(&self.store, self.options.clone(), &observer).and_then(|fetcher| fetcher.content(path, &urls, LARGEST));
        match fetched {
            Ok(content) => {
                self.keep(&kept, &content).map_err(|error| error.to_string())?;
                Ok(Some(content))
            }
            Err(error @ FetchError::Failed { .. }) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    fn keep(&self, path: &std::path::Path, content: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.kept)?;
        io::Write::write_all(&mut file, content)?;
        file.persist(path).map(drop).map_err(|error| error.error)
    }
}

/// Watches nothing, and ends when the user wants it.
struct Silent {
    interrupted: Arc<AtomicBool>,
}

impl Observer for Silent {
    fn event(&self, _event: Event<'_>) {}

    fn cancelled(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }
}
