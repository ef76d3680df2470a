use std::ops::RangeInclusive;

use rootfs_tree::{Content, FileContent, Kind, Metadata, Node, Time, Tree};

use crate::apk::install::InstallError;

/// No list of accounts is longer.
const LONGEST: u64 = 16 << 20;

/// A file of lines of fields parted by colons, as `/etc/passwd` is.
#[derive(Debug)]
pub(super) struct Table {
    path: &'static str,
    /// None when there is no such file.
    lines: Option<Vec<String>>,
}

impl Table {
    /// A file that is missing, a link, or no text isn't there.
    pub(super) fn read(tree: &Tree, path: &'static str) -> Self {
        let read = || {
            let id = tree.lookup(path.as_bytes()).ok()?;
            let text = String::from_utf8(tree.read(id, LONGEST).ok()?).ok()?;
            Some(text.lines().map(str::to_owned).collect())
        };
        Self { path, lines: read() }
    }

    pub(super) fn exists(&self) -> bool {
        self.lines.is_some()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.line(name).is_some()
    }

    /// The number in the third field.
    pub(super) fn id(&self, name: &str) -> Option<u32> {
        id(self.line(name)?)
    }

    pub(super) fn has_id(&self, wanted: u32) -> bool {
        self.lines().any(|line| id(line) == Some(wanted))
    }

    /// The lowest number of the range that nobody has.
    pub(super) fn free_id(&self, range: RangeInclusive<u32>) -> Option<u32> {
        range.into_iter().find(|wanted| !self.has_id(*wanted))
    }

    pub(super) fn last_field(&self, name: &str) -> Option<String> {
        self.line(name)?.rsplit(':').next().map(str::to_owned)
    }

    pub(super) fn append(&mut self, line: &str, tree: &mut Tree, time: Time) -> Result<(), InstallError> {
        self.lines.get_or_insert_default().push(line.to_owned());
        self.write(tree, time)
    }

    pub(super) fn set_last_field(&mut self, name: &str, value: &str, tree: &mut Tree, time: Time) -> Result<(), InstallError> {
        for line in self.lines.iter_mut().flatten().filter(|line| is_of(line, name)).take(1) {
            let start = line.rsplit_once(':').map_or("", |(start, _)| start);
            *line = format!("{start}:{value}");
        }
        self.write(tree, time)
    }

    fn lines(&self) -> impl Iterator<Item = &String> {
        self.lines.iter().flatten()
    }

    fn line(&self, name: &str) -> Option<&String> {
        self.lines().find(|line| is_of(line, name))
    }

    /// As BusyBox: a new file with the old one's owner and mode; the old one gets a name with a dash at its end.
    fn write(&self, tree: &mut Tree, time: Time) -> Result<(), InstallError> {
        let failed = |source| InstallError::root(self.path.as_bytes(), source);
        let old = tree.lookup(self.path.as_bytes()).map_err(failed)?;
        let (parent, name) = self.path.rsplit_once('/').unwrap_or(("", self.path));
        let parent = tree.resolve(parent.as_bytes()).map_err(failed)?;
        let text = self.lines().fold(String::new(), |text, line| text + line + "\n");
        let node = tree.node(old);
        let content =
            FileContent { length: text.len() as u64, content: Content::Inline(text.into_bytes().into()), sha256: None, dense: false };
        let new = Node { metadata: Metadata { mtime: time, ..node.metadata.clone() }, kind: Kind::File(content), package: node.package };
        let new = tree.add_node(new);
        tree.insert(parent, format!("{name}-").as_bytes(), old).map_err(failed)?;
        tree.insert(parent, name.as_bytes(), new).map_err(failed)?;
        Ok(())
    }
}

fn is_of(line: &str, name: &str) -> bool {
    line.split(':').next() == Some(name)
}

fn id(line: &str) -> Option<u32> {
    line.split(':').nth(2)?.parse().ok()
}
