use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read};
use std::os::fd::AsFd;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use fs_err::File;
use fs_err::os::unix::fs::FileExt;
use rayon::prelude::*;
use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

use crate::TreeError;
use crate::disk::Disk;
use crate::node::{Content, Digest, FileContent, Kind, ZEROS};
use crate::tree::{LayerId, NodeId, Tree};

/// Layers held open at once: a tree may have more of them than a process may have files.
const OPEN_LAYERS: usize = 256;

/// Hashes that stand in memory twice for a moment: of a million files they would take more than their names.
const HASHED_AT_ONCE: usize = 1 << 15;

/// The layers of a tree, opened when they are needed; shared by threads.
#[derive(Debug)]
pub struct Sources<'a> {
    tree: &'a Tree,
    opened: Mutex<Opened>,
}

#[derive(Debug, Default)]
struct Opened {
    layers: BTreeMap<LayerId, Arc<Source>>,
    oldest_first: VecDeque<LayerId>,
}

#[derive(Debug)]
enum Source {
    File(File),
    Directory(Disk),
}

/// A content, ready to be read.
#[derive(Debug)]
pub enum Bytes<'a> {
    /// In memory.
    Inline(&'a [u8]),
    /// A stretch of a file.
    Section(Section),
}

/// A stretch of a file. As a reader it fails when the file ends before the stretch does.
#[derive(Debug)]
pub struct Section {
    source: Arc<Source>,
    /// The file, when the source is the directory it lies in.
    own: Option<File>,
    /// Where reading goes on.
    pub offset: u64,
    /// Bytes from there on.
    pub length: u64,
}

impl<'a> Sources<'a> {
    /// Opens nothing yet.
    #[must_use]
    pub fn of(tree: &'a Tree) -> Self {
        Self { tree, opened: Mutex::default() }
    }

    /// Finds the bytes of an inode of the tree; `file` is its content.
    ///
    /// # Errors
    /// When the layer can't be opened, the file in it has changed its length, or the content is not at hand.
    pub fn find(&self, id: NodeId, file: &'a FileContent) -> Result<Bytes<'a>, TreeError> {
        Ok(match &file.content {
            Content::Inline(bytes) => Bytes::Inline(bytes),
            Content::At { layer, offset } => {
                Bytes::Section(Section { source: self.layer(*layer, false)?, own: None, offset: *offset, length: file.length })
            }
            Content::Path { layer, path } => {
                let source = self.layer(*layer, true)?;
                let own = Some(source.open(path, file.length)?);
                Bytes::Section(Section { source, own, offset: 0, length: file.length })
            }
            Content::Absent => return Err(TreeError::Absent { path: self.tree.path_of(id) }),
        })
    }

    fn layer(&self, id: LayerId, is_directory: bool) -> Result<Arc<Source>, TreeError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = opened.layers.get(&id) {
            return Ok(Arc::clone(source));
        }
        let path = &self.tree.layer(id).path;
        let source = Arc::new(if is_directory {
            Source::Directory(Disk::open(path)?)
        } else {
            Source::File(File::open(path).map_err(|error| TreeError::io("read a layer", error))?)
        });
        if opened.oldest_first.len() >= OPEN_LAYERS
            && let Some(oldest) = opened.oldest_first.pop_front()
        {
            opened.layers.remove(&oldest);
        }
        opened.oldest_first.push_back(id);
        opened.layers.insert(id, Arc::clone(&source));
        Ok(source)
    }
}

impl Source {
    fn open(&self, path: &[u8], length: u64) -> Result<File, TreeError> {
        let Self::Directory(disk) = self else {
            return Err(TreeError::NotADirectory { path: path.escape_ascii().to_string() });
        };
        // A pipe in place of the file would block the open.
        let opened = disk.open_at(path, OFlags::RDONLY | OFlags::NONBLOCK)?;
        let file = File::from_parts(opened.into(), disk.on_host(path));
        let metadata = file.metadata().map_err(|error| TreeError::io("read a layer", error))?;
        if metadata.is_file() && metadata.len() == length {
            Ok(file)
        } else {
            Err(TreeError::Changed { path: disk.on_host(path), expected: length })
        }
    }
}

impl Section {
    /// The file it lies in.
    ///
    /// # Errors
    /// When the layer is a directory where it should be a file.
    pub fn file(&self) -> io::Result<&File> {
        match (&self.own, &*self.source) {
            (Some(file), _) | (None, Source::File(file)) => Ok(file),
            (None, Source::Directory(disk)) => Err(io::Error::other(format!("{} is a directory", disk.path().display()))),
        }
    }

    /// The end came before it should.
    #[must_use]
    pub fn changed(&self) -> TreeError {
        let path = self.file().map_or_else(|_| PathBuf::new(), |file| file.path().to_owned());
        TreeError::Changed { path, expected: self.length }
    }
}

impl AsFd for Section {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        match (&self.own, &*self.source) {
            (Some(file), _) | (None, Source::File(file)) => file.as_fd(),
            (None, Source::Directory(disk)) => disk.root(),
        }
    }
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.length).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let count = self.file()?.read_at(&mut buffer[..wanted], self.offset)?;
        if count == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, self.changed()));
        }
        self.offset += count as u64;
        self.length -= count as u64;
        Ok(count)
    }
}

impl Read for Bytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Inline(bytes) => bytes.read(buffer),
            Self::Section(section) => section.read(buffer),
        }
    }
}

impl Tree {
    /// A file's content as a stream; it fails rather than end before the tree says so.
    ///
    /// # Errors
    /// When it is no file, the layer can't be opened, or the file in it has changed its length.
    pub fn open(&self, id: NodeId) -> Result<Box<dyn Read + '_>, TreeError> {
        let file = self.file(id).ok_or_else(|| TreeError::NotAFile { path: self.path_of(id) })?;
        Ok(Box::new(Sources::of(self).find(id, file)?))
    }

    /// A file's whole content, which must not be longer than `limit`.
    ///
    /// # Errors
    /// As [`Tree::open`], and [`TreeError::TooLong`].
    pub fn read(&self, id: NodeId, limit: u64) -> Result<Vec<u8>, TreeError> {
        let length = self.file(id).map_or(0, |file| file.length);
        if length > limit {
            return Err(TreeError::TooLong { path: self.path_of(id), length, limit });
        }
        let mut bytes = Vec::new();
        let read = self.open(id)?.read_to_end(&mut bytes);
        read.map_err(|error| TreeError::io(format!("read `{}`", self.path_of(id)), error))?;
        Ok(bytes)
    }

    /// Fills every missing hash of a content that can be reached, in parallel.
    ///
    /// # Errors
    /// When a content can't be read.
    pub fn hash_contents(&mut self) -> Result<(), TreeError> {
        self.not_hashed().chunks(HASHED_AT_ONCE).try_for_each(|ids| self.hash_some(ids))
    }

    fn hash_some(&mut self, ids: &[NodeId]) -> Result<(), TreeError> {
        let tree = &*self;
        let sources = Sources::of(tree);
        let hash = |buffer: &mut Vec<u8>, id: &NodeId| -> Result<Option<(NodeId, Look)>, TreeError> {
            let Some(file) = tree.file(*id) else { return Ok(None) };
            // There is nothing to read in what is empty, and many files of a system are.
            let bytes = if file.length == 0 { Bytes::Inline(&[]) } else { sources.find(*id, file)? };
            let looked_at = look_at(bytes, buffer).map_err(|error| TreeError::io(format!("read `{}`", tree.path_of(*id)), error))?;
            Ok(Some((*id, looked_at)))
        };
        let found: Vec<_> = ids.par_iter().map_init(|| vec![0; 1 << 17], hash).collect::<Result<_, _>>()?;
        for (id, Look { digest, dense }) in found.into_iter().flatten() {
            if let Kind::File(file) = &mut self.inode_mut(id).kind {
                file.sha256 = Some(digest);
                file.dense = dense;
            }
        }
        Ok(())
    }

    fn not_hashed(&self) -> Vec<NodeId> {
        let mut ids: Vec<NodeId> =
            self.walk().map(|entry| entry.id).filter(|id| self.file(*id).is_some_and(|file| file.sha256.is_none())).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// One name of an inode, for an error: slow.
    pub(crate) fn path_of(&self, id: NodeId) -> String {
        let found = self.walk().find(|entry| entry.id == id);
        found.map_or_else(|| "(unnamed inode)".to_owned(), |entry| entry.path.escape_ascii().to_string())
    }
}

/// What a content is, once all of it was read.
struct Look {
    digest: Digest,
    dense: bool,
}

fn look_at(mut bytes: Bytes<'_>, buffer: &mut [u8]) -> io::Result<Look> {
    let mut hasher = Sha256::new();
    if let Bytes::Inline(bytes) = bytes {
        hasher.update(bytes);
        return Ok(Look { digest: Digest(hasher.finalize().into()), dense: !has_zeros(bytes) });
    }
    let mut dense = true;
    loop {
        match fill(&mut bytes, buffer)? {
            0 => return Ok(Look { digest: Digest(hasher.finalize().into()), dense }),
            count => {
                hasher.update(&buffer[..count]);
                dense = dense && !has_zeros(&buffer[..count]);
            }
        }
    }
}

/// Reads until the buffer is full or nothing is left.
fn fill(bytes: &mut Bytes<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match bytes.read(&mut buffer[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// Whether one of the stretches that could be a block holds zeros alone.
fn has_zeros(bytes: &[u8]) -> bool {
    const NOTHING: [u8; ZEROS] = [0; ZEROS];
    bytes.chunks(ZEROS).any(|stretch| stretch == &NOTHING[..stretch.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_seen_where_a_block_could_be() {
        let with = |length: usize, zeros: std::ops::Range<usize>| {
            let mut bytes = vec![7; length];
            bytes[zeros].fill(0);
            has_zeros(&bytes)
        };
        assert!(with(4096, 1024..2048));
        assert!(!with(4096, 1000..2040), "at no block's start");
        assert!(with(1030, 1024..1030), "the last stretch may be short");
        assert!(!with(1030, 1025..1030));
        assert!(!has_zeros(b""));
    }

    #[test]
    fn a_hash_tells_of_zeros_too() {
        let mut tree = Tree::default();
        for (name, byte) in [("full", 1), ("empty", 0)] {
            let node = crate::Node {
                metadata: crate::Metadata::root(0o644, crate::Time::default()),
                kind: Kind::inline([byte; 5000]),
                package: None,
            };
            tree.place(format!("/{name}").as_bytes(), node).unwrap();
        }
        tree.hash_contents().unwrap();
        let dense = |name: &str| tree.file(tree.lookup(name.as_bytes()).unwrap()).unwrap().dense;
        assert!(dense("/full") && !dense("/empty"));
    }
}
