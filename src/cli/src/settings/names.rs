use rootfs_plugin::User;

use super::password::Reader;
use crate::setting_error::SettingError;
use crate::sourced::Sourced;
use crate::wishes::UserWish;

/// The name of a file below `/usr/bin`, which is also a unit's name.
pub(super) fn agent(said: &Sourced<String>) -> Result<String, SettingError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte);
    if said.value.starts_with(['.', '-']) || !said.value.bytes().all(allowed) {
        return Err(SettingError::invalid(said, "expected the name of a file, of letters, digits, `.`, `_`, `-` and `+`"));
    }
    Ok(said.value.clone())
}

/// A host name as hostname(7) has it.
pub(super) fn host(said: &Sourced<String>) -> Result<String, SettingError> {
    let label = |label: &str| {
        let inside = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        inside && !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    if said.value.len() > 64 || !said.value.split('.').all(label) {
        return Err(SettingError::invalid(said, "expected labels of letters, digits and `-` with dots between, 64 characters at most"));
    }
    Ok(said.value.clone())
}

/// A user whose name useradd(8) would take.
pub(super) fn user(said: &Sourced<UserWish>, passwords: &mut Reader) -> Result<User, SettingError> {
    let UserWish { name, password, uid, groups } = &said.value;
    let inside = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte));
    if !inside || name.len() > 32 || !name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_') {
        let reason = "expected a user name of lower-case letters, digits, `_` and `-`, 32 characters at most";
        return Err(SettingError::invalid(&said.with(name), reason));
    }
    if name == "root" {
        let hint = "its password is said by --root-password";
        return Err(SettingError::invalid_with_hint(&said.with(name), "root is always there", hint));
    }
    let password = password.as_ref().map(|password| passwords.read(&said.with(password.clone()))).transpose()?;
    Ok(User { name: name.clone(), password, uid: *uid, groups: groups.clone() })
}
