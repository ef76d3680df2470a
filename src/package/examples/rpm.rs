//! Prints what a package holds as `rpm -qlp --dump` does, once its signature was found to count; for comparing it with rpm by hand.
//!
//! ```text
//! cargo run -p rootfs-package --example rpm -- KEYS PACKAGE...
//! ```
//!
//! `KEYS` is a file of certificates; `-` believes any package.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a developer's tool that prints")]

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use rootfs_package::openpgp::Keyring;
use rootfs_package::payload::EntryKind;
use rootfs_package::rpm::package::{RpmContent, RpmEntry, Trust, read_rpm};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let keys = arguments.next().ok_or("which keys?")?;
    let mut keyring = Keyring::new();
    if keys != "-" {
        keyring.add(&keys, &fs_err::read(&keys)?)?;
    }
    #[expect(clippy::disallowed_methods, reason = "a developer's tool")]
    let now = i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs())?;
    let mut code = ExitCode::SUCCESS;
    for package in arguments {
        let trust = if keys == "-" { Trust::Pinned } else { Trust::Signature { keys: &keyring, now } };
        let file = fs_err::File::open(&package)?;
        let size = file.metadata()?.len();
        match read_rpm(file, size, trust, &mut std::io::sink()) {
            Ok(content) => print(&content)?,
            Err(fault) => {
                let mut text = format!("{package}: {fault}");
                let mut cause = fault.source();
                while let Some(error) = cause {
                    text = format!("{text}: {error}");
                    cause = error.source();
                }
                eprintln!("{text}");
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

/// Path, size, time, digest, mode, owner, group, and what a link says: the fields that a payload decides.
fn print(content: &RpmContent) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    println!("# {} {}", content.identity.title(), content.identity.evr());
    let file = |entry: &RpmEntry| match &entry.kind {
        EntryKind::Hardlink(target) => content.entries.iter().find(|other| other.path == *target).map(|other| other.kind.clone()),
        kind => Some(kind.clone()),
    };
    for entry in &content.entries {
        let none = "0".repeat(64);
        let (kind, size, digest, link) = match file(entry) {
            Some(EntryKind::File { length, sha256, .. }) => (0o100_000, length.to_string(), sha256.to_string(), "X".to_owned()),
            Some(EntryKind::Symlink(target)) => (0o120_000, target.len().to_string(), none, String::from_utf8_lossy(&target).into_owned()),
            Some(EntryKind::Directory) => (0o040_000, "-".to_owned(), none, "X".to_owned()),
            Some(EntryKind::CharDevice { .. }) => (0o020_000, "0".to_owned(), none, "X".to_owned()),
            Some(EntryKind::BlockDevice { .. }) => (0o060_000, "0".to_owned(), none, "X".to_owned()),
            Some(EntryKind::Fifo) => (0o010_000, "0".to_owned(), none, "X".to_owned()),
            _ => return Err("a hard link to nothing".into()),
        };
        let [path, user, group] = [&entry.path, &entry.user, &entry.group].map(|bytes| String::from_utf8_lossy(bytes));
        let mode = kind | u32::from(entry.mode);
        writeln!(out, "/{path} {size} {} {digest} 0{mode:o} {user} {group} {link}", entry.mtime)?;
    }
    Ok(())
}
