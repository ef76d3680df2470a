use rootfs_tree::{Kind, Node};

/// What begins every header.
const MAGIC: &str = "070701";

/// The name that ends an archive.
pub(super) const TRAILER: &[u8] = b"TRAILER!!!";

/// A header's numbers, but for the length of the name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    inode: u32,
    /// Type and permissions, stat(2).
    mode: u32,
    uid: u32,
    gid: u32,
    links: u32,
    mtime: u32,
    size: u32,
    /// Major and minor number.
    device: (u32, u32),
}

/// The one that ends an archive.
impl Default for Header {
    fn default() -> Self {
        Self { inode: 0, mode: 0, uid: 0, gid: 0, links: 1, mtime: 0, size: 0, device: (0, 0) }
    }
}

impl Header {
    pub(super) fn of(node: &Node, inode: u32, names: u32, mtime: u32, size: u32) -> Self {
        let metadata = &node.metadata;
        let (kind, device) = match &node.kind {
            Kind::Directory(_) => (0o040_000, (0, 0)),
            Kind::File(_) => (0o100_000, (0, 0)),
            Kind::Symlink(_) => (0o120_000, (0, 0)),
            Kind::CharDevice { major, minor } => (0o020_000, (*major, *minor)),
            Kind::BlockDevice { major, minor } => (0o060_000, (*major, *minor)),
            Kind::Fifo => (0o010_000, (0, 0)),
            Kind::Socket => (0o140_000, (0, 0)),
        };
        let permissions = if matches!(node.kind, Kind::Symlink(_)) { 0o777 } else { metadata.mode };
        // A directory has its own name and `.`; those of its directories are nobody's concern in an archive.
        let links = if matches!(node.kind, Kind::Directory(_)) { 2 } else { names };
        Self { inode, mode: kind | u32::from(permissions), uid: metadata.uid, gid: metadata.gid, links, mtime, size, device }
    }

    /// As it stands before the name: the magic number, and thirteen numbers of eight hexadecimal digits.
    pub(super) fn bytes(&self, name: &[u8]) -> Vec<u8> {
        let Self { inode, mode, uid, gid, links, mtime, size, device: (major, minor) } = *self;
        // Names of trees are shorter than what a file can have of them; NUL included.
        let name = u32::try_from(name.len() + 1).unwrap_or(u32::MAX);
        let numbers = [inode, mode, uid, gid, links, mtime, size, 0, 0, major, minor, name, 0];
        let digits: String = numbers.iter().map(|number| format!("{number:08x}")).collect();
        [MAGIC.as_bytes(), digits.as_bytes()].concat()
    }
}
