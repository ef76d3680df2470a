use super::*;

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    let mut editor = Editor::new(&mut tree, Time::from_seconds(2_000_000_000));
    for (path, content) in files {
        editor.write(path.as_bytes(), content.as_bytes().to_vec(), 0o644).unwrap();
    }
    tree
}

#[test]
fn what_tells_of_the_build_is_gone_and_the_rest_stays() {
    let mut tree = tree(&[
        ("/var/log/dpkg.log", "x"),
        ("/var/log/btmp", "x"),
        ("/var/log/mine.log", "x"),
        ("/var/lib/dpkg/status", "x"),
        ("/var/lib/dpkg/status-old", "x"),
        ("/etc/machine-id", "abc"),
        ("/run/lock/x", ""),
        ("/run/left", ""),
        ("/run/owned/x", ""),
        ("/tmp/a/b", ""),
    ]);
    let package = tree.add_package("base-files");
    let owned = tree.lookup(b"/run/owned").unwrap();
    tree.node_mut(owned).package = Some(package);
    let lines = normalise(&mut tree, 1_000_000_000).unwrap();
    assert!(lines.contains(&"/etc/machine-id: every guest makes its own".to_owned()), "{lines:?}");
    let files: Vec<String> =
        tree.walk().filter_map(|entry| Some(format!("{} {}", entry.path.escape_ascii(), tree.file(entry.id)?.length))).collect();
    assert_eq!(files, ["/etc/machine-id 0", "/run/owned/x 0", "/var/lib/dpkg/status 1", "/var/log/btmp 0", "/var/log/mine.log 1"]);
    assert!(tree.lookup(b"/run/lock").is_ok());
    assert_eq!(normalise(&mut tree, 1_000_000_000).unwrap(), [""; 0]);
    assert!(tree.walk().all(|entry| tree.node(entry.id).metadata.mtime <= Time::from_seconds(1_000_000_000)));
}

#[test]
fn no_password_is_younger_than_the_epoch() {
    let mut tree = tree(&[("/etc/shadow", "a:*:20000::::::\nb:*:5::::::\nc:*:::::::\n")]);
    normalise(&mut tree, 10_000 * 86_400).unwrap();
    let id = tree.lookup(b"/etc/shadow").unwrap();
    assert_eq!(&**tree.inline(id).unwrap(), b"a:*:10000::::::\nb:*:5::::::\nc:*:::::::\n");
}
