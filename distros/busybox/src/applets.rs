use rootfs_plugin::{BuildContext, BuildError};

const BUSYBOX: &str = "/usr/bin/busybox";

/// How the names begin in every BusyBox (its `include/applets.src.h`, sorted): `[`, `[[`, after the end of whatever is before.
const START: &[u8] = b"\0[\0[[\0";

/// A table with fewer names is none.
const FEWEST: usize = 50;

/// Commands for the administrator, which are in `/usr/sbin` (`BB_DIR_SBIN` and `BB_DIR_USR_SBIN` in BusyBox's sources). All others are in `/usr/bin`.
const ADMINISTRATIVE: [&str; 70] = [
    "acpid",
    "adjtimex",
    "arp",
    "arping",
    "blkid",
    "blockdev",
    "bootchartd",
    "brctl",
    "chroot",
    "crond",
    "depmod",
    "devmem",
    "dhcprelay",
    "dnsd",
    "fbset",
    "fdisk",
    "findfs",
    "freeramdisk",
    "fsck",
    "fsfreeze",
    "fstrim",
    "getty",
    "halt",
    "hdparm",
    "httpd",
    "hwclock",
    "ifconfig",
    "ifdown",
    "ifenslave",
    "ifup",
    "inetd",
    "init",
    "insmod",
    "ip",
    "ipneigh",
    "klogd",
    "loadfont",
    "loadkmap",
    "logread",
    "losetup",
    "lsmod",
    "mdev",
    "mkdosfs",
    "mke2fs",
    "mkfs.ext2",
    "mkfs.vfat",
    "mkswap",
    "modinfo",
    "modprobe",
    "nameif",
    "nologin",
    "ntpd",
    "pivot_root",
    "poweroff",
    "reboot",
    "rmmod",
    "route",
    "run-init",
    "sendmail",
    "start-stop-daemon",
    "swapoff",
    "swapon",
    "switch_root",
    "sysctl",
    "syslogd",
    "telnetd",
    "udhcpc",
    "udhcpd",
    "vconfig",
    "watchdog",
];

/// Links every command that the tree's BusyBox has to it, unless a package has a program of that name.
pub(crate) fn link(context: &mut dyn BuildContext) -> Result<(), BuildError> {
    let program = context.read(BUSYBOX)?;
    let applets = names(&program).ok_or_else(|| BuildError::new(format!("there is no table of commands in `{BUSYBOX}`")))?;
    let mut taken = context.list("/usr/bin")?;
    taken.extend(context.list("/usr/sbin")?);
    for applet in applets.into_iter().filter(|applet| !taken.contains(applet)) {
        // The kernel starts the first program of an initramfs by this name, and a person never types it.
        let (directory, target) = match ADMINISTRATIVE.contains(&applet.as_str()) {
            true => ("/usr/sbin", "../bin/busybox"),
            false => ("/usr/bin", "busybox"),
        };
        context.symlink(target, &format!("{directory}/{applet}"))?;
    }
    Ok(())
}

/// The names of a BusyBox's commands: its program has them one after another, sorted, each ended by a zero. None when there is no such table.
fn names(program: &[u8]) -> Option<Vec<String>> {
    let start = program.windows(START.len()).position(|window| window == START)? + 1;
    let mut names: Vec<String> = Vec::new();
    for name in program[start..].split(|byte| *byte == 0) {
        let name = str::from_utf8(name).ok().filter(|name| is_name(name)).unwrap_or_default();
        if name.is_empty() || names.last().is_some_and(|last| last.as_str() >= name) {
            break;
        }
        names.push(name.to_owned());
    }
    let complete = ["init", "mount", "sh"].iter().all(|needed| names.iter().any(|name| name == needed));
    (complete && names.len() >= FEWEST).then_some(names)
}

fn is_name(text: &str) -> bool {
    text.len() <= 32 && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"[_-.+".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(names: &[&str]) -> Vec<u8> {
        let table: Vec<u8> = names.iter().flat_map(|name| [name.as_bytes(), b"\0"].concat()).collect();
        [b"\x7fELF before\0", table.as_slice(), b"\0\x01\x02more"].concat()
    }

    fn many() -> Vec<String> {
        let mut names: Vec<String> =
            (0..60).map(|number| format!("name{number:02}")).chain(["init", "mount", "sh"].map(str::to_owned)).collect();
        names.sort();
        ["[", "[["].map(str::to_owned).into_iter().chain(names).collect()
    }

    #[test]
    fn a_table_is_read_to_its_end() {
        let expected = many();
        let texts: Vec<&str> = expected.iter().map(String::as_str).collect();
        assert_eq!(names(&program(&texts)), Some(expected));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert_eq!(names(b"nothing"), None);
        assert_eq!(names(&program(&["[", "[[", "init", "mount", "sh"])), None, "too few");
        let without: Vec<String> = many().into_iter().filter(|name| name != "init").collect();
        assert_eq!(names(&program(&without.iter().map(String::as_str).collect::<Vec<_>>())), None);
        for length in 0..program(&["[", "[["]).len() {
            let _ = names(&program(&["[", "[["])[..length]);
        }
    }
}
