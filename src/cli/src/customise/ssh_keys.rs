use rootfs_plugin::Request;
use rootfs_tree::Metadata;

use super::edit::Editor;
use super::{CustomiseError, accounts};

/// Lets the keys log in as root and as every added user. sshd refuses files that others can write, so modes and owners are exact.
pub(super) fn authorise(editor: &mut Editor<'_>, request: &Request) -> Result<(), CustomiseError> {
    if request.ssh_keys.is_empty() {
        return Ok(());
    }
    let names = std::iter::once("root").chain(request.users.iter().map(|user| user.name.as_str()));
    for name in names {
        let missing = || CustomiseError::Missing { path: "/etc/passwd".to_owned(), package: "base-passwd" };
        let (home, uid, gid) = accounts::home(editor, name)?.ok_or_else(missing)?;
        let owned = |mode| Metadata { uid, gid, ..Metadata::root(mode, editor.mtime) };
        let (directory_metadata, file_metadata) = (owned(0o700), owned(0o600));
        let directory = [home.as_slice(), b"/.ssh"].concat();
        editor.directory_as(&directory, directory_metadata)?;
        let file = [directory.as_slice(), b"/authorized_keys"].concat();
        let content = with_keys(editor.read(&file)?.unwrap_or_default(), &request.ssh_keys);
        editor.write_as(&file, content, file_metadata)?;
    }
    Ok(())
}

fn with_keys(mut content: Vec<u8>, keys: &[String]) -> Vec<u8> {
    if content.last().is_some_and(|last| *last != b'\n') {
        content.push(b'\n');
    }
    for key in keys {
        if !content.split(|byte| *byte == b'\n').any(|line| line == key.as_bytes()) {
            content.extend_from_slice(key.as_bytes());
            content.push(b'\n');
        }
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_added_once() {
        let keys = ["ssh-a 1".to_owned(), "ssh-b 2".to_owned()];
        assert_eq!(with_keys(b"ssh-a 1".to_vec(), &keys), b"ssh-a 1\nssh-b 2\n");
        assert_eq!(with_keys(Vec::new(), &keys), b"ssh-a 1\nssh-b 2\n");
    }
}
