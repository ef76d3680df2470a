//! Which system calls make device nodes, as a seccomp filter tells them to process 1.

use libc::{BPF_ALU, BPF_AND, BPF_K, S_IFBLK, S_IFCHR, S_IFMT, SECCOMP_RET_ALLOW, SECCOMP_RET_USER_NOTIF, seccomp_data, sock_filter};

use crate::runner::filter::{ARCHITECTURE, NUMBER, give, instruction, load, skip_if_equal, skip_unless_equal};

/// One of mknod(2) and mknodat(2) in one architecture's numbering.
struct Call {
    /// `AUDIT_ARCH_*` of linux/audit.h.
    architecture: u32,
    number: u32,
    /// The place of the path among the arguments; the mode and the device follow. One that isn't the first has a directory before it.
    path: u8,
}

/// The kernel's own tables (`arch/*/…/syscall*.tbl`, `asm-generic/unistd.h`).
const CALLS: [Call; 7] = [
    Call { architecture: 0xc000_003e, number: 133, path: 0 }, // x86_64
    Call { architecture: 0xc000_003e, number: 259, path: 1 },
    Call { architecture: 0x4000_0003, number: 14, path: 0 }, // i386
    Call { architecture: 0x4000_0003, number: 297, path: 1 },
    Call { architecture: 0xc000_00b7, number: 33, path: 1 }, // aarch64
    Call { architecture: 0x4000_0028, number: 14, path: 0 }, // arm
    Call { architecture: 0x4000_0028, number: 324, path: 1 },
];

/// The file type in a mode.
const TYPE: u32 = S_IFMT;

/// Where `struct seccomp_data` has the arguments, 8 bytes each, and the lower half of each first: all these machines are little-endian.
const ARGUMENTS: u32 = 16;

/// What a process asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Where the process has the path.
    pub(super) path: u64,
    /// A descriptor of the process that a relative path starts at; none for its current directory.
    pub(super) directory: Option<i32>,
    /// The permissions, before the umask.
    pub(super) mode: u32,
    pub(super) is_block: bool,
    pub(super) major: u32,
    pub(super) minor: u32,
}

/// Tells whoever listens of each call for a device node, and lets all others be.
pub(super) fn program() -> Vec<sock_filter> {
    let mut program = Vec::new();
    for Call { architecture, number, path } in &CALLS {
        // For another call: on to the next block.
        program.extend([load(ARCHITECTURE), skip_unless_equal(*architecture, 7), load(NUMBER), skip_unless_equal(*number, 5)]);
        program.push(load(ARGUMENTS + 8 * (u32::from(*path) + 1)));
        program.push(instruction(BPF_ALU | BPF_AND | BPF_K, 0, 0, TYPE));
        program.extend([skip_if_equal(S_IFCHR, 1), skip_unless_equal(S_IFBLK, 1), give(SECCOMP_RET_USER_NOTIF)]);
    }
    program.push(give(SECCOMP_RET_ALLOW));
    program
}

/// What a call that was told means; none for one that should not have been.
pub(super) fn wanted(data: &seccomp_data) -> Option<Wanted> {
    let number = u32::try_from(data.nr).ok()?;
    let call = CALLS.iter().find(|call| call.architecture == data.arch && call.number == number)?;
    let path = usize::from(call.path);
    let (mode, device) = (lower(data.args[path + 1]), lower(data.args[path + 2]));
    let is_block = match mode & TYPE {
        S_IFBLK => true,
        S_IFCHR => false,
        _ => return None,
    };
    let directory = (path > 0).then(|| lower(data.args[0]).cast_signed()).filter(|directory| *directory != libc::AT_FDCWD);
    // As the kernel takes it apart: `new_decode_dev` of linux/kdev_t.h.
    let (major, minor) = ((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xf_ff00));
    Some(Wanted { path: data.args[path], directory, mode: mode & 0o7777, is_block, major, minor })
}

fn lower(argument: u64) -> u32 {
    let [a, b, c, d, ..] = argument.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(architecture: u32, number: i32, args: [u64; 6]) -> seccomp_data {
        seccomp_data { nr: number, arch: architecture, instruction_pointer: 0, args }
    }

    /// What the kernel would answer.
    fn judge(data: &seccomp_data) -> u32 {
        let program = program();
        let (mut at, mut value) = (0, 0_u32);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            at += 1;
            match u32::from(code) {
                code if code == libc::BPF_LD | libc::BPF_W | libc::BPF_ABS => {
                    value = match k {
                        NUMBER => u32::try_from(data.nr).unwrap(),
                        ARCHITECTURE => data.arch,
                        offset => lower(data.args[usize::try_from(offset - ARGUMENTS).unwrap() / 8]),
                    };
                }
                code if code == BPF_ALU | BPF_AND | BPF_K => value &= k,
                code if code == libc::BPF_JMP | libc::BPF_JEQ | BPF_K => at += usize::from(if value == k { jt } else { jf }),
                _ => return k,
            }
        }
    }

    #[test]
    fn only_device_nodes_are_told() {
        for call in &CALLS {
            for (kind, told) in [(S_IFCHR, true), (S_IFBLK, true), (libc::S_IFIFO, false), (libc::S_IFREG, false), (0, false)] {
                let mut args = [0; 6];
                args[usize::from(call.path) + 1] = u64::from(kind | 0o644);
                let data = data(call.architecture, i32::try_from(call.number).unwrap(), args);
                let expected = if told { SECCOMP_RET_USER_NOTIF } else { SECCOMP_RET_ALLOW };
                assert_eq!(judge(&data), expected, "{} of {:#x} for {kind:o}", call.number, call.architecture);
                assert_eq!(wanted(&data).is_some(), told);
            }
        }
        assert_eq!(judge(&data(0xc000_003e, 0, [u64::from(S_IFCHR); 6])), SECCOMP_RET_ALLOW, "read(2)");
        assert_eq!(judge(&data(0x1234, 133, [u64::from(S_IFCHR); 6])), SECCOMP_RET_ALLOW, "an architecture that is not listed");
    }

    #[test]
    fn a_call_is_understood() {
        let mode = u64::from(S_IFBLK | 0o660);
        let at = data(0xc000_00b7, 33, [7, 0x1000, mode, 0x0010_fe01, 0, 0]);
        let expected = Wanted { path: 0x1000, directory: Some(7), mode: 0o660, is_block: true, major: 254, minor: 257 };
        assert_eq!(wanted(&at).unwrap(), expected);
        let here = data(0xc000_00b7, 33, [u64::from(libc::AT_FDCWD.cast_unsigned()), 0x1000, mode, 0, 0, 0]);
        assert_eq!(wanted(&here).unwrap().directory, None);
        let plain = data(0xc000_003e, 133, [0x2000, u64::from(S_IFCHR), 0x103, 0, 0, 0]);
        let expected = Wanted { path: 0x2000, directory: None, mode: 0, is_block: false, major: 1, minor: 3 };
        assert_eq!(wanted(&plain).unwrap(), expected);
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn the_table_agrees_with_the_c_library() {
        let numbers = [i64::from(CALLS[0].number), i64::from(CALLS[1].number)];
        assert_eq!(numbers, [libc::SYS_mknod, libc::SYS_mknodat]);
    }
}
