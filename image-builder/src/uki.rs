//! Unified kernel images: one EFI program of systemd's stub, a kernel, its initrd and its command line.
//!
//! Sections are those of the UAPI group's specification "Unified Kernel Image", in the order and with the flags that `ukify` gives them.

mod assemble;
mod error;
mod format;
mod stub;

pub use error::UkiError;

use assemble::{Assembly, Section};
use stub::{Headers, Stub};

/// What a unified kernel image is made of.
///
/// Firmware starts the result as any other EFI program, from `EFI/BOOT/BOOTX64.EFI` say. It isn't signed: that is for who has a key.
#[derive(Debug, Clone, Copy)]
pub struct Uki<'a> {
    /// systemd's `linuxx64.efi.stub`, `linuxaa64.efi.stub` or another for 64 bits, not signed.
    pub stub: &'a [u8],
    /// A kernel that is an EFI program itself, for the same machine: `vmlinuz` on x86, an `Image` that isn't compressed as a whole on others.
    pub linux: &'a [u8],
    /// cpio archives, one after another, each compressed or not.
    pub initrd: Option<&'a [u8]>,
    /// The kernel's command line. With an empty one there is no section for it, and the stub takes what the boot manager gives.
    pub command_line: &'a str,
    /// `/usr/lib/os-release` of the system that boots, which boot managers show.
    pub os_release: Option<&'a [u8]>,
    /// The kernel's release, as `uname -r` tells it.
    pub uname: Option<&'a str>,
}

impl Uki<'_> {
    /// Puts everything behind the stub. The same inputs give the same bytes.
    ///
    /// Symbols that an old stub has behind its sections are left out, as executables have none. The stub's `.sbat` stays as it is.
    ///
    /// # Errors
    /// When the stub or the kernel is none, or they don't fit each other, and when the stub has no room for more sections or is signed: its signature
    /// would be wrong afterwards.
    pub fn assemble(&self) -> Result<Vec<u8>, UkiError> {
        for (what, text) in [("command line", Some(self.command_line)), ("release", self.uname)] {
            if text.is_some_and(|text| text.contains('\0')) {
                return Err(UkiError::Nul { what });
            }
        }
        let stub = Stub::parse(self.stub)?;
        let kernel = Headers::parse(self.linux).ok_or(UkiError::NotPe { what: "kernel" })?;
        let (stub_machine, kernel_machine) = (stub.headers.file.machine.get(), kernel.file.machine.get());
        if stub_machine != kernel_machine {
            return Err(UkiError::Machine { stub: stub_machine, kernel: kernel_machine });
        }
        let texts = [
            (".osrel", self.os_release),
            (".cmdline", Some(self.command_line.as_bytes()).filter(|text| !text.is_empty())),
            (".uname", self.uname.map(str::as_bytes)),
            (".initrd", self.initrd),
        ];
        let mut sections: Vec<Section<'_>> = texts.into_iter().filter_map(|(name, content)| Some(Section::data(name, content?))).collect();
        sections.push(Section::kernel(self.linux, kernel.optional.size_of_image.get()));
        Assembly::new(stub, sections)?.bytes()
    }
}
