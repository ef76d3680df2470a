use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{label, partition};

/// How long a disk may take to appear.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked for.
const GLANCE: Duration = Duration::from_millis(5);

/// The device that `root=` means, once it is there.
pub(super) fn wait(wanted: &str) -> Result<PathBuf, String> {
    let begun = Instant::now();
    loop {
        if let Some(device) = find(wanted) {
            return Ok(device);
        }
        if begun.elapsed() >= PATIENCE {
            let there = names();
            let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
            return Err(format!("the root {wanted} did not appear within {} s; disks and partitions: {there}", PATIENCE.as_secs()));
        }
        std::thread::sleep(GLANCE);
    }
}

fn find(wanted: &str) -> Option<PathBuf> {
    let among = |is_it: &dyn Fn(&str) -> bool| names().iter().find(|name| is_it(name)).map(|name| PathBuf::from("/dev").join(name));
    match wanted.split_once('=') {
        None => Some(PathBuf::from(wanted)).filter(|path| path.exists()),
        Some(("PARTUUID", id)) => among(&|name| partition::id(name).is_some_and(|found| found.eq_ignore_ascii_case(id))),
        Some(("LABEL", text)) => among(&|name| label::read(name).is_some_and(|found| found.label == text.as_bytes())),
        Some(("UUID", id)) => among(&|name| label::read(name).is_some_and(|found| found.uuid.eq_ignore_ascii_case(id))),
        Some(_) => None,
    }
}

/// All disks and partitions that the kernel has found, sorted.
fn names() -> Vec<String> {
    let entries = fs_err::read_dir("/sys/class/block").into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}
