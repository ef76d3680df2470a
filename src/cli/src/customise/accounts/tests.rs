use rootfs_plugin::User;
use rootfs_tree::{Time, Tree};

use super::user::add;
use super::*;

const EPOCH: i64 = 20_000 * 86_400;

fn tree() -> Tree {
    let mut tree = Tree::default();
    let mut editor = Editor::new(&mut tree, Time::default());
    for (path, text, mode) in [
        ("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nold:x:1000:1000::/home/old:/bin/sh\n", 0o644),
        ("/etc/shadow", "root:*:19000:0:99999:7:::\nold:!:19000:0:99999:7:::\n", 0o640),
        ("/etc/group", "root:x:0:\nsudo:x:27:old\nold:x:1000:\ntaken:x:1001:\n", 0o644),
        ("/etc/gshadow", "root:*::\nsudo:*::old\nold:!::\ntaken:!::\n", 0o640),
        ("/etc/skel/.bashrc", "rc", 0o644),
        ("/etc/skel/.config/x", "x", 0o600),
        ("/bin/bash", "", 0o755),
    ] {
        editor.write(path.as_bytes(), text.into(), mode).unwrap();
    }
    tree
}

fn text(tree: &Tree, path: &str) -> String {
    String::from_utf8(tree.inline(tree.lookup(path.as_bytes()).unwrap()).unwrap().to_vec()).unwrap()
}

fn user(name: &str) -> User {
    User { name: name.into(), password: None, uid: None, groups: vec![] }
}

fn added(user: &User) -> Result<Tree, CustomiseError> {
    let mut tree = tree();
    let mut editor = Editor::new(&mut tree, Time::from_seconds(EPOCH));
    let mut database = Database::read(&editor)?;
    add(&mut editor, &mut database, user, Some("$6$x"))?;
    database.write(&mut editor)?;
    Ok(tree)
}

#[test]
fn a_user_gets_ids_groups_and_a_home() {
    let tree = added(&User { groups: vec!["sudo".into()], ..user("ann") }).unwrap();
    assert!(text(&tree, "/etc/passwd").ends_with("\nann:x:1001:1002::/home/ann:/bin/bash\n"));
    assert!(text(&tree, "/etc/shadow").ends_with("\nann:$6$x:20000:0:99999:7:::\n"));
    assert!(text(&tree, "/etc/group").contains("sudo:x:27:old,ann\n"));
    assert!(text(&tree, "/etc/gshadow").contains("sudo:*::old,ann\n"));
    let home = tree.node(tree.lookup(b"/home/ann").unwrap());
    assert_eq!((home.metadata.mode, home.metadata.uid, home.metadata.gid), (0o700, 1001, 1002));
    let file = tree.node(tree.lookup(b"/home/ann/.config/x").unwrap());
    assert_eq!((file.metadata.mode, file.metadata.uid), (0o600, 1001));
    assert_eq!(tree.node(tree.lookup(b"/etc/shadow").unwrap()).metadata.mode, 0o640);
}

#[test]
fn what_is_taken_is_refused() {
    for (user, expected) in [
        (user("old"), "the user `old` exists already"),
        (user("sudo"), "the group `sudo` exists already"),
        (User { uid: Some(1000), ..user("ann") }, "the user id `1000` exists already"),
        (User { groups: vec!["kvm".into()], ..user("ann") }, "there is no group `kvm` for the user `ann`"),
    ] {
        assert_eq!(added(&user).unwrap_err().to_string(), expected);
    }
}

#[test]
fn root_is_locked_unless_it_has_a_password() {
    let root = |shadow: &str, hash: Option<&str>| {
        let mut tree = tree();
        let mut editor = Editor::new(&mut tree, Time::from_seconds(EPOCH));
        editor.write(b"/etc/shadow", shadow.into(), 0o640).unwrap();
        let mut database = Database::read(&editor).unwrap();
        database.set_root(hash);
        database.write(&mut editor).unwrap();
        text(&tree, "/etc/shadow")
    };
    assert_eq!(root("root::19000::::::\n", None), "root:*:19000::::::\n");
    assert_eq!(root("root:!*:1::::::\n", None), "root:!*:1::::::\n");
    assert_eq!(root("root:*:1::::::\n", Some("$6$h")), "root:$6$h:20000::::::\n");
}

#[test]
fn a_tree_without_shadow_says_what_is_missing() {
    let mut tree = tree();
    let mut editor = Editor::new(&mut tree, Time::default());
    editor.remove(b"/etc/shadow").unwrap();
    let error = Database::read(&editor).unwrap_err();
    assert_eq!((error.to_string(), error.hint()), ("the tree has no `/etc/shadow`".into(), Some("add the package passwd".into())));
}

#[test]
fn the_home_is_the_one_that_passwd_says() {
    let mut tree = tree();
    let editor = Editor::new(&mut tree, Time::default());
    assert_eq!(home(&editor, "old").unwrap(), Some((b"/home/old".to_vec(), 1000, 1000)));
    assert_eq!(home(&editor, "ann").unwrap(), None);
}
