//! dpkg's database below `/var/lib/dpkg`, written as dpkg itself writes it, so that dpkg goes on from it. Formats: dpkg(1), dpkg's `lib/dpkg/`
//! (`dump.c`, `infodb-format.c`).

use std::collections::HashMap;
use std::fmt::Write as _;

use super::InstallError;
use super::control::Control;
use super::unpack::Unpacking;
use crate::apt::deb822::Stanzas;
use crate::payload::EntryKind;
use crate::root::Root;

pub(super) const DIVERSIONS: &[u8] = b"var/lib/dpkg/diversions";
pub(super) const STATOVERRIDE: &[u8] = b"var/lib/dpkg/statoverride";
pub(super) const STATUS: &[u8] = b"var/lib/dpkg/status";

/// How far a package has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Its preinst runs.
    HalfInstalled,
    /// Its files are there; dpkg has to configure it. In the bootstrap the conffiles are in place already.
    Unpacked { conffiles_in_place: bool },
}

/// Makes the empty database of a new root.
pub(super) fn write_empty(root: &Root, architecture: &str) -> Result<(), InstallError> {
    for directory in ["info", "updates", "triggers", "parts", "alternatives"] {
        root.make_directory(format!("var/lib/dpkg/{directory}").as_bytes())?;
    }
    root.write(b"var/lib/dpkg/info/format", b"1\n", 0o644)?;
    root.write(b"var/lib/dpkg/arch", format!("{architecture}\n").as_bytes(), 0o644)?;
    root.write(STATUS, b"", 0o644)?;
    Ok(())
}

/// The package's stanza of the status file.
pub(super) fn stanza(control: &Control, layer: &crate::deb::DebLayer, state: State) -> String {
    let word = match state {
        State::HalfInstalled => "half-installed",
        State::Unpacked { .. } => "unpacked",
    };
    // Behind the name where that comes first, as dpkg has it; any other field may go on in the next line.
    let first = control.stanza.split_inclusive('\n').next().filter(|line| line.to_ascii_lowercase().starts_with("package:"));
    let (first, rest) = control.stanza.split_at(first.map_or(0, str::len));
    let mut text = format!("{first}{}Status: install ok {word}\n{rest}", if first.is_empty() || first.ends_with('\n') { "" } else { "\n" });
    if !text.ends_with('\n') {
        text.push('\n');
    }
    if let State::Unpacked { conffiles_in_place } = state
        && !control.conffile_list.is_empty()
    {
        text.push_str("Conffiles:\n");
        for conffile in &control.conffile_list {
            let hash = conffiles_in_place.then(|| checksum(layer, &conffile.path)).flatten();
            let hash = hash.unwrap_or_else(|| "newconffile".to_owned());
            let flag = if conffile.remove_on_upgrade { " remove-on-upgrade" } else { "" };
            let _ = writeln!(text, " /{} {hash}{flag}", String::from_utf8_lossy(&conffile.path));
        }
    }
    text.push('\n');
    text
}

/// The MD5 of a file that the package brings.
fn checksum(layer: &crate::deb::DebLayer, path: &[u8]) -> Option<String> {
    layer.entries.iter().find(|entry| entry.path == path).and_then(|entry| Some(hex(&entry.md5?)))
}

/// Writes the package's files below `info/`: its control files, its list of paths, and its checksums when it brings none.
pub(super) fn write_info(root: &Root, control: &Control, unpacking: &Unpacking<'_>) -> Result<(), InstallError> {
    for (name, file) in unpacking.layer.control.iter().filter(|(name, _)| *name != "control") {
        root.write(&info_path(control, name), &file.content, file.mode.into())?;
    }
    if !unpacking.layer.control.contains_key("md5sums") {
        root.write(&info_path(control, "md5sums"), checksums(unpacking).as_slice(), 0o644)?;
    }
    write_list(root, control, unpacking.list.iter().copied())
}

fn write_list<'a>(root: &Root, control: &Control, paths: impl Iterator<Item = &'a [u8]>) -> Result<(), InstallError> {
    let mut text = Vec::new();
    for path in paths {
        text.extend_from_slice(if path.is_empty() { b"/." } else { b"/" });
        text.extend_from_slice(path);
        text.push(b'\n');
    }
    Ok(root.write(&info_path(control, "list"), &text, 0o644)?)
}

/// Takes a path out of a package's list: another package replaces it.
pub(super) fn drop_from_list(root: &Root, control: &Control, path: &[u8]) -> Result<(), InstallError> {
    let list = root.read(&info_path(control, "list"))?.unwrap_or_default();
    let kept = list
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty() && line.strip_prefix(b"/") != Some(path))
        .map(|line| if line == b"/." { b"".as_slice() } else { &line[1..] });
    let kept: Vec<&[u8]> = kept.collect();
    write_list(root, control, kept.into_iter())
}

fn info_path(control: &Control, extension: &str) -> Vec<u8> {
    let qualifier = if control.multi_arch_same { format!(":{}", control.architecture) } else { String::new() };
    format!("var/lib/dpkg/info/{}{qualifier}.{extension}", control.name).into_bytes()
}

fn checksums(unpacking: &Unpacking<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    let mut known: HashMap<&[u8], &[u8; 16]> = HashMap::new();
    for entry in &unpacking.layer.entries {
        // dpkg says it of a hard link too; what it links to came before.
        let md5 = match &entry.kind {
            EntryKind::Hardlink(target) => known.get(target.as_slice()).copied(),
            _ => entry.md5.as_ref(),
        };
        if let Some(md5) = md5 {
            known.insert(&entry.path, md5);
            text.extend_from_slice(format!("{}  ", hex(md5)).as_bytes());
            text.extend_from_slice(&entry.path);
            text.push(b'\n');
        }
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Fails unless dpkg says of every package that it is installed.
pub(super) fn check_installed(root: &Root) -> Result<(), InstallError> {
    let status = root.read(STATUS)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&status);
    let mut unfinished = Vec::new();
    for (_, stanza) in Stanzas::new(&text) {
        if stanza.get("Status") != Some("install ok installed") {
            unfinished.push(format!("{} ({})", stanza.get("Package").unwrap_or("?"), stanza.get("Status").unwrap_or("no status")));
        }
    }
    if unfinished.is_empty() { Ok(()) } else { Err(InstallError::Unfinished { packages: unfinished }) }
}
