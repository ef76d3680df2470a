//! Users and groups as BusyBox's `addgroup` and `adduser` add them.

mod files;
mod script;

use rootfs_tree::{Time, Tree};

use super::InstallError;
use files::Table;

pub(super) use script::{AccountScript, parse_account_script};

/// One line of such a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// `addgroup -S [-g GID] NAME`
    Group { name: String, gid: Option<u32> },
    /// `addgroup USER GROUP`
    Member { user: String, group: String },
    /// `adduser -S -D -H -h HOME -s SHELL -G GROUP [-g GECOS] NAME`
    User { name: String, group: String, gecos: String, home: String, shell: String },
}

/// What is free for systems' own accounts, as BusyBox is configured.
const SYSTEM_IDS: std::ops::RangeInclusive<u32> = 100..=999;

/// Days since 1970 are what a password's last change is counted in.
const DAY: i64 = 86_400;

/// The files that accounts are in.
#[derive(Debug)]
pub(super) struct Accounts {
    passwd: Table,
    group: Table,
    shadow: Table,
    /// BusyBox keeps groups' passwords in there when it is there, which nothing here does.
    has_gshadow: bool,
}

impl Accounts {
    pub(super) fn read(tree: &Tree) -> Self {
        let table = |path| Table::read(tree, path);
        let has_gshadow = tree.resolve(b"/etc/gshadow").is_ok();
        Self { passwd: table("/etc/passwd"), group: table("/etc/group"), shadow: table("/etc/shadow"), has_gshadow }
    }

    /// Does what a script does; false, and nothing is done, when it would fail or can't be done here.
    pub(super) fn run(mut self, script: &AccountScript, tree: &mut Tree, time: Time) -> Result<bool, InstallError> {
        if self.has_gshadow {
            return Ok(false);
        }
        let mut after = tree.clone();
        let mut succeeded = true;
        for line in &script.lines {
            succeeded = self.apply(&line.command, &mut after, time)? || line.may_fail;
        }
        if succeeded || script.ends_well {
            *tree = after;
            return Ok(true);
        }
        Ok(false)
    }

    /// Does what a line does; false when that fails, as the command would.
    pub(super) fn apply(&mut self, command: &Command, tree: &mut Tree, time: Time) -> Result<bool, InstallError> {
        match command {
            Command::Group { name, gid } => self.add_group(name, *gid, tree, time),
            Command::Member { user, group } => self.add_member(user, group, tree, time),
            Command::User { name, group, gecos, home, shell } => {
                let gid = self.group.id(group);
                let uid = self.passwd.free_id(SYSTEM_IDS);
                let (Some(gid), Some(uid)) = (gid, uid) else { return Ok(false) };
                if self.passwd.has(name) || !self.passwd.exists() {
                    return Ok(false);
                }
                self.passwd.append(&format!("{name}:x:{uid}:{gid}:{gecos}:{home}:{shell}"), tree, time)?;
                if self.shadow.exists() {
                    self.shadow.append(&format!("{name}:!:{}:0:99999:7:::", time.seconds / DAY), tree, time)?;
                }
                self.add_member(name, group, tree, time)
            }
        }
    }

    fn add_group(&mut self, name: &str, gid: Option<u32>, tree: &mut Tree, time: Time) -> Result<bool, InstallError> {
        if self.group.has(name) || !self.group.exists() {
            return Ok(false);
        }
        let gid = match gid {
            Some(gid) if self.group.has_id(gid) => None,
            Some(gid) => Some(gid),
            None => self.group.free_id(SYSTEM_IDS),
        };
        let Some(gid) = gid else { return Ok(false) };
        self.group.append(&format!("{name}:x:{gid}:"), tree, time)?;
        Ok(true)
    }

    fn add_member(&mut self, user: &str, group: &str, tree: &mut Tree, time: Time) -> Result<bool, InstallError> {
        let Some(members) = self.group.last_field(group).filter(|_| self.passwd.has(user)) else { return Ok(false) };
        if members.split(',').any(|member| member == user) {
            return Ok(true);
        }
        let members = if members.is_empty() { user.to_owned() } else { format!("{members},{user}") };
        self.group.set_last_field(group, &members, tree, time)?;
        Ok(true)
    }
}
