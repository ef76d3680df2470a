use rootfs_tree::{Time, Tree};

use super::*;

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    let mut editor = Editor::new(&mut tree, Time::default());
    for (path, content) in files {
        match content.strip_prefix("-> ") {
            Some(target) => editor.link(path.as_bytes(), target.as_bytes()).unwrap(),
            None => editor.write(path.as_bytes(), content.as_bytes().to_vec(), 0o644).unwrap(),
        }
    }
    tree
}

fn links(tree: &Tree) -> Vec<String> {
    let link = |entry: rootfs_tree::Entry| match &tree.node(entry.id).kind {
        Kind::Symlink(target) => Some(format!("{} -> {}", entry.path.escape_ascii(), target.escape_ascii())),
        _ => None,
    };
    tree.walk().filter_map(link).collect()
}

fn enabled(files: &[(&str, &str)], unit: &str) -> Result<Vec<String>, CustomiseError> {
    let mut tree = tree(files);
    enable(&mut Editor::new(&mut tree, Time::default()), unit)?;
    Ok(links(&tree))
}

#[test]
fn links_are_as_systemctl_makes_them() {
    let files = [
        (
            "/usr/lib/systemd/system/n.service",
            "[Install]\nWantedBy=multi-user.target\nRequiredBy=r.target\nAlias=dbus-n.service\nAlso=n.socket gone.service\n",
        ),
        ("/usr/lib/systemd/system/n.socket", "[Install]\nWantedBy=sockets.target\nAlso=n.service\n"),
    ];
    let expected = [
        "/etc/systemd/system/dbus-n.service -> /usr/lib/systemd/system/n.service",
        "/etc/systemd/system/multi-user.target.wants/n.service -> /usr/lib/systemd/system/n.service",
        "/etc/systemd/system/r.target.requires/n.service -> /usr/lib/systemd/system/n.service",
        "/etc/systemd/system/sockets.target.wants/n.socket -> /usr/lib/systemd/system/n.socket",
    ];
    assert_eq!(enabled(&files, "n.service").unwrap(), expected);
}

#[test]
fn a_template_has_its_default_instance_or_the_one_that_is_named() {
    let files = [("/usr/lib/systemd/system/g@.service", "[Install]\nWantedBy=getty.target\nDefaultInstance=tty1\nAlias=%p-%i.service\n")];
    let of = |instance: &str| {
        [
            format!("/etc/systemd/system/g-{instance}.service -> /usr/lib/systemd/system/g@.service"),
            format!("/etc/systemd/system/getty.target.wants/g@{instance}.service -> /usr/lib/systemd/system/g@.service"),
        ]
    };
    assert_eq!(enabled(&files, "g@.service").unwrap(), of("tty1"));
    assert_eq!(enabled(&files, "g@ttyS0.service").unwrap(), of("ttyS0"));
    let bare = [("/usr/lib/systemd/system/g@.service", "[Install]\nWantedBy=x.target\n")];
    assert_eq!(
        enabled(&bare, "g@.service").unwrap_err().to_string(),
        "the unit `g@.service` can't be enabled: it is a template without DefaultInstance"
    );
}

#[test]
fn a_unit_of_the_administrators_hides_the_packages_one() {
    let files = [
        ("/usr/lib/systemd/system/a.service", "[Install]\nWantedBy=x.target\n"),
        ("/etc/systemd/system/a.service", "[Install]\nWantedBy=y.target\n"),
    ];
    assert_eq!(enabled(&files, "a.service").unwrap(), ["/etc/systemd/system/y.target.wants/a.service -> /etc/systemd/system/a.service"]);
}

#[test]
fn another_name_enables_the_unit_itself() {
    let files = [("/lib/systemd/system/a.service", "[Install]\nWantedBy=x.target\n"), ("/lib/systemd/system/b.service", "-> a.service")];
    let links = enabled(&files, "b.service").unwrap();
    assert_eq!(links[0], "/etc/systemd/system/x.target.wants/a.service -> /lib/systemd/system/a.service");
}

#[test]
fn what_is_masked_missing_or_hostile_is_refused() {
    let masked = [("/etc/systemd/system/a.service", "-> /dev/null")];
    assert_eq!(enabled(&masked, "a.service").unwrap_err().to_string(), "the unit `a.service` can't be enabled: it is masked");
    assert_eq!(enabled(&[], "a.service").unwrap_err().to_string(), "the unit `a.service` is not in the tree");
    let hostile = [("/lib/systemd/system/a.service", "[Install]\nAlias=../../passwd\n")];
    assert!(enabled(&hostile, "a.service").is_err());
    let circle = [("/lib/systemd/system/a.service", "-> b.service"), ("/lib/systemd/system/b.service", "-> a.service")];
    assert!(enabled(&circle, "a.service").is_err());
}
