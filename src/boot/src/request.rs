use std::ffi::OsString;
use std::fmt;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rootfs_plugin::Architecture;

use crate::Kernel;

/// All that a boot depends on. Nothing else of the host is looked at but `/dev/kvm`.
#[derive(Debug, Clone)]
pub struct BootRequest<'a> {
    /// The guest's.
    pub architecture: Architecture,
    /// What boots; without one, what the machine's firmware finds on the disk.
    pub kernel: Option<&'a Kernel>,
    /// An initramfs that takes the place of ours.
    pub initrd: Option<&'a Path>,
    /// What the guest's root is on; without one there must be a kernel and an `initrd`.
    pub disk: Option<Disk>,
    /// For the kernel, if there is one here, as the image wants it. What is missing is added: root, console, what to do in a panic.
    pub command_line: String,
    /// In MiB.
    pub memory_mib: u32,
    /// How many.
    pub processors: u32,
    /// The guest's.
    pub network: Network,
    /// What is done in the guest.
    pub session: Session,
    /// For all of it; none means no limit on the session, and a few minutes for the agent to answer.
    pub timeout: Option<Duration>,
    /// Where all this happens.
    pub host: Host,
    /// Whom the guest speaks with.
    pub stdio: Stdio<'a>,
    /// Set by anyone, at any time: the machine is gone within a fifth of a second.
    pub cancelled: &'a AtomicBool,
}

/// A disk image, raw or qcow2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// On the host.
    pub path: PathBuf,
    /// Whether the guest's writes reach it. Else they are forgotten.
    pub write: bool,
    /// Whether it is a qcow2.
    pub qcow2: bool,
    /// Whether the guest maps it as an NVDIMM, rather than having it as a disk.
    pub nvdimm: bool,
}

/// What the guest is connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Network {
    /// Nothing.
    None,
    /// A network of QEMU's own that reaches where this process reaches, by DHCP, if the kernel has a driver for it.
    User {
        /// Ports of the host that lead into the guest.
        forwards: Vec<Forward>,
    },
}

/// A port of the host's 127.0.0.1 that leads to a port of the guest. Its text is `HOST:GUEST`, with `/udp` behind it for datagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forward {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// On the host.
    pub host: u16,
    /// In the guest.
    pub guest: u16,
}

/// How ports are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Streams.
    Tcp,
    /// Datagrams.
    Udp,
}

/// What is done in the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Session {
    /// Root's shell, on a terminal when the caller is at one; else `/bin/sh` reads the caller's input. Then the guest powers off.
    Shell,
    /// This command, with the caller's streams. Then the guest powers off.
    Run(Vec<Vec<u8>>),
    /// The serial console, until the guest ends by itself. At a terminal, Ctrl-] three times ends it.
    Console,
}

/// What the caller knows about the host.
#[derive(Debug, Clone)]
pub struct Host {
    /// Where QEMU is looked for: the value of `PATH`.
    pub path: OsString,
    /// The content of `/proc/cpuinfo`; KVM is not tried on an x86 processor without `vmx` or `svm`.
    pub processor: String,
    /// Where QEMU keeps what the guest writes to a disk that isn't written to.
    pub temporary: PathBuf,
    /// The value of `TERM`, for programs in the guest.
    pub terminal: Option<String>,
}

/// The caller's streams.
#[derive(Debug, Clone, Copy)]
pub struct Stdio<'a> {
    /// None is an input that has ended.
    pub input: Option<BorrowedFd<'a>>,
    /// What the guest's programs write, or the console.
    pub output: BorrowedFd<'a>,
    /// Their errors.
    pub error: BorrowedFd<'a>,
}

/// A text that is no [`Forward`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not HOST:GUEST, two port numbers from 1 to 65535, with `/udp` or `/tcp` behind them if needed")]
pub struct ForwardError {
    /// As it was given.
    pub text: String,
}

impl FromStr for Forward {
    type Err = ForwardError;

    fn from_str(text: &str) -> Result<Self, ForwardError> {
        let parse = || {
            let (ports, protocol) = match text.split_once('/') {
                None | Some((_, "tcp")) => (text.trim_end_matches("/tcp"), Protocol::Tcp),
                Some((ports, "udp")) => (ports, Protocol::Udp),
                Some(_) => return None,
            };
            let (host, guest) = ports.split_once(':')?;
            let port = |text: &str| text.parse().ok().filter(|port| *port != 0 && text.bytes().all(|byte| byte.is_ascii_digit()));
            Some(Self { protocol, host: port(host)?, guest: port(guest)? })
        };
        parse().ok_or_else(|| ForwardError { text: text.to_owned() })
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwards_have_a_text() {
        assert_eq!("2222:22".parse(), Ok(Forward { protocol: Protocol::Tcp, host: 2222, guest: 22 }));
        assert_eq!("2222:22/tcp".parse(), Ok(Forward { protocol: Protocol::Tcp, host: 2222, guest: 22 }));
        assert_eq!("53:5353/udp".parse(), Ok(Forward { protocol: Protocol::Udp, host: 53, guest: 5353 }));
        for text in ["", "22", "0:22", "22:0", "65536:1", "+1:2", "1:2/sctp", "1:2:3", "a:b"] {
            assert!(text.parse::<Forward>().is_err(), "{text}");
        }
    }
}
