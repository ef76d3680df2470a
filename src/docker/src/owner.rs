//! Who has made what is in an engine: a label that tells whether its maker still lives.

use std::collections::HashMap;

use fs_err as fs;
use rustix::process::Pid;

use crate::DockerError;

/// The label of everything that is ours.
pub(crate) const LABEL: &str = "rootfs-gen";

/// A process, told apart from all that were and will be on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    /// The machine's run: `boot_id` of the kernel.
    boot: String,
    /// Its namespace of processes: in another, numbers mean others.
    namespace: String,
    process: u32,
    /// When it was started, in the kernel's ticks.
    started: u64,
}

impl Owner {
    /// This process.
    pub(crate) fn this() -> Result<Self, DockerError> {
        let failed = |source| DockerError::Local { step: "learn who this process is", source };
        let process = rustix::process::getpid().as_raw_nonzero().get().unsigned_abs();
        let started = started(process).ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
        Ok(Self { boot: boot().map_err(failed)?, namespace: namespace().map_err(failed)?, process, started })
    }

    pub(crate) fn labels(&self) -> HashMap<String, String> {
        HashMap::from([(LABEL.to_owned(), self.value())])
    }

    pub(crate) fn value(&self) -> String {
        format!("{} {} {} {}", self.boot, self.namespace, self.process, self.started)
    }

    fn parse(value: &str) -> Option<Self> {
        let [boot, namespace, process, started] = <[&str; 4]>::try_from(value.split(' ').collect::<Vec<_>>()).ok()?;
        Some(Self {
            boot: boot.to_owned(),
            namespace: namespace.to_owned(),
            process: process.parse().ok()?,
            started: started.parse().ok()?,
        })
    }
}

/// Whether this machine knows that the maker is gone. Of what another machine has made, or a process in another container, it knows nothing.
pub(crate) fn is_dead(label: &str, this: &Owner) -> bool {
    Owner::parse(label)
        .is_some_and(|owner| owner.boot == this.boot && owner.namespace == this.namespace && started(owner.process) != Some(owner.started))
}

fn boot() -> std::io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

fn namespace() -> std::io::Result<String> {
    Ok(fs::read_link("/proc/self/ns/pid")?.to_string_lossy().into_owned())
}

/// Field 22 of proc_pid_stat(5); none when there is no such process, or only its remains.
fn started(process: u32) -> Option<u64> {
    Pid::from_raw(i32::try_from(process).ok()?)?;
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    if matches!(fields.first(), Some(&("Z" | "X"))) {
        return None;
    }
    fields.get(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_living_are_told_from_the_dead() {
        let this = Owner::this().unwrap();
        assert_eq!(Owner::parse(&this.value()), Some(this.clone()));
        assert!(!is_dead(&this.value(), &this));
        let other = |change: fn(&mut Owner)| {
            let mut other = this.clone();
            change(&mut other);
            is_dead(&other.value(), &this)
        };
        assert!(other(|owner| owner.started += 1), "its number is somebody else's now");
        assert!(other(|owner| owner.process = u32::MAX >> 1));
        assert!(!other(|owner| {
            owner.boot = "elsewhere".to_owned();
            owner.started += 1;
        }));
        assert!(!other(|owner| {
            owner.namespace = "pid:[1]".to_owned();
            owner.started += 1;
        }));
        assert!(!is_dead("", &this) && !is_dead("a b c d", &this));
    }
}
