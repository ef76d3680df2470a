use std::path::PathBuf;

use rootfs_plugin::Architecture;
use rootfs_tree::{Time, Tree};

use super::*;
use crate::args::BuildArgs;

fn request(agent: &Path, name: Option<&str>, init: bool) -> Request {
    let args = BuildArgs {
        rootfs: Some("out".into()),
        store: Some("store".into()),
        agent: Some(agent.to_str().unwrap().into()),
        agent_name: name.map(str::to_owned),
        agent_init: Some(init),
        arch: Some(Architecture::X86_64.name().into()),
        ..BuildArgs::default()
    };
    let distro = rootfs_debian::debian();
    crate::settings::settle(distro, args, &std::iter::empty().collect(), &crate::settings::Host::default(), 0).unwrap().request
}

fn program(machine: u8) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("my-agent");
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(18, 0);
    bytes.extend([machine, 0]);
    fs_err::write(&path, bytes).unwrap();
    (directory, path)
}

fn tree() -> Tree {
    let mut tree = Tree::default();
    let mut editor = Editor::new(&mut tree, Time::default());
    editor.write(b"/usr/lib/systemd/systemd", vec![], 0o755).unwrap();
    editor.write(b"/usr/sbin/other", vec![], 0o755).unwrap();
    editor.link(b"/sbin", b"usr/sbin").unwrap();
    editor.link(b"/usr/sbin/init", b"/lib/systemd/systemd").unwrap();
    tree
}

fn kind(tree: &Tree, path: &str) -> Kind {
    tree.node(tree.lookup(path.as_bytes()).unwrap()).kind.clone()
}

#[test]
fn an_agent_has_an_enabled_unit() {
    let (_directory, path) = program(62);
    let mut tree = tree();
    install(&mut Editor::new(&mut tree, Time::default()), Architecture::X86_64, &request(&path, None, false)).unwrap();
    assert!(matches!(kind(&tree, "/usr/bin/my-agent"), Kind::File(file) if file.length == 20));
    let target = Kind::Symlink(b"/usr/lib/systemd/system/my-agent.service".as_slice().into());
    assert_eq!(kind(&tree, "/etc/systemd/system/multi-user.target.wants/my-agent.service"), target);
    assert_eq!(kind(&tree, "/sbin/init"), Kind::Symlink(b"/lib/systemd/systemd".as_slice().into()));
}

#[test]
fn an_agent_can_be_init_and_replaces_the_link_itself() {
    let (_directory, path) = program(62);
    let mut tree = tree();
    install(&mut Editor::new(&mut tree, Time::default()), Architecture::X86_64, &request(&path, Some("kata-agent"), true)).unwrap();
    assert_eq!(kind(&tree, "/usr/sbin/init"), Kind::Symlink(b"/usr/bin/kata-agent".as_slice().into()));
    assert!(tree.lookup(b"/usr/lib/systemd/system/kata-agent.service").is_err());
}

#[test]
fn our_own_agent_is_init_even_of_a_tree_without_systemd() {
    let (_directory, path) = program(62);
    let request = Request { agent: Agent::Default, ..request(&path, None, true) };
    let mut tree = Tree::default();
    let mut editor = Editor::new(&mut tree, Time::default());
    editor.write(b"/usr/sbin/other", vec![], 0o755).unwrap();
    editor.link(b"/sbin", b"usr/sbin").unwrap();
    install(&mut editor, Architecture::X86_64, &request).unwrap();
    assert_eq!(kind(&tree, "/usr/sbin/init"), Kind::Symlink(b"/usr/bin/rootfs-agent".as_slice().into()));
    assert!(matches!(kind(&tree, "/usr/bin/rootfs-agent"), Kind::File(file) if file.length == GUEST.len() as u64));
    assert!(tree.lookup(b"/usr/lib/systemd").is_err());
}

#[test]
fn an_agent_for_another_machine_is_refused() {
    let (_directory, path) = program(183);
    let error = install(&mut Editor::new(&mut tree(), Time::default()), Architecture::X86_64, &request(&path, None, false)).unwrap_err();
    assert_eq!(error.to_string(), format!("the agent {} is for aarch64, and the guest is x86_64", path.display()));
    fs_err::write(&path, "hello, this is not a program").unwrap();
    let error = install(&mut Editor::new(&mut tree(), Time::default()), Architecture::X86_64, &request(&path, None, false)).unwrap_err();
    assert!(error.to_string().ends_with("is neither an ELF program nor a script"));
}

#[test]
fn without_systemd_the_user_is_told() {
    let (_directory, path) = program(62);
    let mut tree = Tree::default();
    let mut editor = Editor::new(&mut tree, Time::default());
    install(&mut editor, Architecture::X86_64, &request(&path, None, false)).unwrap();
    assert_eq!(editor.notes, ["nothing in the guest will start /usr/bin/my-agent: it has no systemd, and no BusyBox with an /etc/inittab"]);
}

#[test]
fn busyboxs_init_starts_the_agent_by_its_table() {
    let (_directory, path) = program(62);
    let mut tree = Tree::default();
    let mut editor = Editor::new(&mut tree, Time::default());
    editor.write(b"/bin/busybox", vec![], 0o755).unwrap();
    editor.write(b"/etc/inittab", b"::sysinit:/etc/rc".to_vec(), 0o644).unwrap();
    install(&mut editor, Architecture::X86_64, &request(&path, None, false)).unwrap();
    install(&mut editor, Architecture::X86_64, &Request { agent: Agent::Own, ..request(&path, None, false) }).unwrap();
    install(&mut editor, Architecture::X86_64, &Request { agent: Agent::Default, ..request(&path, None, false) }).unwrap();
    let table = editor.read(b"/etc/inittab").unwrap().unwrap();
    assert_eq!(String::from_utf8(table).unwrap(), "::sysinit:/etc/rc\n::respawn:/usr/bin/my-agent\n::respawn:/usr/bin/rootfs-agent\n");
    assert_eq!(editor.notes, Vec::<String>::new());
}

#[test]
fn a_file_whose_name_no_unit_can_have_needs_another() {
    let (directory, path) = program(62);
    let odd = directory.path().join("my agent");
    fs_err::rename(path, &odd).unwrap();
    let error = install(&mut Editor::new(&mut tree(), Time::default()), Architecture::X86_64, &request(&odd, None, false)).unwrap_err();
    assert_eq!(error.hint().unwrap(), "give it one with --agent-name");
}
