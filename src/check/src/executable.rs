use std::fmt;
use std::io::Read;

use rootfs_tree::{Kind, NodeId, Tree, TreeError};

use crate::canonical::canonical;
use crate::finding::shown;

/// How many scripts may run each other, as the kernel has it.
const INTERPRETERS: usize = 5;

/// Enough for a `#!` line (the kernel looks at 256 bytes) and an ELF header.
const START: u64 = 512;

/// A file that the kernel would execute, as far as its mode tells.
#[derive(Debug)]
pub(crate) struct Executable {
    /// Without links.
    pub(crate) path: Vec<u8>,
    pub(crate) id: NodeId,
}

/// Why a path can't be executed.
#[derive(Debug)]
pub(crate) enum Obstacle {
    Missing,
    Dangling { target: Vec<u8> },
    Unreachable,
    NotAFile,
    NotExecutable { mode: u16 },
    UnknownFormat,
    TooManyInterpreters,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("does not exist"),
            Self::Dangling { target } => write!(f, "is a link to `{}`, which leads to nothing inside the root", shown(target)),
            Self::Unreachable => f.write_str("can't be reached: something on the way is not a directory, or links lead in a circle"),
            Self::NotAFile => f.write_str("is not a regular file"),
            Self::NotExecutable { mode } => write!(f, "is not executable: its mode is {mode:04o}"),
            Self::UnknownFormat => f.write_str("is neither an ELF program nor a script with a `#!` line"),
            Self::TooManyInterpreters => write!(f, "is a script of a script, more than {INTERPRETERS} deep"),
        }
    }
}

impl Obstacle {
    /// What to do about it, unless that depends on what is missing.
    pub(crate) fn fix(&self) -> Option<&'static str> {
        match self {
            Self::Missing | Self::Dangling { .. } => None,
            Self::Unreachable => Some("make the links on the way lead to directories inside the root"),
            Self::NotExecutable { .. } => Some("give it mode 0755"),
            Self::NotAFile | Self::UnknownFormat | Self::TooManyInterpreters => Some("put a program in its place"),
        }
    }
}

/// What is there, or the path that fails and why.
pub(crate) type Found = Result<Executable, (Vec<u8>, Obstacle)>;

impl Executable {
    /// The file at a path, links followed inside the tree.
    pub(crate) fn find(tree: &Tree, path: &[u8]) -> Result<Self, Obstacle> {
        let id = tree.resolve(path).map_err(|error| match (error, tree.lookup(path)) {
            (TreeError::NotFound { .. }, Err(_)) => Obstacle::Missing,
            (TreeError::NotFound { .. }, Ok(link)) => Obstacle::Dangling { target: target(tree, link) },
            _ => Obstacle::Unreachable,
        })?;
        let node = tree.node(id);
        if !matches!(node.kind, Kind::File(_)) {
            return Err(Obstacle::NotAFile);
        }
        if node.metadata.mode & 0o111 == 0 {
            return Err(Obstacle::NotExecutable { mode: node.metadata.mode });
        }
        Ok(Self { path: canonical(tree, path).unwrap_or_else(|| path.to_vec()), id })
    }

    /// The ELF program that runs in the end: the file itself, or what its `#!` line leads to.
    pub(crate) fn find_interpreted(tree: &Tree, path: &[u8]) -> Result<Found, TreeError> {
        let mut at = path.to_vec();
        for _ in 0..=INTERPRETERS {
            let executable = match Self::find(tree, &at) {
                Ok(executable) => executable,
                Err(obstacle) => return Ok(Err((at, obstacle))),
            };
            let start = executable.start(tree)?;
            if start.starts_with(b"\x7fELF") {
                return Ok(Ok(executable));
            }
            match interpreter(&start) {
                Some(interpreter) => at = interpreter,
                None => return Ok(Err((at, Obstacle::UnknownFormat))),
            }
        }
        Ok(Err((path.to_vec(), Obstacle::TooManyInterpreters)))
    }

    /// Its first bytes.
    pub(crate) fn start(&self, tree: &Tree) -> Result<Vec<u8>, TreeError> {
        start(tree, self.id)
    }
}

/// The first bytes of a file.
pub(crate) fn start(tree: &Tree, id: NodeId) -> Result<Vec<u8>, TreeError> {
    let mut start = Vec::new();
    let read = tree.open(id)?.take(START).read_to_end(&mut start);
    read.map_err(|source| TreeError::Io { action: "read a program".to_owned(), source })?;
    Ok(start)
}

fn target(tree: &Tree, link: NodeId) -> Vec<u8> {
    match &tree.node(link).kind {
        Kind::Symlink(target) => target.to_vec(),
        _ => Vec::new(),
    }
}

/// From a script's first line. A path without a slash at its start would depend on the current directory, which is `/` for the init.
fn interpreter(start: &[u8]) -> Option<Vec<u8>> {
    let line = start.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    line.split(|byte| matches!(byte, b' ' | b'\t')).find(|word| !word.is_empty()).map(<[u8]>::to_vec)
}
