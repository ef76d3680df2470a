use std::collections::BTreeMap;
use std::io::Read;

use super::tar::TarReader;
use super::{ControlFile, DebFault, path::clean_path};

/// What a control archive may unpack to.
pub(super) const CONTROL_LIMIT: u64 = 16 << 20;

/// dpkg's own limit (`MAXCONTROLFILENAME`).
const LONGEST_NAME: usize = 50;

/// Every file of a control archive; it must have a `control`.
pub(super) fn read_control(input: impl Read) -> Result<BTreeMap<String, ControlFile>, DebFault> {
    let mut files = BTreeMap::new();
    let mut tar = TarReader::new(input, "control.tar");
    while let Some(header) = tar.next()? {
        let path = clean_path(&header.name).map_err(|reason| tar.fault(&header.name, reason))?;
        if path.is_empty() && header.is_directory() {
            continue;
        }
        let name = control_name(&path).ok_or_else(|| tar.fault(&header.name, "no file of a control archive is called so"))?;
        if !header.is_file() {
            return Err(tar.fault(&header.name, "it is not a regular file"));
        }
        let mut content = Vec::new();
        tar.content(|piece| content.extend_from_slice(piece))?;
        if files.insert(name, ControlFile { content, mode: header.mode }).is_some() {
            return Err(tar.fault(&header.name, "it is there twice"));
        }
    }
    if !files.contains_key("control") {
        return Err(tar.fault(b"control", "it is missing"));
    }
    Ok(files)
}

/// The name, when it can be a file name of dpkg's database as `PACKAGE.NAME`.
fn control_name(path: &[u8]) -> Option<String> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'+');
    let name = str::from_utf8(path).ok()?;
    (!name.is_empty() && name.len() <= LONGEST_NAME && !name.starts_with('.') && path.iter().all(allowed)).then(|| name.to_owned())
}
