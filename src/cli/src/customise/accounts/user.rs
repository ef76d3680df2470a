use rootfs_plugin::User;
use rootfs_tree::{Entry, Kind, Metadata, Node};

use super::database::Database;
use crate::customise::CustomiseError;
use crate::customise::edit::{Editor, at};

/// Adds a user as useradd(8) does with a group of the same name, and a home directory from `/etc/skel`.
pub(super) fn add(editor: &mut Editor<'_>, database: &mut Database, user: &User, hash: Option<&str>) -> Result<(), CustomiseError> {
    let name = user.name.as_bytes();
    let exists = |kind| CustomiseError::Exists { kind, name: user.name.clone() };
    if database.passwd.row(name).is_some() {
        return Err(exists("user"));
    }
    if database.group.row(name).is_some() {
        return Err(exists("group"));
    }
    let (uid, gid) = ids(database, user)?;
    let home = format!("/home/{}", user.name);
    let shell = if editor.find(b"/bin/bash").is_some() { "/bin/bash" } else { "/bin/sh" };
    let (name, uid_text, gid_text) = (user.name.as_str(), uid.to_string(), gid.to_string());
    database.passwd.push(row([name, "x", &uid_text, &gid_text, "", &home, shell]));
    let day = String::from_utf8_lossy(&database.day).into_owned();
    database.shadow.push(row([name, hash.unwrap_or("!"), &day, "0", "99999", "7", "", "", ""]));
    database.group.push(row([name, "x", &gid_text, ""]));
    if let Some(gshadow) = &mut database.gshadow {
        gshadow.push(row([name, "!", "", ""]));
    }
    for group in &user.groups {
        join(database, group, name)?;
    }
    make_home(editor, home.as_bytes(), uid, gid)
}

fn row<const N: usize>(fields: [&str; N]) -> Vec<Vec<u8>> {
    fields.map(|field| field.as_bytes().to_vec()).into()
}

/// The user id as asked for or the first free one, and the same group id where it is free too.
fn ids(database: &Database, user: &User) -> Result<(u32, u32), CustomiseError> {
    let of = |table: &super::Table| table.rows().map(|row| table.number(&row[2])).collect::<Result<Vec<u32>, _>>();
    let (uids, gids) = (of(&database.passwd)?, of(&database.group)?);
    let free = |taken: &[u32]| (1000..60000).find(|id| !taken.contains(id)).ok_or(CustomiseError::NoFreeId);
    let uid = match user.uid {
        Some(uid) if uids.contains(&uid) => return Err(CustomiseError::Exists { kind: "user id", name: uid.to_string() }),
        Some(uid) => uid,
        None => free(&uids)?,
    };
    Ok((uid, if gids.contains(&uid) { free(&gids)? } else { uid }))
}

fn join(database: &mut Database, group: &str, user: &str) -> Result<(), CustomiseError> {
    let missing = || CustomiseError::NoGroup { name: group.to_owned(), user: user.to_owned() };
    let row = database.group.row_mut(group.as_bytes()).ok_or_else(missing)?;
    add_member(&mut row[3], user);
    if let Some(row) = database.gshadow.as_mut().and_then(|table| table.row_mut(group.as_bytes())) {
        add_member(&mut row[3], user);
    }
    Ok(())
}

fn add_member(members: &mut Vec<u8>, user: &str) {
    if members.split(|byte| *byte == b',').any(|member| member == user.as_bytes()) {
        return;
    }
    if !members.is_empty() {
        members.push(b',');
    }
    members.extend_from_slice(user.as_bytes());
}

fn make_home(editor: &mut Editor<'_>, home: &[u8], uid: u32, gid: u32) -> Result<(), CustomiseError> {
    let owned = |mode| Metadata { uid, gid, ..Metadata::root(mode, editor.mtime) };
    editor.directory_as(home, owned(0o700))?;
    let Some(skel) = editor.find(b"/etc/skel") else { return Ok(()) };
    let below: Vec<Entry> = below(editor, skel);
    for entry in below {
        let node = editor.tree.node(entry.id);
        let kind = if matches!(node.kind, Kind::Directory(_)) { Kind::directory() } else { node.kind.clone() };
        let metadata = Metadata { uid, gid, ..node.metadata.clone() };
        let path = [home, entry.path.as_slice()].concat();
        if editor.entry(&path).is_none() {
            editor.tree.place(&path, Node { metadata, kind, package: None }).map_err(at(&path))?;
        }
    }
    Ok(())
}

/// All that is below a directory, by paths that begin there.
fn below(editor: &Editor<'_>, directory: rootfs_tree::NodeId) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut pending = vec![Entry { path: Vec::new(), id: directory }];
    while let Some(entry) = pending.pop() {
        if let Kind::Directory(entries) = &editor.tree.node(entry.id).kind {
            let children = entries.iter().map(|(name, id)| Entry { path: [&entry.path, b"/".as_slice(), name].concat(), id: *id });
            pending.extend(children.collect::<Vec<_>>());
        }
        if entry.id != directory {
            found.push(entry);
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}
