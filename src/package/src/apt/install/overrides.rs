use std::collections::HashMap;

/// Owner and mode that the administrator, or a package's script, set with `dpkg-statoverride` before a file is unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Override {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mode: u16,
}

/// dpkg's `/var/lib/dpkg/statoverride`: lines of `user group mode path`, names looked up in the root's own files.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    by_path: HashMap<Vec<u8>, Override>,
}

impl Overrides {
    /// Reads the three files; an override whose user or group the root doesn't know is passed over, as `--force-statoverride-remove` does.
    pub(super) fn parse(overrides: &[u8], passwd: &[u8], group: &[u8]) -> Self {
        let (users, groups) = (ids(passwd), ids(group));
        let text = String::from_utf8_lossy(overrides);
        let by_path = text.lines().filter_map(|line| parse_line(line, &users, &groups)).collect();
        Self { by_path }
    }

    /// What is set for a path without its leading slash.
    pub(super) fn get(&self, path: &[u8]) -> Option<Override> {
        self.by_path.get(path).copied()
    }
}

fn parse_line(line: &str, users: &HashMap<String, u32>, groups: &HashMap<String, u32>) -> Option<(Vec<u8>, Override)> {
    let mut fields = line.splitn(4, ' ');
    let uid = id(fields.next()?, users)?;
    let gid = id(fields.next()?, groups)?;
    let mode = u16::from_str_radix(fields.next()?, 8).ok()?;
    let path = fields.next()?;
    Some((path.trim_start_matches('/').into(), Override { uid, gid, mode: mode & 0o7777 }))
}

fn id(word: &str, names: &HashMap<String, u32>) -> Option<u32> {
    match word.strip_prefix('#') {
        Some(number) => number.parse().ok(),
        None => names.get(word).copied(),
    }
}

fn ids(database: &[u8]) -> HashMap<String, u32> {
    String::from_utf8_lossy(database)
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            Some((fields.next()?.to_owned(), fields.nth(1)?.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        let overrides = Overrides::parse(
            b"root mail 2755 /usr/bin/dotlock\n#7 #8 755 /a b\nnobody_here root 755 /c\n",
            b"root:x:0:0::/root:/bin/sh\n",
            b"root:x:0:\nmail:x:8:\n",
        );
        assert_eq!(overrides.get(b"usr/bin/dotlock"), Some(Override { uid: 0, gid: 8, mode: 0o2755 }));
        assert_eq!(overrides.get(b"a b"), Some(Override { uid: 7, gid: 8, mode: 0o755 }));
        assert_eq!(overrides.get(b"c"), None);
    }
}
