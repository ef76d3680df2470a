use rootfs_plugin::Architecture;

/// What the first bytes of a file say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Program {
    /// For this architecture.
    Elf(Architecture),
    /// For a machine that can't be built for, as its number in `elf.h` or its name.
    OtherElf(String),
    /// `#!`.
    Script,
    /// None that the kernel would start.
    No,
}

/// Reads the head of a file: 20 bytes are enough (System V ABI, `Elf64_Ehdr`: EI_CLASS at 4, EI_DATA at 5, e_machine at 18).
pub(super) fn recognise(head: &[u8]) -> Program {
    if head.starts_with(b"#!") {
        return Program::Script;
    }
    let (Some(magic), Some(class), Some(order), Some(machine)) = (head.get(..4), head.get(4), head.get(5), head.get(18..20)) else {
        return Program::No;
    };
    if magic != b"\x7fELF" {
        return Program::No;
    }
    let big_endian = *order == 2;
    let number = if big_endian { u16::from_be_bytes([machine[0], machine[1]]) } else { u16::from_le_bytes([machine[0], machine[1]]) };
    match (number, *class, big_endian) {
        (62, 2, false) => Program::Elf(Architecture::X86_64),
        (183, 2, false) => Program::Elf(Architecture::Aarch64),
        (40, 1, false) => Program::Elf(Architecture::Armv7l),
        (3, 1, false) => Program::Elf(Architecture::I686),
        (21, 2, false) => Program::Elf(Architecture::Ppc64le),
        (243, 2, false) => Program::Elf(Architecture::Riscv64),
        (22, 2, true) => Program::Elf(Architecture::S390x),
        _ => Program::OtherElf(name(number)),
    }
}

fn name(machine: u16) -> String {
    let known = [
        (8, "mips"),
        (20, "powerpc"),
        (21, "ppc64"),
        (22, "s390"),
        (40, "big-endian arm"),
        (62, "x32"),
        (243, "riscv32"),
        (258, "loongarch64"),
    ];
    known.into_iter().find(|(number, _)| *number == machine).map_or_else(|| format!("machine {machine}"), |(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(class: u8, order: u8, machine: [u8; 2]) -> Vec<u8> {
        let mut head = b"\x7fELF".to_vec();
        head.extend([class, order, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0]);
        head.extend(machine);
        head
    }

    #[test]
    fn machines_are_told_apart() {
        assert_eq!(recognise(&head(2, 1, [62, 0])), Program::Elf(Architecture::X86_64));
        assert_eq!(recognise(&head(2, 1, [183, 0])), Program::Elf(Architecture::Aarch64));
        assert_eq!(recognise(&head(2, 2, [0, 22])), Program::Elf(Architecture::S390x));
        assert_eq!(recognise(&head(1, 1, [62, 0])), Program::OtherElf("x32".into()));
        assert_eq!(recognise(&head(2, 1, [0, 9])), Program::OtherElf("machine 2304".into()));
        assert_eq!(recognise(b"#!/bin/sh\n"), Program::Script);
        assert_eq!(
            [recognise(b""), recognise(b"\x7fELF"), recognise(b"plain text of some length")],
            [Program::No, Program::No, Program::No]
        );
    }
}
