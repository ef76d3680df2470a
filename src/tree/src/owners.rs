use std::collections::BTreeMap;
use std::io::{BufRead, BufWriter, Write};
use std::path::Path;

use crate::TreeError;
use crate::text::{Lines, escape, unescape};
use crate::tree::Tree;

impl Tree {
    /// Writes which package owns what: `PACKAGE<TAB>PATH` for every entry that one owns, paths as in the text form, in the order of [`Tree::walk`].
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write_owners(&self, out: &mut dyn Write) -> Result<(), TreeError> {
        let failed = |error| TreeError::io("write the tree's owners", error);
        let mut out = BufWriter::new(out);
        let mut line = Vec::new();
        for entry in self.walk() {
            let Some(package) = self.node(entry.id).package else { continue };
            line.clear();
            escape(&mut line, self.package(package).as_bytes(), b"");
            line.push(b'\t');
            escape(&mut line, &entry.path, b"");
            line.push(b'\n');
            out.write_all(&line).map_err(failed)?;
        }
        out.flush().map_err(failed)
    }

    /// Reads that back into a tree of the same paths. A path that the tree doesn't have (the directory may have changed since) is passed over.
    ///
    /// # Errors
    /// When a line is not of that form. `name` is the file's, for errors.
    pub fn read_owners(&mut self, input: &mut dyn BufRead, name: &Path) -> Result<(), TreeError> {
        let mut packages = BTreeMap::new();
        let mut lines = Lines::new(input, name);
        while let Some(line) = lines.next()? {
            let (package, path) = parse_line(line).ok_or_else(|| lines.error("it is not a package and a path"))?;
            let id = *packages.entry(package).or_insert_with_key(|package| self.add_package(package));
            if let Some(entry) = self.entry(&path) {
                self.inode_mut(entry).package = Some(id);
            }
        }
        Ok(())
    }
}

fn parse_line(line: &[u8]) -> Option<(String, Vec<u8>)> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let package = String::from_utf8(unescape(&line[..tab])?).ok()?;
    Some((package, unescape(&line[tab + 1..]).filter(|path| path.starts_with(b"/"))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Time;

    fn tree() -> Tree {
        let mut tree = Tree::default();
        for path in ["/etc", "/usr/b n", "/usr/lib"] {
            tree.make_directory(path.as_bytes(), Time::default()).unwrap();
        }
        tree
    }

    #[test]
    fn owners_come_back() {
        let mut owned = tree();
        for (path, package) in [("/etc", "base-files"), ("/usr/b n", "libc6:amd64")] {
            let package = owned.add_package(package);
            let id = owned.entry(path.as_bytes()).unwrap();
            owned.node_mut(id).package = Some(package);
        }
        let mut text = Vec::new();
        owned.write_owners(&mut text).unwrap();
        assert_eq!(text, b"base-files\t/etc\nlibc6:amd64\t/usr/b\\x20n\n");
        let mut back = tree();
        text.extend_from_slice(b"gone\t/not/there\n");
        back.read_owners(&mut &text[..], "owners".as_ref()).unwrap();
        let mut again = Vec::new();
        back.write_owners(&mut again).unwrap();
        assert_eq!(again, text[..text.len() - 16]);
    }

    #[test]
    fn a_bad_line_is_named() {
        for bad in ["base-files /etc\n", "base-files\tetc\n", "\tcut"] {
            let text = format!("a\t/etc\n{bad}");
            let error = tree().read_owners(&mut text.as_bytes(), "owners".as_ref()).unwrap_err();
            assert!(error.to_string().starts_with("line 2 of owners: "), "{error}");
        }
    }
}
