//! apk's database in `/lib/apk/db`: `installed`, `scripts.tar`, `triggers` and `lock`, as apk-tools 2.14 writes them.

use std::fmt::Write as _;

use rootfs_tree::Time;

use super::files::{Access, Directory};
use super::layout::Layout;
use super::skeleton::write_file;
use super::{InstallError, InstallPackage, Request};
use crate::apk::{IndexPackage, compare_names};

/// Writes the four files.
pub(super) fn write_database(layout: &mut Layout<'_>, request: &Request<'_>, time: Time) -> Result<(), InstallError> {
    let mut installed: Vec<_> = request.packages.iter().zip(&layout.files.lists).collect();
    installed.sort_by(|(left, _), (right, _)| compare_names(&left.package.name, &right.package.name));
    let mut text = Vec::new();
    for (install, directories) in installed {
        text.extend_from_slice(header(install).as_bytes());
        directories.iter().for_each(|directory| list(&mut text, directory));
        text.push(b'\n');
    }
    let unpacked = || request.packages.iter().filter(|install| install.package.installed_size > 0);
    let mut triggers = String::new();
    for install in unpacked().filter(|install| !install.layer.content.info.triggers.is_empty()) {
        triggers.push_str(&format!("{} {}\n", install.package.identity, install.layer.content.info.triggers.join(" ")));
    }
    let mut archive = Vec::new();
    for install in unpacked() {
        for (kind, script) in &install.layer.content.scripts {
            let name = format!("{}.{}.{kind}", install.package.title(), install.package.identity);
            add_script(&mut archive, &name, script, install.package.build_time);
        }
    }
    archive.extend_from_slice(&[0; 1024]);
    write_file(&mut layout.tree, "/lib/apk/db/installed", 0o644, text, time)?;
    write_file(&mut layout.tree, "/lib/apk/db/scripts.tar", 0o644, archive, time)?;
    write_file(&mut layout.tree, "/lib/apk/db/triggers", 0o644, triggers, time)?;
    write_file(&mut layout.tree, "/lib/apk/db/lock", 0o600, "", time)
}

/// What the database says of a package: what its index does, and what it replaces.
fn header(install: &InstallPackage<'_>) -> String {
    let mut text = describe(install.package);
    let info = &install.layer.content.info;
    let mut field = |letter: char, value: &str| text.push_str(&format!("{letter}:{value}\n"));
    if install.package.installed_size > 0 && !info.replaces.is_empty() {
        field('r', &words(&info.replaces));
    }
    if install.package.installed_size > 0 && info.replaces_priority > 0 {
        field('q', &info.replaces_priority.to_string());
    }
    if let Some(tag) = install.tag {
        field('s', tag);
    }
    text
}

fn describe(package: &IndexPackage) -> String {
    let mut text = String::new();
    let mut field = |letter: char, value: &str| text.push_str(&format!("{letter}:{value}\n"));
    field('C', &package.identity.to_string());
    field('P', &package.name);
    field('V', package.version.as_str());
    package.architecture.iter().for_each(|architecture| field('A', architecture));
    field('S', &package.size.to_string());
    field('I', &package.installed_size.to_string());
    field('T', &package.description);
    field('U', &package.url);
    field('L', &package.license);
    package.origin.iter().for_each(|origin| field('o', origin));
    package.maintainer.iter().for_each(|maintainer| field('m', maintainer));
    if package.build_time > 0 {
        field('t', &package.build_time.to_string());
    }
    package.commit.iter().for_each(|commit| field('c', commit));
    if package.provider_priority > 0 {
        field('k', &package.provider_priority.to_string());
    }
    for (letter, list) in [('D', words(&package.depends)), ('p', words(&package.provides)), ('i', words(&package.install_if))] {
        if !list.is_empty() {
            field(letter, &list);
        }
    }
    text
}

fn words<T: ToString>(list: &[T]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// A directory of a package and its files, with what is not usual about them.
fn list(text: &mut Vec<u8>, directory: &Directory) {
    let mut line = |letter: u8, value: &[u8]| text.extend_from_slice(&[&[letter, b':'], value, b"\n"].concat());
    line(b'F', &directory.path);
    if !directory.access.is_default(0o755) {
        line(b'M', access(directory.access).as_bytes());
    }
    for file in &directory.files {
        line(b'R', &file.name);
        if !file.access.is_default(0o644) {
            line(b'a', access(file.access).as_bytes());
        }
        if let Some(checksum) = file.checksum {
            line(b'Z', checksum.to_string().as_bytes());
        }
    }
}

fn access(access: Access) -> String {
    let mut text = format!("{}:{}:{:o}", access.uid, access.gid, access.mode);
    if let Some(xattrs) = access.xattrs {
        // Writing to a text can't fail.
        let _written = write!(text, ":{xattrs}");
    }
    text
}

/// A member of `scripts.tar`. apk cuts a name at 99 bytes, its size and time have twelve digits, and its magic is GNU's.
fn add_script(archive: &mut Vec<u8>, name: &str, content: &[u8], time: u64) {
    let name = name.get(..99).unwrap_or(name);
    let mut header = Vec::with_capacity(512);
    let mut field = |text: &str, width: usize| {
        header.extend_from_slice(text.as_bytes());
        header.resize(header.len() + width.saturating_sub(text.len()), 0);
    };
    field(name, 100);
    field("0000755", 8);
    field("0000000", 8);
    field("0000000", 8);
    field(&format!("{:012o}", content.len()), 12);
    field(&format!("{time:012o}"), 12);
    field("        ", 8);
    field("0", 101);
    field("ustar  ", 8);
    field("root", 32);
    field("root", 32);
    field("", 183);
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    for (slot, byte) in header.iter_mut().skip(148).zip(format!("{sum:06o}\0 ").into_bytes()) {
        *slot = byte;
    }
    archive.extend_from_slice(&header);
    archive.extend_from_slice(content);
    archive.resize(archive.len().next_multiple_of(512), 0);
}
