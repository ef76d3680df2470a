//! The program that UEFI firmware starts: kernel, initramfs and command line in one, on a partition of its own.

use rootfs_boot::Kernel;
use rootfs_image::{EspOptions, Size, Uki};
use rootfs_plugin::Architecture;
use rootfs_tree::{Kind, Metadata, Node, Time, Tree};

use crate::failure::Failure;

/// No stub is larger.
const STUB_LIMIT: u64 = 4 << 20;
/// No description of a system is longer.
const OS_RELEASE_LIMIT: u64 = 64 << 10;

/// What the program is made of.
#[derive(Debug)]
pub(crate) struct UefiParts {
    kernel: Kernel,
    stub: Vec<u8>,
    initrd: Option<Vec<u8>>,
    /// The architecture, as EFI's file names have it.
    suffix: &'static str,
}

impl UefiParts {
    /// From what the kernel's packages and the stub's hold together.
    ///
    /// # Errors
    /// When the kernel or the stub is missing, or a module is damaged.
    pub(crate) fn of(packages: &Tree, architecture: Architecture) -> Result<Self, Failure> {
        let failed = |error: rootfs_boot::KernelError| Failure::of(&error).hint(error.hint().map(str::to_owned));
        let kernel = Kernel::from_tree(packages).map_err(failed)?;
        let suffix = suffix(architecture).ok_or_else(|| Failure::new(format!("UEFI is not for guests for {architecture}")))?;
        let path = format!("/usr/lib/systemd/boot/efi/linux{suffix}.efi.stub");
        let stub = packages.resolve(path.as_bytes()).and_then(|id| packages.read(id, STUB_LIMIT));
        let stub = stub.map_err(|error| Failure::new("the packages have no EFI stub").because(&error))?;
        let initramfs = kernel.general_initramfs(architecture).map_err(failed)?;
        Ok(Self { kernel, stub, initrd: initramfs.map(|initramfs| initramfs.to_cpio()), suffix })
    }

    /// The partition that firmware looks at, with the program where it looks when it was told nothing else.
    ///
    /// # Errors
    /// When the stub or the kernel is none.
    pub(crate) fn partition(&self, tree: &Tree, command_line: &str) -> Result<EspOptions, Failure> {
        let os_release = tree.resolve(b"/etc/os-release").and_then(|id| tree.read(id, OS_RELEASE_LIMIT)).ok();
        let uki = Uki {
            stub: &self.stub,
            linux: self.kernel.vmlinuz(),
            initrd: self.initrd.as_deref(),
            command_line,
            os_release: os_release.as_deref(),
            uname: Some(self.kernel.release()),
        };
        let program = uki.assemble().map_err(|error| Failure::of(&error))?;
        let time = Time::from_seconds(tree.newest_mtime().seconds);
        let mut partition = Tree::new(Metadata::root(0o755, time));
        let path = format!("/EFI/BOOT/BOOT{}.EFI", self.suffix.to_uppercase());
        let node = Node { metadata: Metadata::root(0o644, time), kind: Kind::inline(program), package: None };
        partition.place(path.as_bytes(), node).map_err(|error| Failure::of(&error))?;
        Ok(EspOptions { tree: partition, size: Size::Minimal, label: None, volume_id: None })
    }
}

/// As EFI's file names have the architecture.
fn suffix(architecture: Architecture) -> Option<&'static str> {
    match architecture {
        Architecture::X86_64 => Some("x64"),
        Architecture::Aarch64 => Some("aa64"),
        Architecture::Armv7l => Some("arm"),
        Architecture::I686 => Some("ia32"),
        Architecture::Riscv64 => Some("riscv64"),
        Architecture::Ppc64le | Architecture::S390x => None,
    }
}
