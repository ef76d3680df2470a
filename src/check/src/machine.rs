use goblin::elf::header;

/// What a program can run on: ELF's `e_machine`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Machine(u16);

/// ELF's number, the name `uname -m` gives it, and the directory that Debian's multiarch keeps its libraries in.
const KNOWN: [(u16, &str, &str); 8] = [
    (header::EM_X86_64, "x86_64", "x86_64-linux-gnu"),
    (header::EM_AARCH64, "aarch64", "aarch64-linux-gnu"),
    (header::EM_386, "i386", "i386-linux-gnu"),
    (header::EM_ARM, "arm", "arm-linux-gnueabihf"),
    (header::EM_RISCV, "riscv64", "riscv64-linux-gnu"),
    (header::EM_PPC64, "ppc64le", "powerpc64le-linux-gnu"),
    (header::EM_S390, "s390x", "s390x-linux-gnu"),
    (header::EM_LOONGARCH, "loongarch64", "loongarch64-linux-gnu"),
];

impl Machine {
    /// 64-bit x86.
    pub const X86_64: Self = Self(header::EM_X86_64);
    /// 32-bit x86.
    pub const I386: Self = Self(header::EM_386);
    /// 64-bit Arm.
    pub const AARCH64: Self = Self(header::EM_AARCH64);

    /// The machine with this name, as `uname -m` prints it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = match name {
            "armv7l" => "arm",
            "i686" => "i386",
            name => name,
        };
        KNOWN.iter().find(|(_, known, _)| *known == name).map(|(number, ..)| Self(*number))
    }

    pub(crate) fn from_elf(number: u16) -> Self {
        Self(number)
    }

    /// The multiarch directory's name, where there is one.
    pub(crate) fn triplet(self) -> Option<&'static str> {
        KNOWN.iter().find(|(number, ..)| *number == self.0).map(|(_, _, triplet)| *triplet)
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match KNOWN.iter().find(|(number, ..)| *number == self.0) {
            Some((_, name, _)) => f.pad(name),
            None => write!(f, "ELF machine {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for (_, name, _) in KNOWN {
            assert_eq!(Machine::from_name(name).unwrap().to_string(), name);
        }
        assert_eq!(Machine::from_name("amd64"), None);
        assert_eq!(Machine::from_elf(9999).to_string(), "ELF machine 9999");
    }
}
