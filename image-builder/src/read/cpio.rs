//! cpio archives of the "new ASCII" form, one behind another, as the kernel unpacks them (Documentation/driver-api/early-userspace/buffer-format.rst).

use std::collections::BTreeMap;
use std::path::Path;

use rootfs_tree::{Content, FileContent, Kind, Layer, LayerId, Metadata, Node, NodeId, Time, Tree};

use super::ReadError;
use crate::inspect::InspectError;
use crate::source::ImageSource;

/// Bytes before a name.
const HEADER: usize = 110;
const TRAILER: &[u8] = b"TRAILER!!!";
/// Longest name and longest target of a link, the NUL at the name's end included.
const LONGEST: u32 = 4096;
/// What headers, names and contents begin at multiples of.
const ALIGNMENT: u64 = 4;
const TYPE: u32 = 0o170_000;

/// Reads all archives of a file; contents stay where they are.
pub(super) fn read_tree(source: &dyn ImageSource, path: &Path) -> Result<Tree, ReadError> {
    let mut tree = Tree::default();
    let layer = tree.add_layer(Layer { path: path.to_owned() });
    let mut archive = Archive { source, layer, position: 0, inodes: BTreeMap::new() };
    while let Some(member) = archive.next()? {
        archive.place(&mut tree, &member)?;
    }
    Ok(tree)
}

struct Archive<'a> {
    source: &'a dyn ImageSource,
    layer: LayerId,
    position: u64,
    /// What has several names, by device and number.
    inodes: BTreeMap<(u32, u32, u32), NodeId>,
}

struct Member {
    name: Vec<u8>,
    /// As the header has them: number, mode, uid, gid, links, mtime, size, and the numbers of two devices.
    fields: [u32; 11],
    /// Where the content is.
    content: u64,
}

impl Member {
    fn wrong(&self, reason: &'static str) -> ReadError {
        ReadError::Member { name: self.name[..self.name.len().min(200)].escape_ascii().to_string(), reason }
    }

    fn size(&self) -> u64 {
        self.fields[6].into()
    }
}

impl Archive<'_> {
    fn damaged(&self, reason: &'static str) -> ReadError {
        ReadError::Archive { offset: self.position, reason }
    }

    fn exact(&self, offset: u64, buffer: &mut [u8]) -> Result<(), ReadError> {
        match self.source.read_exact_at(offset, buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(self.damaged("it is cut off")),
            result => result.map_err(|source| InspectError::Read { offset, source }.into()),
        }
    }

    /// The next member but for those that end an archive; nothing behind the last.
    fn next(&mut self) -> Result<Option<Member>, ReadError> {
        loop {
            let Some(member) = self.member()? else { return Ok(None) };
            if member.name != TRAILER {
                return Ok(Some(member));
            }
            // Numbers of inodes begin anew with the next archive.
            self.inodes.clear();
            if !self.skip_zeros()? {
                return Ok(None);
            }
        }
    }

    fn member(&mut self) -> Result<Option<Member>, ReadError> {
        let mut header = [0; HEADER];
        self.exact(self.position, &mut header)?;
        if !matches!(&header[..6], b"070701" | b"070702") {
            return Err(self.damaged("there is no header of a member, or of one that is packed otherwise than the first"));
        }
        let mut numbers = [0; 13];
        for (number, digits) in numbers.iter_mut().zip(header[6..].as_chunks::<8>().0) {
            let text = digits.iter().try_fold(0, |number, digit| char::from(*digit).to_digit(16).map(|digit| number << 4 | digit));
            *number = text.ok_or_else(|| self.damaged("a number in a header is none"))?;
        }
        let [fields @ .., name_length, _sum] = numbers;
        if !(1..=LONGEST).contains(&name_length) {
            return Err(self.damaged("a name can't be that long"));
        }
        let mut name = vec![0; usize::try_from(name_length).unwrap_or(0)];
        self.exact(self.position + HEADER as u64, &mut name)?;
        if name.pop() != Some(0) || name.contains(&0) {
            return Err(self.damaged("a name does not end as it should"));
        }
        let content = (self.position + HEADER as u64 + u64::from(name_length)).next_multiple_of(ALIGNMENT);
        let member = Member { name, fields, content };
        let end = content + member.size();
        if end > self.source.length() {
            return Err(member.wrong("it is cut off"));
        }
        self.position = end.next_multiple_of(ALIGNMENT);
        Ok(Some(member))
    }

    /// To the next archive, if there is one.
    fn skip_zeros(&mut self) -> Result<bool, ReadError> {
        let mut buffer = vec![0; 1 << 16];
        while self.position < self.source.length() {
            let rest = usize::try_from(self.source.length() - self.position).unwrap_or(usize::MAX).min(buffer.len());
            self.exact(self.position, &mut buffer[..rest])?;
            if let Some(found) = buffer[..rest].iter().position(|byte| *byte != 0) {
                self.position += found as u64;
                return Ok(true);
            }
            self.position += rest as u64;
        }
        Ok(false)
    }

    fn place(&mut self, tree: &mut Tree, member: &Member) -> Result<(), ReadError> {
        let [number, mode, uid, gid, links, mtime, _, major, minor, ..] = member.fields;
        let metadata =
            Metadata { mode: u16::try_from(mode & 0o7777).unwrap_or(0), uid, gid, mtime: Time::from_seconds(mtime.into()), xattrs: None };
        let parts: Vec<&[u8]> = member.name.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b".")).collect();
        if parts.contains(&&b".."[..]) {
            return Err(member.wrong("its name leads out of the tree"));
        }
        let kind = self.kind(member)?;
        let is_directory = matches!(kind, Kind::Directory(_));
        let Some((last, parents)) = parts.split_last() else {
            if !is_directory {
                return Err(member.wrong("the root is a directory"));
            }
            tree.node_mut(Tree::ROOT).metadata = metadata;
            return Ok(());
        };
        let parent = tree.make_directory(&parents.join(&b'/'), metadata.mtime)?;
        let there = tree.child(parent, last);
        if let Some(there) = there
            && matches!(tree.node(there).kind, Kind::Directory(_))
        {
            if !is_directory {
                return Err(member.wrong("a directory has its name"));
            }
            tree.node_mut(there).metadata = metadata;
            return Ok(());
        }
        let key = (major, minor, number);
        let known = if links > 1 && !is_directory { self.inodes.get(&key).copied() } else { None };
        let id = match known {
            Some(id) => {
                // The content stands behind any of the names.
                if member.size() > 0 && tree.file(id).is_some_and(|file| file.length == 0) {
                    tree.node_mut(id).kind = kind;
                }
                id
            }
            None => tree.add_node(Node { metadata, kind, package: None }),
        };
        if links > 1 && !is_directory {
            self.inodes.insert(key, id);
        }
        tree.insert(parent, last, id)?;
        Ok(())
    }

    fn kind(&self, member: &Member) -> Result<Kind, ReadError> {
        let [_, mode, _, _, _, _, size, _, _, major, minor] = member.fields;
        Ok(match mode & TYPE {
            0o040_000 => Kind::directory(),
            0o100_000 if size == 0 => Kind::inline(&[][..]),
            0o100_000 => {
                let content = Content::At { layer: self.layer, offset: member.content };
                Kind::File(FileContent { length: size.into(), content, sha256: None, dense: false })
            }
            0o120_000 => {
                if size == 0 || size >= LONGEST {
                    return Err(member.wrong("a link's target can't be that long"));
                }
                let mut target = vec![0; usize::try_from(size).unwrap_or(0)];
                self.exact(member.content, &mut target)?;
                if target.contains(&0) {
                    return Err(member.wrong("a link's target can't be one"));
                }
                Kind::Symlink(target.into())
            }
            0o020_000 => Kind::CharDevice { major, minor },
            0o060_000 => Kind::BlockDevice { major, minor },
            0o010_000 => Kind::Fifo,
            0o140_000 => Kind::Socket,
            _ => return Err(member.wrong("it is of no kind that there is")),
        })
    }
}
