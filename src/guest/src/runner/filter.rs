//! A seccomp filter that answers fsync(2) and its relatives with success: a build that fails is thrown away, and one that
//! succeeds is written out once.
//!
//! By hand, because a builder's filter would set no_new_privs (and so take setuid away from scripts) and kill programs of the machine's 32-bit relative.

use libc::{BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO, sock_filter, sock_fprog};
use rustix::io::Errno;

use crate::fork::last_error;

/// The calls in one architecture's numbering.
struct Calls {
    /// `AUDIT_ARCH_*` of linux/audit.h.
    architecture: u32,
    /// fsync, fdatasync, sync, syncfs, msync, sync_file_range.
    numbers: [u32; 6],
}

/// The kernel's own tables (`arch/*/…/syscall*.tbl`, `asm-generic/unistd.h`).
const CALLS: [Calls; 4] = [
    Calls { architecture: 0xc000_003e, numbers: [74, 75, 162, 306, 26, 277] }, // x86_64
    Calls { architecture: 0x4000_0003, numbers: [118, 148, 36, 344, 144, 314] }, // i386
    Calls { architecture: 0xc000_00b7, numbers: [82, 83, 81, 267, 227, 84] },  // aarch64
    Calls { architecture: 0x4000_0028, numbers: [118, 148, 36, 373, 144, 341] }, // arm
];

/// Offsets in `struct seccomp_data`.
pub(super) const NUMBER: u32 = 0;
pub(super) const ARCHITECTURE: u32 = 4;

/// Installs the filter for this process and all its children. Needs `CAP_SYS_ADMIN`.
pub(super) fn install() -> Result<(), Errno> {
    load_program(program(), 0).map(drop)
}

/// Gives a filter to the kernel. What comes back is 0, or a file descriptor where the flags ask for one.
pub(super) fn load_program(mut program: Vec<sock_filter>, flags: libc::c_ulong) -> Result<libc::c_long, Errno> {
    let length = u16::try_from(program.len()).or(Err(Errno::TOOBIG))?;
    let filter = sock_fprog { len: length, filter: program.as_mut_ptr() };
    // SAFETY: `filter` points at `length` whole instructions, which the kernel copies and checks before the call returns.
    let result = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const filter) };
    if result >= 0 { Ok(result) } else { Err(last_error()) }
}

fn program() -> Vec<sock_filter> {
    let mut program = vec![load(ARCHITECTURE)];
    for Calls { architecture, numbers } in &CALLS {
        // For another architecture: on to the next block, which is a load, the comparisons and two returns further.
        program.push(skip_unless_equal(*architecture, 9));
        program.push(load(NUMBER));
        for (left, number) in (1_u8..=6).rev().zip(numbers) {
            program.push(skip_if_equal(*number, left));
        }
        program.push(give(SECCOMP_RET_ALLOW));
        program.push(give(SECCOMP_RET_ERRNO));
    }
    program.push(give(SECCOMP_RET_ALLOW));
    program
}

pub(super) fn load(offset: u32) -> sock_filter {
    instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset)
}

pub(super) fn skip_if_equal(value: u32, skipped: u8) -> sock_filter {
    instruction(BPF_JMP | BPF_JEQ | BPF_K, skipped, 0, value)
}

pub(super) fn skip_unless_equal(value: u32, skipped: u8) -> sock_filter {
    instruction(BPF_JMP | BPF_JEQ | BPF_K, 0, skipped, value)
}

pub(super) fn give(answer: u32) -> sock_filter {
    instruction(BPF_RET | BPF_K, 0, 0, answer)
}

pub(super) fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code: u16::try_from(code).unwrap_or(u16::MAX), jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would answer.
    fn judge(architecture: u32, number: u32) -> u32 {
        let program = program();
        let (mut at, mut loaded) = (0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            at += 1;
            match u32::from(code) {
                code if code == BPF_LD | BPF_W | BPF_ABS => loaded = if k == NUMBER { number } else { architecture },
                code if code == BPF_JMP | BPF_JEQ | BPF_K => at += usize::from(if loaded == k { jt } else { jf }),
                _ => return k,
            }
        }
    }

    #[test]
    fn exactly_the_listed_calls_are_answered() {
        for calls in &CALLS {
            for number in 0..500 {
                let expected = if calls.numbers.contains(&number) { SECCOMP_RET_ERRNO } else { SECCOMP_RET_ALLOW };
                assert_eq!(judge(calls.architecture, number), expected, "{number} of {:#x}", calls.architecture);
            }
        }
        assert_eq!(judge(0x1234, 74), SECCOMP_RET_ALLOW, "an architecture that is not listed");
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn the_table_agrees_with_the_c_library() {
        let names = [libc::SYS_fsync, libc::SYS_fdatasync, libc::SYS_sync, libc::SYS_syncfs, libc::SYS_msync, libc::SYS_sync_file_range];
        assert_eq!(CALLS[0].numbers.map(i64::from), names);
    }
}
