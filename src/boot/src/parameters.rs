use rootfs_plugin::Architecture;

use crate::partition::Root;
use crate::qemu::DiskInterface;

/// The kernel's command line: what the caller gives, with what is missing for this machine. What the caller says always counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameters<'a> {
    pub(crate) given: &'a str,
    pub(crate) architecture: Architecture,
    pub(crate) root: Option<(DiskInterface, Root)>,
    /// Whether somebody looks at the console.
    pub(crate) verbose: bool,
}

impl Parameters<'_> {
    pub(crate) fn complete(&self) -> String {
        let mut words: Vec<String> = self.given.split_ascii_whitespace().map(str::to_owned).collect();
        // What follows is for init.
        let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
        let rest = words.split_off(end);
        let has = |name: &str| words.iter().any(|word| word == name || word.split_once('=').is_some_and(|(key, _)| key == name));
        let mut added = Vec::new();
        if let Some((interface, root)) = self.root {
            if !has("root") {
                added.push(format!("root={}", device(interface, root)));
            }
            if !has("ro") && !has("rw") {
                added.push("rw".to_owned());
            }
        }
        if !has("console") {
            added.push(format!("console={}", serial_console(self.architecture)));
        }
        // So that a panic ends the machine at once.
        if !has("panic") {
            added.push("panic=-1".to_owned());
        }
        if !self.verbose && !["quiet", "debug", "loglevel"].into_iter().any(has) {
            added.push("quiet".to_owned());
        }
        words.into_iter().chain(added).chain(rest).collect::<Vec<_>>().join(" ")
    }
}

/// Whether only an initramfs understands this root.
pub(crate) fn needs_initramfs(command_line: &str) -> bool {
    command_line.split_ascii_whitespace().any(|word| word.starts_with("root=LABEL=") || word.starts_with("root=UUID="))
}

fn serial_console(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 | Architecture::I686 | Architecture::Riscv64 => "ttyS0",
        Architecture::Aarch64 | Architecture::Armv7l => "ttyAMA0",
        Architecture::Ppc64le => "hvc0",
        Architecture::S390x => "ttysclp0",
    }
}

fn device(interface: DiskInterface, root: Root) -> String {
    match (interface, root) {
        (DiskInterface::Nvdimm, Root::Whole) => "/dev/pmem0".to_owned(),
        (DiskInterface::Nvdimm, Root::Partition(number)) => format!("/dev/pmem0p{number}"),
        (DiskInterface::Nvme, Root::Whole) => "/dev/nvme0n1".to_owned(),
        (DiskInterface::Nvme, Root::Partition(number)) => format!("/dev/nvme0n1p{number}"),
        (DiskInterface::Virtio, Root::Whole) => "/dev/vda".to_owned(),
        (DiskInterface::Virtio, Root::Partition(number)) => format!("/dev/vda{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(given: &str, root: Option<(DiskInterface, Root)>, verbose: bool) -> String {
        Parameters { given, architecture: Architecture::X86_64, root, verbose }.complete()
    }

    #[test]
    fn what_is_missing_is_added() {
        let nvme = Some((DiskInterface::Nvme, Root::Partition(1)));
        assert_eq!(complete("", nvme, false), "root=/dev/nvme0n1p1 rw console=ttyS0 panic=-1 quiet");
        assert_eq!(complete("", Some((DiskInterface::Virtio, Root::Whole)), true), "root=/dev/vda rw console=ttyS0 panic=-1");
        assert_eq!(complete("a=b -- --single", None, false), "a=b console=ttyS0 panic=-1 quiet -- --single");
    }

    #[test]
    fn what_is_said_counts() {
        let given = "root=LABEL=x ro console=tty0 panic=5 loglevel=7";
        assert_eq!(complete(given, Some((DiskInterface::Nvme, Root::Whole)), false), given);
        assert!(needs_initramfs(given));
        assert!(!needs_initramfs("root=PARTUUID=1-01"));
    }
}
