use std::io::Read as _;
use std::path::Path;

use rootfs_guest::names::{AGENT_PROGRAM, AGENT_SERVICE, AGENT_SERVICE_TEXT};
use rootfs_plugin::{Agent, Architecture, Request};
use rootfs_sandbox::GUEST;
use rootfs_tree::{Content, FileContent, Kind, Layer, Metadata, Node};

use super::edit::{Editor, at};
use super::elf::{Program, recognise};
use super::{CustomiseError, unit};

/// What BusyBox's init starts (its `examples/inittab`).
const INITTAB: &[u8] = b"/etc/inittab";

/// Puts the agent's program into `/usr/bin`, with a unit that starts it, or as `/sbin/init`.
pub(super) fn install(editor: &mut Editor<'_>, architecture: Architecture, request: &Request) -> Result<(), CustomiseError> {
    let source = match &request.agent {
        Agent::File(source) => source,
        Agent::Own => return install_own(editor, request.agent_init),
        // What serves `boot` is for whole guests; a tiny one has it when it is asked for.
        Agent::Default if (request.agent_init || editor.has_systemd()) && Architecture::native() == Some(architecture) => {
            return install_own(editor, request.agent_init);
        }
        Agent::Default => return Ok(()),
        Agent::None => return Ok(()),
    };
    let name = name(source, request.agent_name.as_deref())?;
    require_architecture(source, architecture)?;
    let path = format!("/usr/bin/{name}");
    copy(editor, source, path.as_bytes())?;
    if request.agent_init {
        return editor.link(b"/sbin/init", path.as_bytes());
    }
    start_by_init(editor, &path, &format!("{name}.service"), &unit_text(&name, &path))
}

/// Has the guest's init start the program: systemd by a unit, unless the tree has one of that name, BusyBox's by a line of its table.
fn start_by_init(editor: &mut Editor<'_>, path: &str, service: &str, unit: &str) -> Result<(), CustomiseError> {
    if editor.has_systemd() {
        let unit_path = format!("/usr/lib/systemd/system/{service}");
        if editor.find(unit_path.as_bytes()).is_none() {
            editor.write(unit_path.as_bytes(), unit.as_bytes().to_vec(), 0o644)?;
        }
        return unit::enable(editor, service);
    }
    let has_busybox = ["/usr/bin/busybox", "/bin/busybox"].iter().any(|busybox| editor.find(busybox.as_bytes()).is_some());
    match editor.read(INITTAB)? {
        Some(table) if has_busybox => {
            let line = format!("::respawn:{path}\n");
            let text = [table.as_slice(), if table.ends_with(b"\n") || table.is_empty() { b"" } else { b"\n" }, line.as_bytes()].concat();
            editor.rewrite(INITTAB, text, 0o644)
        }
        _ => {
            editor.notes.push(format!("nothing in the guest will start {path}: it has no systemd, and no BusyBox with an /etc/inittab"));
            Ok(())
        }
    }
}

/// Our own agent, by which `boot` speaks with the guest: as its init, or started by that.
fn install_own(editor: &mut Editor<'_>, as_init: bool) -> Result<(), CustomiseError> {
    let path = format!("/usr/bin/{AGENT_PROGRAM}");
    editor.write(path.as_bytes(), GUEST.to_vec(), 0o755)?;
    if as_init {
        return editor.link(b"/sbin/init", path.as_bytes());
    }
    start_by_init(editor, &path, AGENT_SERVICE, AGENT_SERVICE_TEXT)
}

fn name(source: &Path, wanted: Option<&str>) -> Result<String, CustomiseError> {
    let own = source.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = wanted.map_or(own, str::to_owned);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte);
    if name.is_empty() || name.starts_with(['.', '-']) || !name.bytes().all(allowed) {
        return Err(CustomiseError::AgentName { name });
    }
    Ok(name)
}

fn require_architecture(source: &Path, wanted: Architecture) -> Result<(), CustomiseError> {
    let mut head = Vec::new();
    fs_err::File::open(source).and_then(|file| file.take(20).read_to_end(&mut head)).map_err(CustomiseError::Host)?;
    let other = |found: String| CustomiseError::AgentArchitecture { path: source.to_owned(), found, wanted };
    match recognise(&head) {
        Program::Elf(found) if found == wanted => Ok(()),
        Program::Elf(found) => Err(other(found.to_string())),
        Program::OtherElf(found) => Err(other(found)),
        Program::Script => Ok(()),
        Program::No => Err(CustomiseError::NotAProgram { path: source.to_owned() }),
    }
}

/// The program stays where it is until the tree is written.
fn copy(editor: &mut Editor<'_>, source: &Path, path: &[u8]) -> Result<(), CustomiseError> {
    let source = fs_err::canonicalize(source).map_err(CustomiseError::Host)?;
    let length = fs_err::metadata(&source).map_err(CustomiseError::Host)?.len();
    let layer = editor.tree.add_layer(Layer { path: source });
    let content = FileContent { length, content: Content::At { layer, offset: 0 }, sha256: None, dense: false };
    let node = Node { metadata: Metadata::root(0o755, editor.mtime), kind: Kind::File(content), package: None };
    editor.tree.place(path, node).map(drop).map_err(at(path))
}

/// The agent is what the guest is for: it is started again when it dies, and killed last when memory runs out.
fn unit_text(name: &str, path: &str) -> String {
    format!(
        "[Unit]\n\
         Description={name}, the guest's agent\n\
         \n\
         [Service]\n\
         ExecStart={path}\n\
         Restart=on-failure\n\
         OOMScoreAdjust=-997\n\
         \n\
         [Install]\n\
         WantedBy=multi-user.target\n"
    )
}

#[cfg(test)]
mod tests;
