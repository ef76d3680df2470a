//! Programs of the machine that runs the tests.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rootfs_check::{Expectations, Init, Machine, check};
use rootfs_tree::{ScanOptions, Tree};

/// This test's own program as the init, and the machine's C library.
#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn a_real_program_misses_what_is_taken_away() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    install("/proc/self/exe", root, "/sbin/init");
    let maps = fs_err::read_to_string("/proc/self/maps").unwrap();
    let mut libraries: Vec<&str> = maps.lines().filter_map(|line| line.split_whitespace().nth(5)).collect();
    libraries.retain(|path| path.contains(".so"));
    libraries.sort_unstable();
    libraries.dedup();
    assert!(libraries.len() >= 2, "{maps}");
    for library in &libraries {
        install(library, root, library);
    }
    // The loader's own name is a link on some machines, and so is the directory of the libraries.
    let loader = libraries.iter().find(|path| path.contains("/ld-")).unwrap();
    for name in ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"] {
        install(loader, root, name);
    }
    assert_eq!(findings(root), [] as [String; 0]);

    let c_library = libraries.iter().find(|path| path.contains("libc.so")).unwrap();
    fs_err::remove_file(root.join(c_library.trim_start_matches('/'))).unwrap();
    let missing = findings(root);
    assert!(missing.iter().any(|finding| finding.contains("needs `libc.so.6`")), "{missing:?}");
    assert!(missing.iter().all(|finding| finding.starts_with("init-libraries")), "{missing:?}");
}

fn install(from: &str, root: &Path, to: &str) {
    let to = root.join(to.trim_start_matches('/'));
    fs_err::create_dir_all(to.parent().unwrap()).unwrap();
    fs_err::write(&to, fs_err::read(from).unwrap()).unwrap();
    fs_err::set_permissions(&to, PermissionsExt::from_mode(0o755)).unwrap();
}

fn findings(root: &Path) -> Vec<String> {
    let tree = Tree::scan(root, &ScanOptions { hash: false, known: None }).unwrap();
    let machine = Machine::from_name(std::env::consts::ARCH);
    let expectations = Expectations { init: Init::Required, agent: None, machine };
    let findings = check(&tree, &expectations).unwrap();
    findings.iter().map(|finding| format!("{}: {}: {}", finding.rule, finding.path, finding.reason)).collect()
}
