//! Boots an image in QEMU and speaks with the agent in the guest.
//!
//! - [`Kernel`] is a kernel as a package brings it: [`Kernel::from_tree`] takes a package's payload (`DebLayer::tree` of rootfs-package),
//!   [`Kernel::from_file`] an image by itself. It says which drivers it has, gives an [`Initramfs`] with the modules that are missing at
//!   the start, and the ELF file that Firecracker loads.
//! - [`boot`] takes a [`BootRequest`] and gives a [`Verdict`], or a [`BootError`]; both know the exit status of a program that has nothing else to
//!   say. [`command_line`] gives what would be run, and runs nothing.
//!
//! ```no_run
//! # use std::{ffi::OsString, os::fd::AsFd, path::Path, sync::atomic::AtomicBool, time::Duration};
//! use rootfs_boot::{BootRequest, Disk, Host, Kernel, Network, Session, Stdio, boot};
//! use rootfs_plugin::Architecture;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let kernel = Kernel::from_file(Path::new("vmlinuz"))?;
//! let (input, output, error) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
//! let verdict = boot(&BootRequest {
//!     architecture: Architecture::X86_64,
//!     kernel: Some(&kernel),
//!     initrd: None,
//!     disk: Some(Disk { path: "guest.img".into(), write: false, nvdimm: false, qcow2: false }),
//!     command_line: "root=PARTUUID=0badcafe-01".to_owned(),
//!     memory_mib: 512,
//!     processors: 2,
//!     network: Network::User { forwards: Vec::new() },
//!     session: Session::Run(vec![b"uname".to_vec(), b"-r".to_vec()]),
//!     timeout: Some(Duration::from_secs(60)),
//!     host: Host { path: "/usr/bin".into(), processor: String::new(), temporary: "/var/tmp".into(), terminal: None },
//!     stdio: Stdio { input: Some(input.as_fd()), output: output.as_fd(), error: error.as_fd() },
//!     cancelled: &AtomicBool::new(false),
//! })?;
//! # drop(verdict);
//! # Ok(())
//! # }
//! ```
//!
//! Nothing of a boot is left when it ends, however it ends: the image is read only unless [`Disk::write`] is said, kernel and initramfs are handed over
//! in memory, sockets have no names, and QEMU dies with the thread that started it.

mod accelerator;
mod agent_link;
mod boot;
mod console;
mod error;
mod initramfs;
mod kernel;
mod machine;
mod output;
mod parameters;
mod partition;
mod process;
mod program;
mod qemu;
mod qmp;
mod request;
mod terminal;
mod verdict;
mod watch;

pub use accelerator::Accelerator;
pub use boot::{boot, command_line};
pub use error::{BootError, Stage};
pub use initramfs::Initramfs;
pub use kernel::{Availability, Driver, Kernel, KernelError};
pub use qemu::QemuCommand;
pub use request::{BootRequest, Disk, Forward, ForwardError, Host, Network, Protocol, Session, Stdio};
pub use verdict::{End, Verdict};
