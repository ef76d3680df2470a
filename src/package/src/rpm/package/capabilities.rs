//! What a file's program may do, as rpm writes it (`cap_net_raw=ep`, the text form of cap_from_text(3)), and as the kernel keeps it.

/// The name of the attribute.
pub(super) const ATTRIBUTE: &[u8] = b"security.capability";

/// In the order of their bits (`linux/capability.h`).
const NAMES: [&str; 41] = [
    "cap_chown",
    "cap_dac_override",
    "cap_dac_read_search",
    "cap_fowner",
    "cap_fsetid",
    "cap_kill",
    "cap_setgid",
    "cap_setuid",
    "cap_setpcap",
    "cap_linux_immutable",
    "cap_net_bind_service",
    "cap_net_broadcast",
    "cap_net_admin",
    "cap_net_raw",
    "cap_ipc_lock",
    "cap_ipc_owner",
    "cap_sys_module",
    "cap_sys_rawio",
    "cap_sys_chroot",
    "cap_sys_ptrace",
    "cap_sys_pacct",
    "cap_sys_admin",
    "cap_sys_boot",
    "cap_sys_nice",
    "cap_sys_resource",
    "cap_sys_time",
    "cap_sys_tty_config",
    "cap_mknod",
    "cap_lease",
    "cap_audit_write",
    "cap_audit_control",
    "cap_setfcap",
    "cap_mac_override",
    "cap_mac_admin",
    "cap_syslog",
    "cap_wake_alarm",
    "cap_block_suspend",
    "cap_audit_read",
    "cap_perfmon",
    "cap_bpf",
    "cap_checkpoint_restore",
];

/// `VFS_CAP_REVISION_2`, and the flag beside it.
const REVISION: u32 = 0x0200_0000;
const EFFECTIVE: u32 = 1;

/// Sets of capabilities, a bit each.
#[derive(Debug, Default)]
struct Sets {
    effective: u64,
    inheritable: u64,
    permitted: u64,
}

/// The attribute's value; none when the text is not understood, nothing when it means no capability.
pub(super) fn attribute(text: &str) -> Option<Vec<u8>> {
    let mut sets = Sets::default();
    for clause in text.split_whitespace() {
        sets.apply(clause)?;
    }
    // For the kernel the effective set of a file is all or nothing.
    let effective = if sets.effective == 0 { 0 } else { EFFECTIVE };
    let low = |set: u64| u32::try_from(set & 0xffff_ffff).unwrap_or(0);
    let words = [REVISION | effective, low(sets.permitted), low(sets.inheritable), low(sets.permitted >> 32), low(sets.inheritable >> 32)];
    Some(words.iter().flat_map(|word| word.to_le_bytes()).collect())
}

impl Sets {
    /// `cap_a,cap_b+ep-i`: names, then operators with flags. No name, or `all`, means every capability.
    fn apply(&mut self, clause: &str) -> Option<()> {
        let start = clause.find(['=', '+', '-'])?;
        let (names, mut operators) = clause.split_at(start);
        let mask = mask(names)?;
        while !operators.is_empty() {
            let (operator, rest) = operators.split_at(1);
            let end = rest.find(['=', '+', '-']).unwrap_or(rest.len());
            let (flags, next) = rest.split_at(end);
            if operator == "=" {
                for set in [&mut self.effective, &mut self.inheritable, &mut self.permitted] {
                    *set &= !mask;
                }
            }
            for flag in flags.chars() {
                let set = match flag {
                    'e' => &mut self.effective,
                    'i' => &mut self.inheritable,
                    'p' => &mut self.permitted,
                    _ => return None,
                };
                *set = if operator == "-" { *set & !mask } else { *set | mask };
            }
            operators = next;
        }
        Some(())
    }
}

fn mask(names: &str) -> Option<u64> {
    if matches!(names, "" | "all") {
        return Some((1 << NAMES.len()) - 1);
    }
    names.split(',').try_fold(0, |mask, name| {
        let bit = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))?;
        Some(mask | 1 << bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_what_setcap_writes() {
        let raw = |words: [u32; 5]| Some(words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>());
        assert_eq!(attribute("cap_net_raw=ep"), raw([0x0200_0001, 1 << 13, 0, 0, 0]));
        assert_eq!(attribute("= cap_net_admin,cap_net_raw+p"), raw([0x0200_0000, 3 << 12, 0, 0, 0]));
        assert_eq!(attribute("cap_bpf=ei cap_setuid+p"), raw([0x0200_0001, 1 << 7, 0, 0, 1 << 7]));
        assert_eq!(attribute("all=p cap_chown-p"), raw([0x0200_0000, u32::MAX - 1, 0, 0x1ff, 0]));
        assert_eq!(attribute(""), raw([0x0200_0000, 0, 0, 0, 0]));
        for bad in ["cap_net_raw", "cap_nothing=ep", "cap_chown=x", "ep"] {
            assert_eq!(attribute(bad), None, "{bad}");
        }
    }
}
