//! How a plain user becomes root of a tree: a user namespace in which the caller is 0 and the subordinate ids are all others (user_namespaces(7),
//! subuid(5), newuidmap(1)).

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Child;

use rustix::io::Errno;
use rustix::thread::UnshareFlags;

use crate::launch::launch_waiting;

/// Ids above 0 that packages use: up to `nobody`, 65534.
const NEEDED: u32 = 65534;

/// Where the two programs are on systems whose `PATH` doesn't say so.
const PLACES: [&str; 4] = ["/usr/bin", "/bin", "/usr/local/bin", "/run/wrappers/bin"];

/// Why the caller can't be root of a tree.
#[derive(Debug, thiserror::Error)]
pub enum UserNamespaceError {
    /// Nobody has given the user ids of its own.
    #[error("user {user} has {found} subordinate ids in `{}`, and a tree needs {NEEDED}", file.display())]
    Ids {
        /// By name, or by number where it has none.
        user: String,
        /// `/etc/subuid` or `/etc/subgid`.
        file: PathBuf,
        /// How many there are.
        found: u32,
    },
    /// The program that may give ids isn't installed.
    #[error("`{program}` is not installed")]
    Program {
        /// `newuidmap` or `newgidmap`.
        program: &'static str,
    },
    /// A setting of the kernel.
    #[error("this system keeps plain users from making namespaces ({knob} is {value})")]
    Setting {
        /// As sysctl(8) names it.
        knob: &'static str,
        /// What it is.
        value: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// The kernel, or what filters its calls.
    #[error("this system lets nobody make a user namespace here")]
    Refused {
        /// The kernel's word.
        #[source]
        source: std::io::Error,
    },
    /// The ids were not given.
    #[error("`{program}` failed{}", message(output))]
    Mapping {
        /// `newuidmap` or `newgidmap`.
        program: &'static str,
        /// What it said.
        output: String,
    },
    /// A file of the host, or a process, that can't be used.
    #[error("can't {action}")]
    Host {
        /// What was being done.
        action: &'static str,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

fn message(output: &str) -> String {
    if output.is_empty() { String::new() } else { format!(": {output}") }
}

impl UserNamespaceError {
    /// The command that mends it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Ids { user, .. } => {
                format!("once, as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}")
            }
            Self::Program { .. } => {
                "install the package `uidmap` (Debian, Ubuntu) or `shadow-utils` (Fedora), or run it as root".to_owned()
            }
            Self::Setting { knob, wanted, .. } => format!("once, as root: sysctl -w {knob}={wanted}; or run it as root"),
            Self::Refused { .. } => {
                "inside a container, start that one with `--security-opt seccomp=unconfined` or `--privileged`; otherwise run it as root"
                    .to_owned()
            }
            Self::Mapping { program, .. } => {
                format!("see that {program} is setuid root or has its file capability, as its package installs it; or run it as root")
            }
            Self::Host { .. } => return None,
        })
    }
}

/// Settings that forbid it, the value with which they do, and the one with which they don't.
const KNOBS: [(&str, &str, &str, &str); 3] = [
    ("kernel.unprivileged_userns_clone", "/proc/sys/kernel/unprivileged_userns_clone", "0", "1"),
    ("user.max_user_namespaces", "/proc/sys/user/max_user_namespaces", "0", "15000"),
    ("kernel.apparmor_restrict_unprivileged_userns", "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
];

/// Makes the caller root of a new user namespace. This process must have one thread. `path` is where programs are looked for, as in `PATH`.
///
/// # Errors
/// When the user has no subordinate ids, or the system forbids it; the process is then of no use for anything else.
#[expect(unsafe_code, reason = "unshare(2) is unsafe for the sake of a flag that is not used here")]
pub fn enter_user_namespace(path: &OsStr) -> Result<(), UserNamespaceError> {
    let maps = id_maps()?;
    let mut waiting = Vec::new();
    for (program, ranges) in [("newuidmap", &maps.users), ("newgidmap", &maps.groups)] {
        let found = find(program, path).ok_or(UserNamespaceError::Program { program })?;
        let mut arguments = vec![found.into_os_string(), std::process::id().to_string().into()];
        let numbers = ranges.iter().flat_map(|range| [range.inside, range.outside, range.count]);
        arguments.extend(numbers.map(|number| number.to_string().into()));
        let child = launch_waiting(&arguments).map_err(|source| UserNamespaceError::Host { action: "start a process", source })?;
        waiting.push((program, child));
    }
    // SAFETY: the flag doesn't unshare the table of open files.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWUSER) }.map_err(refused)?;
    waiting.into_iter().try_for_each(|(program, child)| finish(program, child))?;
    // Where a policy takes the powers away again, it is told here and not in the middle of a build.
    // SAFETY: as above.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWUTS) }.map_err(refused)
}

/// Ids inside a user namespace and what they are outside, as a line of `uid_map` has them (user_namespaces(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdRange {
    /// The first id inside.
    pub inside: u32,
    /// The first id outside.
    pub outside: u32,
    /// How many.
    pub count: u32,
}

/// Whom [`enter_user_namespace`] makes of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdMaps {
    /// The caller is 0, its subordinate users follow from 1 on.
    pub users: Vec<IdRange>,
    /// The same of groups.
    pub groups: Vec<IdRange>,
}

/// The ids that are the caller's to give away.
///
/// # Errors
/// When the user has not enough of them for a tree.
pub fn id_maps() -> Result<IdMaps, UserNamespaceError> {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let passwd = read("/etc/passwd")?;
    let name = user_name(&passwd, uid);
    let ranges = |file: &'static str, own| {
        let ranges = subordinate(&read(file)?, name, uid);
        let found = ranges.iter().fold(0, |sum: u32, range| sum.saturating_add(range.count));
        if found < NEEDED {
            let user = name.map_or_else(|| uid.to_string(), str::to_owned);
            return Err(UserNamespaceError::Ids { user, file: file.into(), found });
        }
        Ok(mapping(own, &ranges))
    };
    Ok(IdMaps { users: ranges("/etc/subuid", uid)?, groups: ranges("/etc/subgid", gid)? })
}

/// Whether this process is in a user namespace that doesn't have all ids: such a one can't make device nodes.
#[must_use]
pub fn is_in_user_namespace() -> bool {
    let map = fs_err::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let numbers: Vec<&str> = map.split_whitespace().collect();
    !map.is_empty() && numbers != ["0", "0", "4294967295"]
}

fn read(path: &'static str) -> Result<String, UserNamespaceError> {
    match fs_err::read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(UserNamespaceError::Host { action: "read who has which ids", source }),
    }
}

/// The name of a user, from passwd(5).
fn user_name(passwd: &str, uid: u32) -> Option<&str> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    })
}

/// Ids that a user may give away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first: u32,
    count: u32,
}

/// The user's lines of subuid(5) or subgid(5), which name it by name or number.
fn subordinate(text: &str, name: Option<&str>, uid: u32) -> Vec<Range> {
    let of_line = |line: &str| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let range = Range { first: fields.next()?.parse().ok()?, count: fields.next()?.parse().ok()? };
        (Some(owner) == name || owner.parse() == Ok(uid)).then_some(range)
    };
    text.lines().filter_map(of_line).filter(|range| range.count > 0).collect()
}

/// The caller is 0, the ranges follow from 1 on.
fn mapping(own: u32, ranges: &[Range]) -> Vec<IdRange> {
    let mut map = vec![IdRange { inside: 0, outside: own, count: 1 }];
    let mut next = 1_u32;
    for range in ranges {
        let count = range.count.min(u32::MAX - 1 - next);
        map.push(IdRange { inside: next, outside: range.first, count });
        next += count;
    }
    map
}

fn find(program: &str, path: &OsStr) -> Option<PathBuf> {
    let said = std::env::split_paths(path).filter(|directory| directory.is_absolute());
    let places = said.chain(PLACES.map(PathBuf::from));
    places.map(|directory| directory.join(program)).find(|path| path.is_file())
}

fn finish(program: &'static str, mut child: Child) -> Result<(), UserNamespaceError> {
    let told = child.stdin.take().map(|mut pipe| pipe.write_all(b"\n"));
    let output = child.wait_with_output().map_err(|source| UserNamespaceError::Host { action: "wait for a process", source })?;
    if matches!(told, Some(Ok(()))) && output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
    Err(UserNamespaceError::Mapping { program, output: words })
}

fn refused(errno: Errno) -> UserNamespaceError {
    let value = |path: &str| fs_err::read_to_string(Path::new(path)).ok();
    let forbids = |(knob, path, bad, wanted): (&'static str, &str, &str, &'static str)| {
        let value = value(path)?.trim().to_owned();
        (value == bad).then_some(UserNamespaceError::Setting { knob, value, wanted })
    };
    KNOBS.into_iter().find_map(forbids).unwrap_or_else(|| UserNamespaceError::Refused { source: errno.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nbroken\nann:x:1000:1000::/home/ann:/bin/sh\n";

    #[test]
    fn a_user_is_known_by_name_or_number() {
        assert_eq!(user_name(PASSWD, 1000), Some("ann"));
        assert_eq!(user_name(PASSWD, 7), None);
        let text = "ann:100000:65536\nbob:200000:65536\n1000:300000:10\nann:x:1\nann:5\n\n7:1:0\n";
        let ranges = [Range { first: 100_000, count: 65536 }, Range { first: 300_000, count: 10 }];
        assert_eq!(subordinate(text, Some("ann"), 1000), ranges);
        assert_eq!(subordinate(text, None, 7), []);
        let map = [(0, 1000, 1), (1, 100_000, 65536), (65537, 300_000, 10)];
        assert_eq!(mapping(1000, &ranges), map.map(|(inside, outside, count)| IdRange { inside, outside, count }));
    }

    #[test]
    fn each_trouble_has_its_remedy() {
        let ids = UserNamespaceError::Ids { user: "ann".to_owned(), file: "/etc/subuid".into(), found: 0 };
        assert_eq!(ids.to_string(), "user ann has 0 subordinate ids in `/etc/subuid`, and a tree needs 65534");
        assert!(ids.hint().unwrap().ends_with("ann"));
        let setting = UserNamespaceError::Setting { knob: "user.max_user_namespaces", value: "0".to_owned(), wanted: "15000" };
        assert!(setting.hint().unwrap().contains("sysctl -w user.max_user_namespaces=15000"));
    }
}
