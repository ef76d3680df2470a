//! What a user reads: exit code, standard output and standard error of the program, compared to the files in `snapshots/`.
//! `UPDATE_SNAPSHOTS=1` writes them anew, for a reviewer to read.

#![expect(clippy::unwrap_used, reason = "what fails in the set-up of a test fails the test")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A command of this program's with nothing of the caller's environment, in an empty directory.
#[expect(clippy::disallowed_methods, reason = "the program under test is started here")]
fn program(directory: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootfs-gen"));
    command
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .env("HOME", "/home/user")
        .current_dir(directory)
        .stdin(Stdio::null());
    command
}

fn run(variables: &[(&str, &str)], arguments: &[&str], files: &[(&str, &str)]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs_err::write(directory.path().join(name), content).unwrap();
    }
    program(directory.path(), variables, arguments).output().unwrap()
}

fn shown(variables: &[(&str, &str)], arguments: &[&str], output: &Output) -> String {
    let mut text = String::from("$");
    variables.iter().for_each(|(name, value)| write!(text, " {name}={value}").unwrap());
    text.push_str(" rootfs-gen");
    for argument in arguments {
        let plain = !argument.contains([' ', '[', '"']);
        text.push_str(&if plain { format!(" {argument}") } else { format!(" '{argument}'") });
    }
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    write!(text, "\nexit: {}\n", output.status.code().unwrap()).unwrap();
    for (name, stream) in [("stdout", out), ("stderr", err)] {
        if !stream.is_empty() {
            write!(text, "--- {name}\n{stream}").unwrap();
        }
    }
    text.replace(env!("CARGO_PKG_VERSION"), "[VERSION]")
}

#[expect(clippy::disallowed_methods, reason = "how a reviewer asks for new snapshots")]
fn compare(name: &str, text: &str) {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "snapshots", &format!("{name}.txt")].iter().collect();
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        return fs_err::write(path, text).unwrap();
    }
    let expected = fs_err::read_to_string(&path).unwrap_or_default();
    assert!(expected == text, "{name} is not as expected; UPDATE_SNAPSHOTS=1 accepts it. Expected:\n{expected}\nFound:\n{text}");
}

fn snapshot(name: &str, variables: &[(&str, &str)], arguments: &[&str], files: &[(&str, &str)]) {
    compare(name, &shown(variables, arguments, &run(variables, arguments, files)));
}

#[test]
fn help() {
    snapshot("help", &[], &["--help"], &[]);
    snapshot("help-debian", &[], &["debian", "--help"], &[]);
    snapshot("help-check", &[], &["check", "--help"], &[]);
    snapshot("help-inspect", &[], &["inspect", "--help"], &[]);
    snapshot("help-verify", &[], &["verify", "--help"], &[]);
    snapshot("help-matrix", &[], &["matrix", "--help"], &[]);
    snapshot("help-lxc", &[], &["lxc", "--help"], &[]);
    snapshot("version", &[], &["--version"], &[]);
}

#[test]
fn list() {
    snapshot("list", &[], &["list"], &[]);
    snapshot("list-json", &[], &["list", "--json"], &[]);
}

#[test]
fn wrong_usage() {
    snapshot("unknown-verb", &[], &["debain", "-r", "out"], &[]);
    snapshot("unknown-flag", &[], &["debian", "-r", "out", "--relase", "trixie"], &[]);
    snapshot("no-target", &[], &["debian"], &[]);
    snapshot("lock-and-locked", &[], &["debian", "-r", "out", "--lock", "a", "--locked", "b"], &[]);
}

#[test]
fn wrong_values() {
    let debian =
        |name: &str, rest: &[&str]| snapshot(name, &[], &[&["debian", "-r", "out", "--arch", "x86_64", "--dry-run"], rest].concat(), &[]);
    debian("unknown-release", &["--release", "woody"]);
    debian("unknown-variant", &["--variant", "desktop"]);
    snapshot("unknown-release-ubuntu", &[], &["ubuntu", "-r", "out", "--dry-run", "--release", "trixie"], &[]);
    debian("missing-keyring", &["--keyring", "./gone.asc"]);
    snapshot("unknown-architecture", &[], &["debian", "-r", "out", "--dry-run", "--arch", "mips"], &[]);
    debian("qcow2-dax", &["-o", "guest.qcow2", "--dax"]);
    debian("container-tag", &["-o", "oci:layout:not a tag"]);
    debian("unknown-format", &["-o", "guest.zip"]);
    debian("wrong-mirror", &["--mirror", "ftp.debian.org/debian"]);
    debian("repository-without-key", &["--repo", "deb https://apt.example stable main"]);
    debian("missing-package-file", &["--extra-pkg", "./gone.deb"]);
    debian("missing-agent", &["--agent", "./gone"]);
}

/// What can't be a container's. What can be is another thing for root than for others: the end-to-end cases show it.
#[test]
fn what_lxc_is_not_told() {
    let lxc = |name: &str, rest: &[&str]| snapshot(name, &[], &[&["lxc"], rest].concat(), &[("letter", "dear reader\n")]);
    lxc("lxc-no-name", &["."]);
    lxc("lxc-missing", &["gone", "-n", "foo"]);
    lxc("lxc-wrong-name", &[".", "-n", "../foo"]);
    lxc("lxc-wrong-network", &[".", "-n", "foo", "--net", "veth:br0/x"]);
    lxc("lxc-no-directory-to-write", &[".", "-n", "foo", "--rw", "letter"]);
}

#[test]
fn what_no_bios_starts() {
    let bios = |name: &str, output: &str, arch: &str, rest: &[&str]| {
        let fixed = ["debian", "-o", output, "--arch", arch, "--dry-run", "--boot", "bios"];
        snapshot(name, &[], &[fixed.as_slice(), rest].concat(), &[]);
    };
    bios("bios-other-architecture", "disk.img", "aarch64", &[]);
    bios("bios-no-kernel", "disk.img", "i686", &[]);
    bios("bios-squashfs", "disk.img", "x86_64", &["--fs", "squashfs"]);
    bios("bios-no-table", "disk.img", "x86_64", &["--table", "none"]);
    bios("bios-dax", "disk.img", "x86_64", &["--dax"]);
    bios("bios-verity", "disk.img", "x86_64", &["--verity"]);
    bios("bios-filesystem", "root.ext4", "x86_64", &[]);
    bios("bios-tar", "root.tar", "x86_64", &[]);
}

#[test]
fn looking_at_what_is_no_image() {
    snapshot("inspect-text", &[], &["inspect", "letter"], &[("letter", "dear reader\n")]);
    snapshot("verify-text", &[], &["verify", "letter"], &[("letter", "dear reader\n")]);
    snapshot("inspect-missing", &[], &["inspect", "gone.img"], &[]);
    snapshot("verify-directory", &[], &["verify", "."], &[]);
    snapshot("verify-no-root-hash", &[], &["verify", "letter", "--root-hash", "abc"], &[("letter", "dear reader\n")]);
}

#[path = "../../../fuzz/seeds/inspect.rs"]
mod seeds;

/// What other programs parse, and what people read of a sound image and of a damaged one.
#[test]
fn looking_at_images() {
    let place = tempfile::tempdir().unwrap();
    let look = |name: &str, arguments: &[&str]| {
        let output = program(place.path(), &[], arguments).output().unwrap();
        compare(name, &shown(&[], arguments, &output));
    };
    // Where each is hurt by a bit.
    let places = [("mbr", 446), ("gpt", 520), ("dax", 0x1050), ("fat", 1032), ("cpio", 121), ("tar", 1200), ("gzip", 60)];
    for (name, mut bytes) in seeds::seeds() {
        fs_err::write(place.path().join(name), &bytes).unwrap();
        look(&format!("inspect-{name}"), &["inspect", name]);
        look(&format!("inspect-{name}-json"), &["inspect", name, "--json"]);
        let at = places.iter().find(|(known, _)| *known == name).unwrap().1;
        bytes[at] ^= 1;
        fs_err::write(place.path().join(name), &bytes).unwrap();
        look(&format!("verify-{name}-damaged"), &["verify", name]);
    }
    look("verify-gpt-damaged-json", &["verify", "gpt", "--json"]);
}

#[test]
fn wrong_environment() {
    let dry_run = ["debian", "-r", "out", "--arch", "x86_64", "--dry-run"];
    snapshot("agent-init-maybe", &[("AGENT_INIT", "maybe")], &dry_run, &[]);
    snapshot("agent-init-without-agent", &[("AGENT_INIT", "yes"), ("AGENT_SOURCE_BIN", "none")], &dry_run, &[]);
    snapshot("wrong-epoch", &[("SOURCE_DATE_EPOCH", "yesterday")], &dry_run, &[]);
}

#[test]
fn wrong_configuration_file() {
    let dry_run = ["debian", "-r", "out", "--dry-run", "--config", "guest.toml"];
    snapshot("config-unknown-key", &[], &dry_run, &[("guest.toml", "release = \"trixie\"\nvarient = \"guest\"\n")]);
    snapshot("config-wrong-value", &[], &dry_run, &[("guest.toml", "arch = \"mips\"\n")]);
    snapshot("config-missing", &[], &dry_run, &[]);
}

/// Mirrors of both archives are named, so that the host's own configuration has nothing to say.
const MIRRORS: [&str; 4] = ["--mirror", "http://mirror.example/debian", "--mirror", "security=http://mirror.example/debian-security"];

#[test]
fn dry_run() {
    let plain = [&["debian", "-r", "out", "--arch", "x86_64", "--dry-run"], MIRRORS.as_slice()].concat();
    snapshot("dry-run", &[], &plain, &[]);
    let ubuntu = ["ubuntu", "-r", "out", "--arch", "x86_64", "--dry-run", "--release", "noble"];
    let mirrors = ["--mirror", "http://mirror.example/ubuntu", "--mirror", "security=http://mirror.example/ubuntu"];
    snapshot("dry-run-ubuntu", &[], &[ubuntu.as_slice(), &mirrors].concat(), &[]);
    let fedora = ["fedora", "-r", "out", "--arch", "x86_64", "--dry-run", "--exclude", "dnf5,a*", "--weak-deps"];
    let own = ["--repo", "https://repo.example/rpms", "--mirror", "updates=http://mirror.example/fedora"];
    snapshot("dry-run-fedora", &[], &[fedora.as_slice(), &own].concat(), &[]);
    let rich = [
        "--release=bookworm",
        "--variant=minbase",
        "--extra-pkg",
        "curl,git",
        "--recommends",
        "--without=docs,man",
        "--hostname=web",
        "--root-password=secret",
        "--user=ann:secret",
        "--ssh-key=id.pub",
        "--repo",
        "deb [signed-by=pg.asc] https://apt.example/pg bookworm-pg main",
        "--agent=none",
        "-o",
        "guest.tar",
        "--lock=guest.lock",
    ];
    let files = [("id.pub", "ssh-ed25519 AAAA ann@example\n")];
    let rich = [plain.as_slice(), rich.as_slice()].concat();
    snapshot("dry-run-rich", &[("EXTRA_PKG", "vim-tiny")], &rich, &files);
}

#[test]
fn no_dry_run_shows_a_password() {
    for json in [&[][..], &["--json"]] {
        let flags = ["debian", "-r", "out", "--dry-run", "--root-password", "hunter2", "--user", "ann:hunter2"];
        let output = run(&[], &[&flags, json].concat(), &[]);
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("ann") && !text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_dry_run_as_json_holds_request_and_plan() {
    let output = run(&[], &[&["debian", "-r", "out", "--arch", "x86_64", "--dry-run", "--json"], MIRRORS.as_slice()].concat(), &[]);
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["targets"]["directory"], "out");
    assert_eq!(value["request"]["distribution"], "debian");
    assert_eq!(value["plan"]["installer"]["repositories"][1]["mirrors"][0], "http://mirror.example/debian-security");
}

#[test]
fn the_digest_of_a_directory_and_of_its_tar_is_one() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("root");
    fs_err::create_dir_all(root.join("usr/bin")).unwrap();
    fs_err::write(root.join("usr/bin/tool"), "tool").unwrap();
    std::os::unix::fs::symlink("usr/bin", root.join("bin")).unwrap();
    let mut tree = rootfs_tree::Tree::scan(&root, &rootfs_tree::ScanOptions { hash: true, known: None }).unwrap();
    // A tar holds whole seconds unless it must not.
    tree.clamp_mtimes(rootfs_tree::Time::from_seconds(1_000_000_000));
    let copy = place.path().join("copy");
    tree.materialise(&copy).unwrap();
    tree.write_tar(&mut fs_err::File::create(place.path().join("root.tar")).unwrap()).unwrap();
    let digest = |name: &str| {
        let output = program(place.path(), &[], &["digest", name]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(digest("copy"), digest("root.tar"));
    assert_eq!(digest("copy").trim_end(), tree.digest().unwrap().to_string());
    fs_err::write(copy.join("usr/bin/tool"), "fool").unwrap();
    assert_ne!(digest("copy"), digest("root.tar"));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = program(directory.path(), &[], &["list", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}
