//! Users and groups of packages of `acct-user` and `acct-group` (GLEP 81), in the root's own files.

use std::ops::RangeInclusive;

use rootfs_tree::{Kind, Metadata, Time, Tree};

use super::MergeError;
use super::variables::Variables;

/// What `useradd --system` and `groupadd --system` give away, the highest first.
const SYSTEM_IDS: RangeInclusive<u32> = 101..=999;

/// No list of accounts is longer.
const LONGEST: u64 = 16 << 20;

/// Days since 1970 are what a password's last change is counted in.
const DAY: i64 = 86_400;

/// What such a package makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Account {
    /// `acct-group/NAME`
    Group { name: String, id: Option<u32> },
    /// `acct-user/NAME`
    User(User),
}

/// As its eclass leaves it in the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct User {
    name: String,
    id: Option<u32>,
    /// The first is its own.
    groups: Vec<String>,
    comment: String,
    home: String,
    shell: String,
    /// As chown(1) has it; its own when nothing is said.
    home_owner: String,
    /// Octal.
    home_mode: Option<u16>,
}

impl Account {
    /// None for packages of other categories, and where the environment doesn't say what an account must have.
    pub(super) fn read(category: Option<&str>, variables: &Variables) -> Option<Self> {
        let word = |name: &str| variables.get(name).filter(|word| is_field(word)).map(str::to_owned);
        match category? {
            "acct-group" => {
                let id = id(variables.get("_ACCT_GROUP_ID").or(variables.get("ACCT_GROUP_ID"))?)?;
                Some(Self::Group { name: word("ACCT_GROUP_NAME").filter(|name| is_name(name))?, id })
            }
            "acct-user" => {
                let groups: Vec<String> = word("_ACCT_USER_GROUPS")?.split_ascii_whitespace().map(str::to_owned).collect();
                let is_sound = !groups.is_empty() && groups.iter().all(|group| is_name(group));
                is_sound.then_some(())?;
                Some(Self::User(User {
                    name: word("ACCT_USER_NAME").filter(|name| is_name(name))?,
                    id: id(variables.get("_ACCT_USER_ID")?)?,
                    groups,
                    comment: word("_ACCT_USER_COMMENT").unwrap_or_default(),
                    home: word("_ACCT_USER_HOME").unwrap_or_else(|| "/dev/null".to_owned()),
                    shell: word("_ACCT_USER_SHELL").unwrap_or_else(|| "/sbin/nologin".to_owned()),
                    home_owner: variables.get("_ACCT_USER_HOME_OWNER").unwrap_or_default().to_owned(),
                    home_mode: variables.get("_ACCT_USER_HOME_PERMS").and_then(|mode| u16::from_str_radix(mode, 8).ok()),
                }))
            }
            _ => None,
        }
    }

    /// Adds it, unless there is one of its name.
    pub(super) fn add(&self, tree: &mut Tree, time: Time) -> Result<(), MergeError> {
        match self {
            Self::Group { name, id } => {
                let mut groups = Table::read(tree, "/etc/group", 0o644)?;
                if groups.has(name) {
                    return Ok(());
                }
                let Some(id) = groups.choose(*id) else { return Ok(()) };
                groups.append(format!("{name}:x:{id}:"));
                groups.write(tree, time)?;
                let mut passwords = Table::read(tree, "/etc/gshadow", 0o640)?;
                if passwords.exists {
                    passwords.append(format!("{name}:!::"));
                    passwords.write(tree, time)?;
                }
                Ok(())
            }
            Self::User(user) => user.add(tree, time),
        }
    }

    /// Makes its home its own, once that is there.
    pub(super) fn give_home(&self, tree: &mut Tree) -> Result<(), MergeError> {
        let Self::User(user) = self else { return Ok(()) };
        let home = tree.resolve(user.home.as_bytes()).ok().filter(|id| matches!(tree.node(*id).kind, Kind::Directory(_)));
        let Some(home) = home.filter(|_| user.home != "/dev/null") else { return Ok(()) };
        let (owner, group) = match user.home_owner.split_once(':') {
            Some((owner, group)) => (owner, group),
            None if user.home_owner.is_empty() => (user.name.as_str(), user.groups.first().map_or("", String::as_str)),
            None => (user.home_owner.as_str(), ""),
        };
        let uid = Table::read(tree, "/etc/passwd", 0o644)?.id(owner);
        let gid = Table::read(tree, "/etc/group", 0o644)?.id(group);
        let metadata = &mut tree.node_mut(home).metadata;
        metadata.uid = uid.unwrap_or(metadata.uid);
        metadata.gid = gid.unwrap_or(metadata.gid);
        metadata.mode = user.home_mode.unwrap_or(metadata.mode);
        Ok(())
    }
}

impl User {
    fn add(&self, tree: &mut Tree, time: Time) -> Result<(), MergeError> {
        let mut users = Table::read(tree, "/etc/passwd", 0o644)?;
        let mut groups = Table::read(tree, "/etc/group", 0o644)?;
        let group = self.groups.first().and_then(|group| groups.id(group));
        let (Some(group), false) = (group, users.has(&self.name)) else { return Ok(()) };
        let Some(id) = users.choose(self.id) else { return Ok(()) };
        let Self { name, comment, home, shell, .. } = self;
        users.append(format!("{name}:x:{id}:{group}:{comment}:{home}:{shell}"));
        users.write(tree, time)?;
        let mut passwords = Table::read(tree, "/etc/shadow", 0o640)?;
        passwords.append(format!("{name}:!:{}::::::", time.seconds / DAY));
        passwords.write(tree, time)?;
        for group in self.groups.iter().skip(1) {
            groups.add_member(group, name);
        }
        if self.groups.len() > 1 {
            groups.write(tree, time)?;
        }
        Ok(())
    }
}

/// A number, or none for `-1`, which means any.
fn id(text: &str) -> Option<Option<u32>> {
    match text {
        "-1" => Some(None),
        number => number.parse().ok().filter(|id| *id < u32::MAX).map(Some),
    }
}

/// A name that the account files can hold.
fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.+-$".contains(&byte))
}

/// A text that they can hold.
fn is_field(text: &str) -> bool {
    !text.contains(|character: char| character == ':' || character.is_control())
}

/// A file of lines of fields parted by colons, as `/etc/passwd` is.
#[derive(Debug)]
struct Table {
    path: &'static str,
    exists: bool,
    lines: Vec<String>,
    metadata: Metadata,
}

impl Table {
    /// A file that is missing is an empty one, which gets `mode`.
    fn read(tree: &Tree, path: &'static str, mode: u16) -> Result<Self, MergeError> {
        let Ok(id) = tree.resolve(path.as_bytes()) else {
            return Ok(Self { path, exists: false, lines: Vec::new(), metadata: Metadata::root(mode, Time::default()) });
        };
        let bytes = tree.read(id, LONGEST).map_err(|source| MergeError::root(path, source))?;
        // Written back, other bytes would be others.
        let text = String::from_utf8(bytes).ok().ok_or(MergeError::NoText { path })?;
        Ok(Self { path, exists: true, lines: text.lines().map(str::to_owned).collect(), metadata: tree.node(id).metadata.clone() })
    }

    fn has(&self, name: &str) -> bool {
        self.lines.iter().any(|line| line.split(':').next() == Some(name))
    }

    fn id(&self, name: &str) -> Option<u32> {
        self.lines.iter().find(|line| line.split(':').next() == Some(name))?.split(':').nth(2)?.parse().ok()
    }

    /// The number that is wanted if it is free, else the highest free one.
    fn choose(&self, wanted: Option<u32>) -> Option<u32> {
        let is_free = |id: &u32| !self.lines.iter().any(|line| line.split(':').nth(2) == Some(id.to_string().as_str()));
        wanted.filter(is_free).or_else(|| SYSTEM_IDS.rev().find(is_free))
    }

    fn append(&mut self, line: String) {
        self.lines.push(line);
    }

    fn add_member(&mut self, group: &str, member: &str) {
        for line in self.lines.iter_mut().filter(|line| line.split(':').next() == Some(group)) {
            let members = line.rsplit(':').next().unwrap_or_default();
            if !members.split(',').any(|known| known == member) {
                let comma = if members.is_empty() { "" } else { "," };
                *line = format!("{line}{comma}{member}");
            }
        }
    }

    fn write(&self, tree: &mut Tree, time: Time) -> Result<(), MergeError> {
        let text = self.lines.iter().fold(String::new(), |text, line| text + line + "\n");
        let metadata = Metadata { mtime: time, ..self.metadata.clone() };
        let written = tree.write(self.path.as_bytes(), text.into_bytes(), metadata);
        written.map(drop).map_err(|source| MergeError::root(self.path, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(tree: &Tree, path: &str) -> String {
        String::from_utf8(tree.read(tree.resolve(path.as_bytes()).unwrap(), LONGEST).unwrap()).unwrap()
    }

    fn account(category: &str, variables: &str) -> Option<Account> {
        Account::read(Some(category), &Variables::parse(variables))
    }

    #[test]
    fn accounts_are_merged_into_those_that_are_there() {
        let mut tree = Tree::default();
        let time = Time::from_seconds(20 * DAY);
        let put = |tree: &mut Tree, path: &str, mode, text: &str| {
            tree.write(path.as_bytes(), text.as_bytes().to_vec(), Metadata::root(mode, time)).unwrap();
        };
        put(&mut tree, "/etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/sh\nother:x:123:5::/:/x\n");
        put(&mut tree, "/etc/group", 0o644, "root:x:0:\nmail:x:12:someone\n");
        put(&mut tree, "/etc/shadow", 0o600, "root:*:9797:0:::::\n");
        tree.make_directory(b"/var/lib/ntp", time).unwrap();
        let group = account("acct-group", "declare -- ACCT_GROUP_NAME=\"ntp\"\ndeclare -- ACCT_GROUP_ID=\"123\"\n").unwrap();
        let user = "declare -- ACCT_USER_NAME=\"ntp\"\ndeclare -- _ACCT_USER_ID=\"123\"\ndeclare -- _ACCT_USER_GROUPS=\"ntp mail\"\n\
                    declare -- _ACCT_USER_COMMENT=\"user for ntp\"\ndeclare -- _ACCT_USER_HOME=\"/var/lib/ntp\"\ndeclare -- _ACCT_USER_HOME_PERMS=\"0750\"\n";
        let user = account("acct-user", user).unwrap();
        for account in [&group, &user, &group, &user] {
            account.add(&mut tree, time).unwrap();
        }
        user.give_home(&mut tree).unwrap();
        assert!(text(&tree, "/etc/passwd").ends_with("\nntp:x:999:123:user for ntp:/var/lib/ntp:/sbin/nologin\n"), "123 is taken");
        assert_eq!(text(&tree, "/etc/group"), "root:x:0:\nmail:x:12:someone,ntp\nntp:x:123:\n");
        assert_eq!(text(&tree, "/etc/shadow"), "root:*:9797:0:::::\nntp:!:20::::::\n");
        let home = &tree.node(tree.resolve(b"/var/lib/ntp").unwrap()).metadata;
        assert_eq!((home.uid, home.gid, home.mode), (999, 123, 0o750));
        assert_eq!(tree.node(tree.resolve(b"/etc/shadow").unwrap()).metadata.mode, 0o600);
    }

    #[test]
    fn a_file_that_is_no_text_stays_as_it_is() {
        let mut tree = Tree::default();
        tree.write(b"/etc/group", b"gr\xfcn:x:5:\n".to_vec(), Metadata::root(0o644, Time::default())).unwrap();
        let group = account("acct-group", "declare -- ACCT_GROUP_NAME=\"a\"\ndeclare -- ACCT_GROUP_ID=\"7\"\n").unwrap();
        assert!(matches!(group.add(&mut tree, Time::default()), Err(MergeError::NoText { path: "/etc/group" })));
    }

    #[test]
    fn what_no_file_can_hold_is_no_account() {
        assert_eq!(account("acct-group", "declare -- ACCT_GROUP_NAME=\"a:b\"\ndeclare -- ACCT_GROUP_ID=\"1\"\n"), None);
        assert_eq!(account("acct-group", "declare -- ACCT_GROUP_NAME=\"a\"\n"), None);
        assert_eq!(account("acct-group", "declare -- ACCT_GROUP_NAME=\"a\"\ndeclare -- ACCT_GROUP_ID=\"4294967295\"\n"), None);
        assert_eq!(account("sys-apps", "declare -- ACCT_GROUP_NAME=\"a\"\ndeclare -- ACCT_GROUP_ID=\"1\"\n"), None);
    }
}
