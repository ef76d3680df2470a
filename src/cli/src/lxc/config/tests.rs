use std::path::PathBuf;

use rootfs_plugin::Architecture;
use rootfs_sandbox::{IdMaps, IdRange};

use super::*;

fn container() -> Container {
    Container {
        name: "foo".to_owned(),
        root: "/srv/root.squashfs".into(),
        is_image: true,
        init: Init::BusyBox,
        architecture: Some(Architecture::X86_64),
        network: Network::Empty,
        writable: None,
        ids: None,
    }
}

/// What LXC reads: no comments, no empty lines.
fn settings(container: &Container) -> Vec<String> {
    let text = container.config().unwrap();
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn an_image_of_busybox() {
    assert_eq!(
        settings(&container()),
        [
            "lxc.uts.name = foo",
            "lxc.arch = x86_64",
            "lxc.rootfs.path = loop:/srv/root.squashfs",
            "lxc.rootfs.options = ro",
            "lxc.init.cmd = /sbin/init",
            "lxc.signal.halt = SIGUSR2",
            "lxc.signal.reboot = SIGTERM",
            "lxc.net.0.type = empty",
            "lxc.mount.auto = proc:mixed sys:ro cgroup:mixed",
            "lxc.autodev = 1",
            "lxc.tty.max = 4",
            "lxc.pty.max = 1024",
            "lxc.cap.drop = mac_admin mac_override sys_time sys_module sys_rawio",
        ]
    );
}

#[test]
fn a_plain_user_s_directory_of_systemd() {
    let range = |inside, outside, count| IdRange { inside, outside, count };
    let ids =
        IdMaps { users: vec![range(0, 1000, 1), range(1, 100_000, 65536)], groups: vec![range(0, 1001, 1), range(1, 200_000, 65536)] };
    let found = settings(&Container {
        root: "/home/ann/a b".into(),
        is_image: false,
        init: Init::Systemd,
        network: Network::Bridge("lxcbr0".to_owned()),
        writable: Some("/home/ann/what stays".into()),
        ids: Some(ids),
        ..container()
    });
    let expected = [
        "lxc.rootfs.path = dir:/home/ann/a b",
        "lxc.signal.halt = SIGRTMIN+3",
        "lxc.signal.reboot = SIGRTMIN+5",
        "lxc.net.0.type = veth",
        "lxc.net.0.link = lxcbr0",
        "lxc.net.0.flags = up",
        "lxc.mount.auto = proc:mixed sys:mixed cgroup:rw",
        r"lxc.mount.entry = /home/ann/what\040stays rw none bind,create=dir 0 0",
        "lxc.idmap = u 0 1000 1",
        "lxc.idmap = u 1 100000 65536",
        "lxc.idmap = g 0 1001 1",
        "lxc.idmap = g 1 200000 65536",
    ];
    for line in expected {
        assert!(found.iter().any(|each| each == line), "{line} is not in {found:#?}");
    }
    assert!(!found.iter().any(|line| line.starts_with("lxc.cap.drop") || line.starts_with("lxc.rootfs.options")), "{found:#?}");
}

#[test]
fn the_host_s_network_and_other_inits() {
    let found = settings(&Container { network: Network::Host, init: Init::None, ..container() });
    assert!(found.contains(&"lxc.net.0.type = none".to_owned()) && found.contains(&"lxc.environment = RC_NETWORK=NO".to_owned()));
    assert!(!found.iter().any(|line| line.starts_with("lxc.init") || line.starts_with("lxc.signal")), "{found:#?}");
    for init in [Init::Sysv, Init::OpenRc] {
        assert!(settings(&Container { init, ..container() }).contains(&"lxc.signal.halt = SIGPWR".to_owned()));
    }
    let found = settings(&Container { init: Init::Other, ..container() });
    assert!(found.contains(&"lxc.init.cmd = /sbin/init".to_owned()) && !found.iter().any(|line| line.starts_with("lxc.signal")));
}

#[test]
fn lxc_is_told_of_the_architectures_that_it_knows() {
    for architecture in Architecture::ALL {
        let found = settings(&Container { architecture: Some(architecture), ..container() });
        let is_told = found.contains(&format!("lxc.arch = {architecture}"));
        assert_eq!(is_told, architecture != Architecture::Riscv64, "{architecture}");
    }
    assert!(!settings(&Container { architecture: None, ..container() }).iter().any(|line| line.starts_with("lxc.arch")));
}

#[test]
fn nothing_gets_in_by_a_path() {
    let hostile = PathBuf::from("/srv/x\nlxc.hook.pre-start = /bin/sh");
    assert!(matches!(Container { root: hostile.clone(), ..container() }.config(), Err(LxcError::Path { .. })));
    assert!(matches!(Container { writable: Some(hostile), ..container() }.config(), Err(LxcError::Path { .. })));
}

#[test]
fn networks_are_read() {
    assert_eq!("veth:br0".parse::<Network>().unwrap(), Network::Bridge("br0".to_owned()));
    assert_eq!(("none".parse::<Network>().unwrap(), "empty".parse::<Network>().unwrap()), (Network::Host, Network::Empty));
    for wrong in ["", "host", "veth", "veth:", "veth:a b", "veth:br0\nlxc.hook.start = x", "br0"] {
        assert!(wrong.parse::<Network>().is_err(), "{wrong:?}");
    }
}
