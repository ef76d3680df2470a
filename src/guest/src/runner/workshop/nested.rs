//! A user namespace in which all ids are what they are around it.

use std::fs::File;
use std::io::{Read as _, Write as _};

use rootfs_guest::protocol::Failure;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::Pid;
use rustix::thread::UnshareFlags;

use crate::failure::Step;
use crate::fork::{self, Fork};

/// Leaves the host's users, processes, messages and names; all mounts are locked as they are. The next child is process 1.
pub(super) fn enter() -> Result<(), Failure> {
    const STEP: &str = "make a user namespace";
    let caller = rustix::process::getpid();
    let (wait, tell) = pipe_with(PipeFlags::CLOEXEC).step("make a pipe")?;
    let helper = match fork::fork().step("start a process")? {
        Fork::Child => {
            drop(tell);
            let _ = map(caller, wait.into());
            fork::leave(1)
        }
        Fork::Parent(helper) => helper,
    };
    drop(wait);
    let fresh = UnshareFlags::NEWUSER | UnshareFlags::NEWNS | UnshareFlags::NEWPID | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS;
    // SAFETY: the flags don't unshare the table of open files.
    unsafe { rustix::thread::unshare_unsafe(fresh) }.step(STEP)?;
    File::from(tell).write_all(b"\n").step(STEP)?;
    fork::await_child(helper).step(STEP)?;
    // Without a map nobody is anybody.
    if rustix::process::geteuid().is_root() { Ok(()) } else { Err(Errno::PERM).step(STEP) }
}

/// Gives the namespace its ids, which takes somebody outside of it. Nothing is written when the caller ends first.
fn map(caller: Pid, mut wait: File) -> std::io::Result<()> {
    wait.read_exact(&mut [0])?;
    for name in ["uid_map", "gid_map"] {
        let own = fs_err::read_to_string(format!("/proc/self/{name}"))?;
        fs_err::write(format!("/proc/{}/{name}", caller.as_raw_nonzero()), identity(&own))?;
    }
    Ok(())
}

/// From a map as user_namespaces(7) has it: each id that there is, for itself.
fn identity(map: &str) -> String {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let (first, count) = (words.next()?, words.nth(1)?);
        Some(format!("{first} {first} {count}\n"))
    };
    map.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::identity;

    #[test]
    fn every_id_is_itself() {
        assert_eq!(identity("         0          0 4294967295\n"), "0 0 4294967295\n");
        assert_eq!(identity("0 1000 1\n1 100000 65536\n"), "0 0 1\n1 1 65536\n");
        assert_eq!(identity(""), "");
    }
}
