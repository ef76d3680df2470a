use std::path::Path;

use fs_err::File;
use tar::EntryType;

use super::compression::plain;
use super::members::{Member, Members};
use super::sparse::{Map, Spool};
use crate::TreeError;
use crate::node::{Content, FileContent, Kind, Node};
use crate::tree::{Layer, LayerId, NodeId, Tree};

/// Longest target of a link that Linux takes.
const LONGEST_TARGET: usize = 4095;

impl Tree {
    /// The tree of a tar archive (ustar, pax, GNU; plain or packed with gzip, xz or zstd), as unpacking it as root into an empty directory would make it: a later
    /// entry replaces an earlier one, missing parents are made, links on the way resolve inside the tree. Absolute names are taken from the root on.
    ///
    /// Contents stay where they are, in `path` or, when that is packed, in a plain copy in `spool`, which is made if it is missing; GNU tar's sparse files are
    /// unpacked there, with their holes. Other attributes than `SCHILY.xattr.*` are not read.
    ///
    /// # Errors
    /// When it is no archive or cut off, a name leads out of the tree, a hard link to nothing, or an entry is of a kind that no tree has.
    pub fn from_tar(path: &Path, spool: &Path) -> Result<Tree, TreeError> {
        Self::from_tar_within(&plain(path, spool)?, 0, u64::MAX, spool)
    }

    /// The same of a plain archive that lies in a file from `start` on, and takes `length` bytes of it or all that there are; its sparse files are unpacked in `spool`.
    ///
    /// # Errors
    /// As [`Tree::from_tar`].
    pub fn from_tar_within(path: &Path, start: u64, length: u64, spool: &Path) -> Result<Tree, TreeError> {
        let file = File::open(path).map_err(|error| TreeError::io("read the archive", error))?;
        let mut tree = Tree::default();
        tree.imply(Tree::ROOT);
        let layer = tree.add_layer(Layer { path: path.to_owned() });
        let mut members = Members::of(&file, start, length)?;
        let mut spool = Holes { directory: spool, spool: None };
        while let Some(member) = members.next()? {
            let place = match &member.sparse {
                Some(map) => spool.unpack(&mut tree, &file, &member, map)?,
                None => (layer, member.content.0, member.content.1),
            };
            tree.unpack(place, member)?;
        }
        Ok(tree)
    }

    fn unpack(&mut self, place: (LayerId, u64, u64), member: Member) -> Result<(), TreeError> {
        let path = inside(&member.name).ok_or_else(|| member.error("its name leads out of the tree"))?;
        let Some(slash) = path.iter().rposition(|byte| *byte == b'/') else {
            return self.unpack_root(member);
        };
        let parent = self.make_directory(&path[..slash], member.metadata.mtime)?;
        let name = &path[slash + 1..];
        let there = self.child(parent, name);
        let id = match member.kind {
            EntryType::Link => self.linked(&member)?,
            EntryType::Directory => match there.filter(|there| self.is_directory(*there)) {
                Some(there) => {
                    self.node_mut(there).metadata = member.metadata;
                    return Ok(());
                }
                None => self.add_node(Node { metadata: member.metadata, kind: Kind::directory(), package: None }),
            },
            _ => {
                let kind = kind_of(place, &member).map_err(|reason| member.error(reason))?;
                self.add_node(Node { metadata: member.metadata, kind, package: None })
            }
        };
        if let Some(there) = there
            && self.entries(there).next().is_some()
        {
            return Err(TreeError::IsADirectory { path: path.escape_ascii().to_string() });
        }
        self.insert(parent, name, id).map(|_| ())
    }

    fn unpack_root(&mut self, member: Member) -> Result<(), TreeError> {
        if member.kind != EntryType::Directory {
            return Err(member.error("the root is a directory"));
        }
        self.node_mut(Self::ROOT).metadata = member.metadata;
        Ok(())
    }

    fn linked(&self, member: &Member) -> Result<NodeId, TreeError> {
        let target = inside(&member.target).ok_or_else(|| member.error("it is a hard link that leads out of the tree"))?;
        match self.lookup(&target) {
            Ok(id) if self.is_directory(id) => Err(member.error("it is a hard link to a directory")),
            Ok(id) => Ok(id),
            Err(_) => Err(member.error("it is a hard link to nothing before it")),
        }
    }

    fn is_directory(&self, id: NodeId) -> bool {
        matches!(self.node(id).kind, Kind::Directory(_))
    }
}

/// A name as a path of the tree, empty for the root; nothing when it has `..` in it.
fn inside(name: &[u8]) -> Option<Vec<u8>> {
    let mut path = Vec::with_capacity(name.len() + 1);
    for part in name.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b".")) {
        if part == b".." {
            return None;
        }
        path.push(b'/');
        path.extend_from_slice(part);
    }
    Some(path)
}

/// What files with holes are unpacked into, from the first such file on.
struct Holes<'a> {
    directory: &'a Path,
    spool: Option<(Spool, LayerId)>,
}

impl Holes<'_> {
    /// Gives where the file is then, and how long.
    fn unpack(&mut self, tree: &mut Tree, archive: &File, member: &Member, map: &Map) -> Result<(LayerId, u64, u64), TreeError> {
        let failed = |error| TreeError::io(format!("unpack `{}`", member.name.escape_ascii()), error);
        let (mut spool, layer) = match self.spool.take() {
            Some(there) => there,
            None => {
                let spool = Spool::create(self.directory).map_err(failed)?;
                let layer = tree.add_layer(Layer { path: spool.path.clone() });
                (spool, layer)
            }
        };
        let offset = spool.add(archive, member.content.0, map).map_err(failed)?;
        self.spool = Some((spool, layer));
        Ok((layer, offset, map.length))
    }
}

fn kind_of((layer, offset, length): (LayerId, u64, u64), member: &Member) -> Result<Kind, &'static str> {
    let (major, minor) = member.device;
    Ok(match member.kind {
        EntryType::Regular => Kind::File(FileContent { length, content: Content::At { layer, offset }, sha256: None, dense: false }),
        EntryType::Symlink if member.target.is_empty() => return Err("it is a link to nothing"),
        EntryType::Symlink if member.target.len() > LONGEST_TARGET => return Err("it is a link with too long a target"),
        EntryType::Symlink => Kind::Symlink(member.target.as_slice().into()),
        EntryType::Char => Kind::CharDevice { major, minor },
        EntryType::Block => Kind::BlockDevice { major, minor },
        EntryType::Fifo => Kind::Fifo,
        _ => return Err("it is of a kind that no tree has"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside() {
        let table: [(&str, Option<&str>); 9] = [
            ("./usr/bin/", Some("/usr/bin")),
            ("/etc//passwd", Some("/etc/passwd")),
            (".", Some("")),
            ("./", Some("")),
            ("/", Some("")),
            ("a/./b", Some("/a/b")),
            ("..", None),
            ("a/../../b", None),
            ("a/..b/...", Some("/a/..b/...")),
        ];
        for (name, path) in table {
            assert_eq!(inside(name.as_bytes()), path.map(|path| path.as_bytes().to_vec()), "{name}");
        }
    }
}
