//! Debian's archive through a cache on disk, so that a package crosses the network once in the life of a target directory.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::Failed;

use crate::Archive;
use crate::http::encode_path;

/// No index is larger.
const LIMIT: u64 = 512 << 20;

/// A file of the archive.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// In the cache.
    File(PathBuf),
    /// In memory.
    Bytes(Arc<[u8]>),
}

/// An archive and its cache. What has a name for life (`pool/`, `by-hash/`) is kept on disk; the rest is asked for once in a run, so that every
/// program sees one state of the archive.
#[derive(Debug)]
pub struct Forward {
    archive: Archive,
    directory: PathBuf,
    agent: ureq::Agent,
    memory: Mutex<BTreeMap<String, Option<Arc<[u8]>>>>,
}

impl Forward {
    /// A cache of `archive` in `directory`.
    ///
    /// # Errors
    /// When the directory can't be made.
    pub fn new(archive: Archive, directory: &Path) -> Result<Self, Failed> {
        fs_err::create_dir_all(directory)?;
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Ok(Self { archive, directory: directory.to_path_buf(), agent, memory: Mutex::default() })
    }

    /// What is behind.
    #[must_use]
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// A file by its path (`debian/dists/trixie/InRelease`); none when the archive has no such file.
    ///
    /// # Errors
    /// When the archive can't be reached.
    pub fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        match self.body(path)? {
            None => Ok(None),
            Some(Body::Bytes(bytes)) => Ok(Some(bytes.to_vec())),
            Some(Body::File(file)) => fs_err::read(file).map(Some),
        }
    }

    pub(crate) fn body(&self, path: &str) -> io::Result<Option<Body>> {
        let Some(url) = self.url(path) else { return Ok(None) };
        if path.contains("/pool/") || path.contains("/by-hash/") { self.kept(path, &url) } else { self.remembered(path, &url) }
    }

    fn url(&self, path: &str) -> Option<String> {
        let (archive, rest) = path.split_once('/')?;
        match archive {
            "debian" => Some(format!("{}/{}", self.archive.main, encode_path(rest))),
            "debian-security" => Some(format!("{}/{}", self.archive.security, encode_path(rest))),
            _ => None,
        }
    }

    fn kept(&self, path: &str, url: &str) -> io::Result<Option<Body>> {
        let file = self.directory.join(path);
        if !file.is_file() {
            let Some(parent) = file.parent() else { return Ok(None) };
            fs_err::create_dir_all(parent)?;
            let mut part = tempfile::NamedTempFile::new_in(&self.directory)?;
            if !self.download(url, &mut part)? {
                return Ok(None);
            }
            part.persist(&file).map_err(|error| error.error)?;
        }
        Ok(Some(Body::File(file)))
    }

    fn remembered(&self, path: &str, url: &str) -> io::Result<Option<Body>> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if !memory.contains_key(path) {
            let mut bytes = Vec::new();
            let found = self.download(url, &mut bytes)?.then(|| Arc::from(bytes));
            memory.insert(path.to_owned(), found);
        }
        Ok(memory.get(path).cloned().flatten().map(Body::Bytes))
    }

    /// `out` may hold a part of the file after an error.
    fn download(&self, url: &str, out: &mut dyn Write) -> io::Result<bool> {
        let mut answer = self.agent.get(url).call().map_err(io::Error::other)?;
        match answer.status().as_u16() {
            200 => {
                io::copy(&mut answer.body_mut().with_config().limit(LIMIT).reader(), out)?;
                Ok(true)
            }
            403 | 404 | 410 => Ok(false),
            status => Err(io::Error::other(format!("{url} answered {status}"))),
        }
    }
}
