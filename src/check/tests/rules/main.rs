//! Every rule: a tree that keeps it, and trees that don't.
#![expect(clippy::unwrap_used, reason = "these are tests, and their helpers have no attribute that says so")]

mod object;
mod real;
mod root;

use std::collections::BTreeSet;

use object::{AARCH64, Object};
use root::{Root, program, systemd};
use rootfs_check::{Expectations, Finding, Init, RULES, Severity};
use rootfs_tree::{Content, FileContent, Kind};

/// A way to break one rule: what it does, which rule must speak about which path, and a word of its reason.
struct Case {
    rule: &'static str,
    path: &'static str,
    reason: &'static str,
    damage: fn(&mut Root),
}

const CASES: &[Case] = &[
    Case { rule: "init-present", path: "/sbin/init", reason: "does not exist", damage: |root| root.remove("/sbin/init") },
    Case {
        rule: "init-present",
        path: "/sbin/init",
        reason: "is a link to `../lib/systemd/systemd`, which leads to nothing",
        damage: |root| root.remove("/usr/lib/systemd/systemd"),
    },
    Case {
        rule: "init-present",
        path: "/sbin/init",
        reason: "can't be reached",
        damage: |root| {
            root.remove("/sbin");
            root.link("/sbin", "sbin");
        },
    },
    Case {
        rule: "init-present",
        path: "/sbin/init",
        reason: "is not executable: its mode is 0644",
        damage: |root| root.file("/usr/lib/systemd/systemd", 0o644, &systemd().bytes()),
    },
    Case {
        rule: "init-present",
        path: "/sbin/init",
        reason: "is not a regular file",
        damage: |root| {
            root.remove("/sbin/init");
            root.place("/sbin/init", 0o755, Kind::directory());
        },
    },
    Case {
        rule: "init-present",
        path: "/sbin/init",
        reason: "neither an ELF program nor a script",
        damage: |root| root.file("/usr/lib/systemd/systemd", 0o755, b""),
    },
    Case {
        rule: "init-present",
        path: "/sbin/init",
        reason: "is a script for `/bin/bash`, which does not exist",
        damage: |root| root.file("/usr/lib/systemd/systemd", 0o755, b"#! /bin/bash -e\n"),
    },
    Case {
        rule: "init-present",
        path: "/sbin/init",
        reason: "is a script of a script",
        damage: |root| root.file("/usr/lib/systemd/systemd", 0o755, b"#!/sbin/init\n"),
    },
    Case { rule: "agent-present", path: "/usr/bin/agent", reason: "does not exist", damage: |root| root.remove("/usr/bin/agent") },
    Case {
        rule: "agent-present",
        path: "/usr/bin/agent",
        reason: "is a script for `/bin/sh`, which is not executable",
        damage: |root| root.file("/usr/bin/sh", 0o600, &program(&[]).bytes()),
    },
    Case {
        rule: "init-architecture",
        path: "/usr/lib/systemd/systemd",
        reason: "is for aarch64, and the image is for x86_64",
        damage: |root| root.program("/usr/lib/systemd/systemd", &Object { machine: AARCH64, ..Object::default() }),
    },
    Case {
        rule: "agent-architecture",
        path: "/usr/bin/sh",
        reason: "is for ELF machine 4242",
        damage: |root| root.program("/usr/bin/sh", &Object { machine: 4242, ..Object::default() }),
    },
    Case {
        rule: "init-libraries",
        path: "/usr/lib/systemd/systemd",
        reason: "needs the loader `/lib64/ld-linux-x86-64.so.2`, which does not exist",
        damage: |root| {
            root.remove("/usr/lib64/ld-linux-x86-64.so.2");
            root.library("/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", &[]);
            root.program("/usr/bin/sh", &Object { interpreter: "", ..program(&[]) });
        },
    },
    Case {
        rule: "init-libraries",
        path: "/usr/lib/systemd/libsystemd-core.so",
        reason: "needs `libshared.so`, which is in no library directory",
        damage: |root| root.remove("/etc/ld.so.conf.d/libc.conf"),
    },
    Case {
        rule: "init-libraries",
        path: "/usr/lib/systemd/systemd",
        reason: "needs `libsystemd-core.so`, which is in no library directory",
        damage: |root| root.program("/usr/lib/systemd/systemd", &Object { runpath: "", ..systemd() }),
    },
    Case {
        rule: "init-libraries",
        path: "/usr/lib/systemd/libsystemd-core.so",
        reason: "needs `libshared.so`, and only `/usr/local/lib/libshared.so` is there, for another machine",
        damage: |root| root.file("/usr/local/lib/libshared.so", 0o644, &Object { machine: AARCH64, ..Object::default() }.bytes()),
    },
    Case {
        rule: "init-libraries",
        path: "/usr/local/lib/libshared.so",
        reason: "is a damaged program or library",
        damage: |root| root.file("/usr/local/lib/libshared.so", 0o644, b"#!/bin/sh\n"),
    },
    Case {
        rule: "agent-libraries",
        path: "/usr/bin/sh",
        reason: "needs `libnone.so`",
        damage: |root| root.program("/usr/bin/sh", &program(&["libc.so.6", "libnone.so"])),
    },
    Case {
        rule: "machine-id",
        path: "/etc/machine-id",
        reason: "holds a machine id",
        damage: |root| root.file("/etc/machine-id", 0o444, b"0123456789abcdef0123456789abcdef\n"),
    },
    Case {
        rule: "machine-id",
        path: "/var/lib/dbus/machine-id",
        reason: "holds a machine id",
        damage: |root| root.file("/var/lib/dbus/machine-id", 0o644, b"0123456789abcdef0123456789abcdef\n"),
    },
    Case { rule: "machine-id", path: "/etc/machine-id", reason: "does not exist", damage: |root| root.remove("/etc/machine-id") },
    Case {
        rule: "ssh-host-keys",
        path: "/etc/ssh/ssh_host_ed25519_key",
        reason: "is a private host key",
        damage: |root| root.file("/etc/ssh/ssh_host_ed25519_key", 0o600, b"-----BEGIN OPENSSH PRIVATE KEY-----"),
    },
    Case {
        rule: "ssh-host-keys",
        path: "/etc/dropbear/dropbear_rsa_host_key",
        reason: "is a private host key",
        damage: |root| root.file("/etc/dropbear/dropbear_rsa_host_key", 0o600, b"key"),
    },
];

#[test]
fn a_good_tree_keeps_every_rule() {
    assert_eq!(Root::new().check(), []);
}

#[test]
fn each_damage_is_found_by_its_rule_alone() {
    for Case { rule, path, reason, damage } in CASES {
        let mut root = Root::new();
        damage(&mut root);
        let findings = root.check();
        let [finding] = findings.as_slice() else {
            panic!("{rule}, {reason}: {findings:#?}");
        };
        assert_eq!((finding.rule, finding.path.as_str()), (*rule, *path), "{finding:#?}");
        assert!(finding.reason.contains(reason), "{reason}: {finding:#?}");
        assert!(!finding.fix.is_empty());
        let severity = RULES.iter().find(|known| known.name == *rule).map(|known| known.severity);
        assert_eq!(Some(finding.severity), severity);
    }
}

#[test]
fn every_rule_has_a_tree_that_breaks_it() {
    let broken: BTreeSet<&str> = CASES.iter().map(|case| case.rule).collect();
    let known: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(broken, known);
    assert_eq!(known.len(), RULES.len(), "names are unique");
    assert!(RULES.iter().all(|rule| rule.description.ends_with('.')));
}

#[test]
fn a_missing_init_may_be_meant_but_not_a_broken_one() {
    let mut root = Root::new();
    root.expectations = Expectations { init: Init::Optional, agent: None, ..root.expectations };
    root.remove("/sbin/init");
    assert_eq!(severities(&root.check()), [("init-present", Severity::Warning)]);
    root.link("/sbin/init", "/lib/none");
    assert_eq!(severities(&root.check()), [("init-present", Severity::Error)]);
}

fn severities(findings: &[Finding]) -> Vec<(&'static str, Severity)> {
    findings.iter().map(|finding| (finding.rule, finding.severity)).collect()
}

#[test]
fn what_is_not_expected_is_not_checked() {
    let mut root = Root::new();
    root.expectations = Expectations { init: Init::Required, agent: None, machine: None };
    root.remove("/usr/bin/agent");
    let foreign = Object { machine: AARCH64, ..Object::default() };
    root.program("/usr/lib/systemd/systemd", &foreign);
    assert_eq!(root.check(), []);
}

/// An older search path counts for libraries of libraries, unless the library has the newer kind.
#[test]
fn rpath_is_inherited_and_runpath_is_not() {
    let mut root = Root::new();
    root.expectations.agent = None;
    root.program("/usr/lib/systemd/systemd", &Object { rpath: "/opt/lib", ..program(&["liba.so"]) });
    root.library("/opt/lib/liba.so", &["libb.so"]);
    root.library("/opt/lib/libb.so", &[]);
    assert_eq!(root.check(), []);
    root.program("/usr/lib/systemd/systemd", &Object { runpath: "/opt/lib", ..program(&["liba.so"]) });
    let [finding] = root.check().try_into().unwrap();
    assert_eq!((finding.path.as_str(), finding.rule), ("/opt/lib/liba.so", "init-libraries"));
}

#[test]
fn a_library_serves_by_the_name_it_gives_itself() {
    let mut root = Root::new();
    let own_name = Object { machine: object::X86_64, soname: "libreal.so.1", ..Object::default() };
    root.file("/usr/lib/libplugin.so", 0o644, &own_name.bytes());
    root.program("/usr/lib/systemd/systemd", &program(&["libplugin.so", "libreal.so.1"]));
    assert_eq!(root.check(), []);
}

#[test]
fn a_static_program_needs_nothing() {
    let mut root = Root::new();
    root.remove("/usr/lib64/ld-linux-x86-64.so.2");
    for path in ["/usr/lib/systemd/systemd", "/usr/bin/sh"] {
        root.program(path, &Object { machine: object::X86_64, ..Object::default() });
    }
    assert_eq!(root.check(), []);
}

#[test]
fn a_tree_without_contents_can_not_be_checked() {
    let mut root = Root::new();
    let content = FileContent { length: 100, content: Content::Absent, sha256: None, dense: false };
    root.place("/usr/lib/systemd/systemd", 0o755, Kind::File(content));
    let error = rootfs_check::check(&root.tree, &root.expectations).unwrap_err();
    assert_eq!(error.rule, "init-present");
}
