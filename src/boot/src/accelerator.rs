use std::fmt;

use rootfs_plugin::Architecture;

use crate::Host;

/// How a guest's instructions are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accelerator {
    /// By the processor itself.
    Kvm,
    /// By QEMU, translated: some ten times slower.
    Tcg,
}

impl Accelerator {
    /// KVM when this host has it for such a guest.
    ///
    /// `/dev/kvm` must open, and an x86 processor must have virtualisation: there are machines where the device opens without it, and a guest
    /// never takes a step.
    pub(crate) fn choose(architecture: Architecture, host: &Host) -> Self {
        let opens = || fs_err::OpenOptions::new().read(true).write(true).open("/dev/kvm").is_ok();
        if Architecture::native() == Some(architecture) && has_virtualisation(architecture, &host.processor) && opens() {
            Self::Kvm
        } else {
            Self::Tcg
        }
    }
}

fn has_virtualisation(architecture: Architecture, processor: &str) -> bool {
    let flags = || processor.lines().filter(|line| line.starts_with("flags")).flat_map(str::split_ascii_whitespace);
    architecture != Architecture::X86_64 || flags().any(|flag| matches!(flag, "vmx" | "svm"))
}

impl fmt::Display for Accelerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_x86_processor_must_have_it() {
        let with = "processor\t: 0\nflags\t\t: fpu vmx sse\nvmx flags\t: x\n";
        assert!(has_virtualisation(Architecture::X86_64, with));
        assert!(has_virtualisation(Architecture::X86_64, "flags : svm"));
        assert!(!has_virtualisation(Architecture::X86_64, "flags : fpu svm_lock\nmodel name : vmx"));
        assert!(has_virtualisation(Architecture::Aarch64, ""));
    }
}
