use rootfs_plugin::RegeneratedSecret;
use rootfs_tree::Kind;

use super::edit::Editor;
use super::{CustomiseError, pattern, unit};

/// Takes secrets out, and leaves a unit that makes new ones at the first boot. Nothing happens when there are none.
pub(super) fn apply(editor: &mut Editor<'_>, secret: &RegeneratedSecret) -> Result<(), CustomiseError> {
    let found: Vec<Vec<u8>> = secret.paths.iter().flat_map(|path| pattern::matches(editor.tree, path.as_bytes())).collect();
    if found.is_empty() {
        return Ok(());
    }
    for path in &found {
        editor.remove(path)?;
        remove_links_to(editor, path)?;
    }
    if !editor.has_systemd() {
        editor.notes.push(format!("nothing in the guest will make {} again: it has no systemd", secret.paths.join(", ")));
        return Ok(());
    }
    let name = format!("{}.service", secret.name);
    editor.write(format!("/etc/systemd/system/{name}").as_bytes(), unit_text(secret).into_bytes(), 0o644)?;
    unit::enable(editor, &name)
}

/// Links beside a removed file that meant it, such as a certificate's by its hash.
fn remove_links_to(editor: &mut Editor<'_>, path: &[u8]) -> Result<(), CustomiseError> {
    let split = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    let (directory, name) = (&path[..split], &path[split + 1..]);
    let beside = pattern::matches(editor.tree, &[directory, b"/*"].concat());
    let means = |link: &Vec<u8>| {
        let Some(id) = editor.entry(link) else { return false };
        matches!(&editor.tree.node(id).kind, Kind::Symlink(target) if &**target == name || &**target == path)
    };
    let links: Vec<Vec<u8>> = beside.into_iter().filter(means).collect();
    links.iter().try_for_each(|link| editor.remove(link).map(drop))
}

/// The unit runs before sysinit.target, and so before every service with default dependencies; `before` is for those without.
fn unit_text(secret: &RegeneratedSecret) -> String {
    let first = secret.paths.first().map_or("", String::as_str);
    let condition = if first.contains('*') { "ConditionPathExistsGlob" } else { "ConditionPathExists" };
    let RegeneratedSecret { command, before, .. } = secret;
    format!(
        "[Unit]\n\
         Description=Make the secrets that this guest alone has ({first})\n\
         DefaultDependencies=no\n\
         Conflicts=shutdown.target\n\
         After=local-fs.target\n\
         Before=sysinit.target shutdown.target {}\n\
         {condition}=!{first}\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         RemainAfterExit=yes\n\
         ExecStart={command}\n\
         \n\
         [Install]\n\
         WantedBy=sysinit.target\n",
        before.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use rootfs_tree::{Time, Tree};

    use super::*;

    fn secret() -> RegeneratedSecret {
        RegeneratedSecret {
            name: "regenerate-keys".into(),
            paths: vec!["/etc/ssh/ssh_host_*_key".into(), "/etc/ssh/ssh_host_*_key.pub".into()],
            command: "/usr/bin/ssh-keygen -A".into(),
            before: vec!["ssh.service".into(), "ssh.socket".into()],
        }
    }

    fn tree(systemd: bool, keys: bool) -> Tree {
        let mut tree = Tree::default();
        let mut editor = Editor::new(&mut tree, Time::default());
        editor.write(b"/etc/ssh/sshd_config", vec![], 0o644).unwrap();
        if systemd {
            editor.write(b"/usr/lib/systemd/systemd", vec![], 0o755).unwrap();
        }
        if keys {
            editor.write(b"/etc/ssh/ssh_host_rsa_key", b"secret".to_vec(), 0o600).unwrap();
            editor.write(b"/etc/ssh/ssh_host_rsa_key.pub", vec![], 0o644).unwrap();
            editor.link(b"/etc/ssh/by-hash", b"ssh_host_rsa_key").unwrap();
        }
        tree
    }

    fn paths(tree: &Tree, below: &str) -> Vec<String> {
        let paths = tree.walk().map(|entry| entry.path.escape_ascii().to_string());
        paths.filter(|path| path.starts_with(below)).collect()
    }

    #[test]
    fn secrets_go_and_a_unit_makes_them_again() {
        let mut tree = tree(true, true);
        apply(&mut Editor::new(&mut tree, Time::default()), &secret()).unwrap();
        assert_eq!(paths(&tree, "/etc/ssh/"), ["/etc/ssh/sshd_config"]);
        assert_eq!(
            paths(&tree, "/etc/systemd/system/sysinit"),
            ["/etc/systemd/system/sysinit.target.wants", "/etc/systemd/system/sysinit.target.wants/regenerate-keys.service"]
        );
        let id = tree.lookup(b"/etc/systemd/system/regenerate-keys.service").unwrap();
        let text = String::from_utf8(tree.inline(id).unwrap().to_vec()).unwrap();
        assert!(text.contains("\nConditionPathExistsGlob=!/etc/ssh/ssh_host_*_key\n"), "{text}");
        assert!(text.contains("\nBefore=sysinit.target shutdown.target ssh.service ssh.socket\n"), "{text}");
    }

    #[test]
    fn without_secrets_nothing_changes() {
        let mut tree = tree(true, false);
        apply(&mut Editor::new(&mut tree, Time::default()), &secret()).unwrap();
        assert!(paths(&tree, "/etc/systemd").is_empty());
    }

    #[test]
    fn without_systemd_the_user_is_told() {
        let mut tree = tree(false, true);
        let mut editor = Editor::new(&mut tree, Time::default());
        apply(&mut editor, &secret()).unwrap();
        assert_eq!(editor.notes.len(), 1);
        assert_eq!(paths(&tree, "/etc/ssh/"), ["/etc/ssh/sshd_config"]);
    }
}
