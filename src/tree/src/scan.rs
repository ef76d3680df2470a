use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rayon::prelude::*;
use rustix::fs::{AtFlags, Dir, FileType, Statx, StatxFlags, StatxTimestamp};
use rustix::io::Errno;

use crate::TreeError;
use crate::disk::{Disk, join};
use crate::node::{Content, Digest, FileContent, Kind, Metadata, Node, Time};
use crate::tree::{Layer, LayerId, NodeId, Tree};
use crate::xattrs::AtName;

/// How a directory is scanned.
#[derive(Clone, Copy, Default)]
pub struct ScanOptions<'a> {
    /// Hash every content, in parallel, so that the tree has a digest.
    pub hash: bool,
    /// Who may know a content's hash without reading it.
    pub known: Option<&'a dyn Known>,
}

impl std::fmt::Debug for ScanOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScanOptions").field("hash", &self.hash).field("known", &self.known.is_some()).finish()
    }
}

/// Tells a file's content by its stat, when it hasn't changed since it was written.
pub trait Known: Sync {
    /// The hash of the inode's content if it still is what it was.
    fn digest(&self, state: &FileState) -> Option<Digest>;
}

/// What tells that a file's content has not changed: writing to a file changes its mtime, and setting that back changes its ctime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileState {
    /// `st_dev`.
    pub device: u64,
    /// `st_ino`.
    pub inode: u64,
    /// In bytes.
    pub length: u64,
    /// When the content was last changed, or said to be.
    pub mtime: Time,
    /// When the inode was last changed.
    pub ctime: Time,
}

/// What readdir and stat tell about one entry.
struct Found {
    name: Box<[u8]>,
    node: Node,
    /// Device and inode, when the inode has other names.
    shared: Option<(u64, u64)>,
}

/// Directories that are read before what is in them gets its place: what was found stands in memory twice for so long.
const AT_ONCE: usize = 256;

/// Entries of one directory that one thread looks at, at least.
const TOGETHER: usize = 256;

struct Scanner<'a> {
    disk: Disk,
    layer: LayerId,
    known: Option<&'a dyn Known>,
}

impl Tree {
    /// The directory as a tree, which gets one layer: the directory. No link is followed, nothing outside is read, and names of one
    /// inode become hard links. Attributes that belong to the host (`security.selinux`, `security.evm`,
    /// `trusted.overlay.*`) or to one filesystem only are left out.
    ///
    /// # Errors
    /// When something can't be read, or changes meanwhile.
    pub fn scan(dir: &Path, options: &ScanOptions<'_>) -> Result<Tree, TreeError> {
        let mut tree = Tree::default();
        let layer = tree.add_layer(Layer { path: dir.to_owned() });
        let scanner = Scanner { disk: Disk::open(dir)?, layer, known: options.known };
        *tree.node_mut(Tree::ROOT) = scanner.root()?;
        let mut inodes = BTreeMap::new();
        let mut level = vec![(Tree::ROOT, b"/".to_vec())];
        while !level.is_empty() {
            let mut next = Vec::new();
            for directories in level.chunks(AT_ONCE) {
                let found: Vec<Vec<Found>> = directories.par_iter().map(|(_, path)| scanner.directory(path)).collect::<Result<_, _>>()?;
                for ((parent, path), found) in directories.iter().zip(found) {
                    // All at once: a map that grows entry by entry takes twice the memory.
                    let entries = found.into_iter().map(|found| tree.attach(path, found, &mut inodes, &mut next)).collect();
                    tree.node_mut(*parent).kind = Kind::Directory(entries);
                }
            }
            level = next;
        }
        if options.hash {
            tree.hash_contents()?;
        }
        Ok(tree)
    }

    /// Gives what was found in the directory at `path` its place in the arena.
    fn attach(
        &mut self,
        path: &[u8],
        found: Found,
        inodes: &mut BTreeMap<(u64, u64), NodeId>,
        directories: &mut Vec<(NodeId, Vec<u8>)>,
    ) -> (Box<[u8]>, NodeId) {
        let is_directory = matches!(found.node.kind, Kind::Directory(_));
        let id = match found.shared {
            None => self.add_node(found.node),
            Some(inode) => *inodes.entry(inode).or_insert_with(|| self.add_node(found.node)),
        };
        if is_directory {
            directories.push((id, join(path, &found.name)));
        }
        (found.name, id)
    }
}

impl Scanner<'_> {
    fn root(&self) -> Result<Node, TreeError> {
        Ok(self.entry(self.disk.root(), b"/", b".")?.node)
    }

    fn directory(&self, path: &[u8]) -> Result<Vec<Found>, TreeError> {
        let mut listing = Dir::new(self.disk.directory(path)?).map_err(self.disk.failed("read", path))?;
        let mut names: Vec<Box<[u8]>> = Vec::new();
        while let Some(entry) = listing.read() {
            let entry = entry.map_err(self.disk.failed("read", path))?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(name.into());
            }
        }
        // The filesystem's order is chance; which name of a hard link comes first must not be.
        names.sort_unstable();
        let directory = listing.fd().map_err(self.disk.failed("read", path))?;
        names.par_iter().with_min_len(TOGETHER).map(|name| self.entry(directory.as_fd(), path, name)).collect()
    }

    fn entry(&self, directory: BorrowedFd<'_>, parent: &[u8], name: &[u8]) -> Result<Found, TreeError> {
        let failed = |errno| self.disk.failed("read", &join(parent, name))(errno);
        let stat = rustix::fs::statx(directory, name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS).map_err(failed)?;
        let kind = self.kind(&stat, directory, parent, name).map_err(failed)?;
        let xattrs = AtName::new(directory, name).read().map_err(failed)?;
        let is_directory = matches!(kind, Kind::Directory(_));
        let metadata = Metadata { mode: stat.stx_mode & 0o7777, uid: stat.stx_uid, gid: stat.stx_gid, mtime: time(stat.stx_mtime), xattrs };
        let shared = (!is_directory && stat.stx_nlink > 1).then(|| (device(&stat), stat.stx_ino));
        Ok(Found { name: name.into(), node: Node { metadata, kind, package: None }, shared })
    }

    fn kind(&self, stat: &Statx, directory: BorrowedFd<'_>, parent: &[u8], name: &[u8]) -> Result<Kind, Errno> {
        let (major, minor) = (stat.stx_rdev_major, stat.stx_rdev_minor);
        Ok(match FileType::from_raw_mode(stat.stx_mode.into()) {
            FileType::Directory => Kind::directory(),
            FileType::RegularFile => Kind::File(self.file(stat, &join(parent, name)[1..])),
            FileType::Symlink => Kind::Symlink(rustix::fs::readlinkat(directory, name, Vec::new())?.into_bytes().into()),
            FileType::CharacterDevice => Kind::CharDevice { major, minor },
            FileType::BlockDevice => Kind::BlockDevice { major, minor },
            FileType::Fifo => Kind::Fifo,
            FileType::Socket => Kind::Socket,
            FileType::Unknown => return Err(Errno::NOTSUP),
        })
    }

    fn file(&self, stat: &Statx, path: &[u8]) -> FileContent {
        let content = Content::Path { layer: self.layer, path: path.into() };
        let sha256 = self.known.and_then(|known| known.digest(&state(stat)));
        FileContent { length: stat.stx_size, content, sha256, dense: false }
    }
}

fn device(stat: &Statx) -> u64 {
    rustix::fs::makedev(stat.stx_dev_major, stat.stx_dev_minor)
}

fn state(stat: &Statx) -> FileState {
    FileState { device: device(stat), inode: stat.stx_ino, length: stat.stx_size, mtime: time(stat.stx_mtime), ctime: time(stat.stx_ctime) }
}

impl FileState {
    /// The state of `name` in an open directory, a link not followed.
    ///
    /// # Errors
    /// What statx(2) says.
    pub fn at(directory: BorrowedFd<'_>, name: &std::ffi::OsStr) -> Result<Self, Errno> {
        rustix::fs::statx(directory, name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS).map(|stat| state(&stat))
    }
}

fn time(stamp: StatxTimestamp) -> Time {
    Time { seconds: stamp.tv_sec, nanoseconds: stamp.tv_nsec }
}
