mod database;
mod hash;
mod table;
mod user;

use rootfs_plugin::{Password, Plan, Request};

use super::CustomiseError;
use super::edit::Editor;
use database::Database;

pub(super) use database::day;
pub(super) use table::{Format, Table};

/// Sets root's password or locks root, and adds users with their groups and home directories.
pub(super) fn set(editor: &mut Editor<'_>, plan: &Plan, request: &Request) -> Result<(), CustomiseError> {
    if request.users.is_empty() && request.root_password.is_none() && editor.find(b"/etc/shadow").is_none() {
        return Ok(());
    }
    let mut database = Database::read(editor)?;
    let crypt = |user: &str, password: &Password| hash::crypt(user, password, &salted(plan, request));
    let root = request.root_password.as_ref().map(|password| crypt("root", password)).transpose()?;
    database.set_root(root.as_deref());
    for wanted in &request.users {
        let password = wanted.password.as_ref().map(|password| crypt(&wanted.name, password)).transpose()?;
        user::add(editor, &mut database, wanted, password.as_deref())?;
    }
    database.write(editor)
}

/// What a salt is derived from, besides the user: public, and the same for the same build.
fn salted(plan: &Plan, request: &Request) -> String {
    format!("{}\n{}\n{}", plan.distribution, plan.release, request.hostname.as_deref().unwrap_or_default())
}

/// Where the user's home directory is, and whose: path, user id, group id.
pub(super) fn home(editor: &Editor<'_>, name: &str) -> Result<Option<(Vec<u8>, u32, u32)>, CustomiseError> {
    let Some(text) = editor.read(b"/etc/passwd")? else { return Ok(None) };
    let passwd = Table::parse(Format::PASSWD, &text)?;
    let Some(row) = passwd.row(name.as_bytes()) else { return Ok(None) };
    let (uid, gid) = (passwd.number(&row[2])?, passwd.number(&row[3])?);
    Ok(Some((row[5].clone(), uid, gid)))
}

#[cfg(test)]
mod tests;
