use std::os::fd::OwnedFd;

use rustix::fs::{Dir, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::WaitOptions;

/// The processes of this namespace, from a /proc that no command can take away.
pub(super) struct ProcessTable(OwnedFd);

impl ProcessTable {
    /// A freshly mounted /proc.
    pub(super) fn open(path: &str) -> Result<Self, Errno> {
        rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map(Self)
    }

    /// What the kernel tells of a process.
    pub(super) fn directory(&self, process: u32) -> Result<OwnedFd, Errno> {
        rustix::fs::openat(&self.0, process.to_string(), OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
    }

    /// Names of all processes that run, but for this one; those that have ended and were not yet waited for don't count.
    pub(super) fn running(&self) -> Vec<Vec<u8>> {
        let Ok(entries) = Dir::read_from(&self.0) else {
            return Vec::new();
        };
        // In a container that shares another's processes, this one is not process 1.
        let own = rustix::process::getpid().as_raw_nonzero().to_string();
        let others = entries.flatten().filter(|entry| {
            let name = entry.file_name().to_bytes();
            name != b"1" && name != own.as_bytes() && name.iter().all(u8::is_ascii_digit)
        });
        let mut names: Vec<Vec<u8>> = others.filter_map(|entry| self.name(entry.file_name().to_bytes())).collect();
        names.sort();
        names
    }

    /// None when the process is gone, or as good as.
    fn name(&self, process: &[u8]) -> Option<Vec<u8>> {
        let path = [process, b"/stat"].concat();
        let file = rustix::fs::openat(&self.0, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
        let mut buffer = [0_u8; 512];
        let count = rustix::io::read(&file, &mut buffer).ok()?;
        parse_stat(buffer.get(..count)?)
    }
}

/// The name from `PID (NAME) STATE …` (proc(5)), unless the state is that of a dead process. A name may hold parentheses itself.
fn parse_stat(stat: &[u8]) -> Option<Vec<u8>> {
    let open = stat.iter().position(|byte| *byte == b'(')?;
    let close = stat.iter().rposition(|byte| *byte == b')')?;
    let name = stat.get(open + 1..close)?;
    let state = stat.get(close + 2)?;
    (!matches!(state, b'Z' | b'X')).then(|| name.to_vec())
}

/// Kills every process but this one, and returns when all are gone.
pub(super) fn kill_all() {
    // SAFETY: the call takes no pointers. For process 1, -1 means everything else in its namespace.
    while unsafe { libc::kill(-1, libc::SIGKILL) } == 0 {
        if let Err(Errno::CHILD) = rustix::process::wait(WaitOptions::empty()) {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse_stat;

    #[test]
    fn the_name_is_between_the_outer_parentheses() {
        assert_eq!(parse_stat(b"12 (sh) S 1 12").as_deref(), Some(b"sh".as_slice()));
        assert_eq!(parse_stat(b"12 (a) b (c) R 1 12").as_deref(), Some(b"a) b (c".as_slice()));
    }

    #[test]
    fn the_dead_have_no_name() {
        assert_eq!(parse_stat(b"12 (sh) Z 1 12"), None);
        assert_eq!(parse_stat(b"12 (sh) X 1 12"), None);
        assert_eq!(parse_stat(b"12 (sh)"), None);
        assert_eq!(parse_stat(b""), None);
    }
}
