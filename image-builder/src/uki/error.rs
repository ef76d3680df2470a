/// Why there can be no unified kernel image.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum UkiError {
    /// It begins differently, or ends within its headers.
    #[error("the {what} is not an EFI program for 64 bits")]
    NotPe { what: &'static str },
    /// A driver, or a program for something else.
    #[error("the stub is for the subsystem {subsystem}, and 10 is that of EFI applications")]
    Subsystem { subsystem: u16 },
    /// Not powers of two, or more than a format of 32 bits can do with.
    #[error("the stub aligns sections to {section} bytes in memory and {file} in the file")]
    Alignment { section: u32, file: u32 },
    /// A section beyond the end, or none at all.
    #[error("the stub is cut off: it has {length} bytes, and its sections end at {end}")]
    Truncated { length: usize, end: u64 },
    /// There is a table of certificates.
    #[error("the stub is signed")]
    Signed,
    /// Something behind the sections that isn't known.
    #[error("the stub has {bytes} bytes behind its sections that are not symbols")]
    Trailing { bytes: usize },
    /// It is a unified kernel image already.
    #[error("the stub has a section `{name}` already")]
    Taken { name: &'static str },
    /// The table of sections can't grow.
    #[error("the stub has room for {room} more sections, and {needed} are needed")]
    NoRoom { needed: usize, room: usize },
    /// For different processors, by the numbers of the PE format.
    #[error("the stub is for the machine {stub:#06x}, and the kernel for {kernel:#06x}")]
    Machine { stub: u16, kernel: u16 },
    /// A text that would be cut off.
    #[error("the {what} has a NUL byte")]
    Nul { what: &'static str },
    /// Addresses have 32 bits.
    #[error("the image would have more than {limit} bytes")]
    TooLarge { limit: u32 },
}

impl UkiError {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotPe { what: "kernel" } => "it needs CONFIG_EFI_STUB, and must not be compressed as a whole: decompress an `Image.gz`",
            Self::NotPe { .. } | Self::Subsystem { .. } | Self::Taken { .. } => {
                "the stub is systemd's `linuxx64.efi.stub` or its like, in Debian of the package systemd-boot-efi"
            }
            Self::Signed => "take the stub without a signature, and sign the image",
            Self::NoRoom { .. } => "newer stubs have more room: systemd 256 and later",
            Self::Machine { .. } => "x86 is 0x8664 (`linuxx64.efi.stub`), ARM is 0xaa64 (`linuxaa64.efi.stub`)",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
