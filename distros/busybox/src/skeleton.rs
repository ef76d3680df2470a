//! What a guest has besides programs: directories, accounts, settings, and the scripts that bring it up and down.

use rootfs_plugin::{Request, Tweak};

/// Directories with their permission bits.
const DIRECTORIES: [(&str, u32); 26] = [
    ("/dev", 0o755),
    ("/etc/dropbear", 0o700),
    ("/etc/profile.d", 0o755),
    ("/home", 0o755),
    ("/mnt", 0o755),
    ("/opt", 0o755),
    ("/proc", 0o555),
    ("/root", 0o700),
    ("/run", 0o755),
    ("/rw", 0o755),
    ("/srv", 0o755),
    ("/sys", 0o555),
    ("/tmp", 0o1777),
    ("/usr/bin", 0o755),
    ("/usr/lib", 0o755),
    ("/usr/local/bin", 0o755),
    ("/usr/local/sbin", 0o755),
    ("/usr/sbin", 0o755),
    ("/usr/share/udhcpc", 0o755),
    ("/var/cache", 0o755),
    ("/var/empty", 0o755),
    ("/var/lib", 0o755),
    ("/var/log", 0o755),
    ("/var/spool", 0o755),
    ("/var/tmp", 0o1777),
    ("/var/www", 0o755),
];

const LINKS: [(&str, &str); 5] = [
    ("/etc/mtab", "../proc/self/mounts"),
    // Written by what learns of the network, on a root that may not be writable.
    ("/etc/resolv.conf", "../run/resolv.conf"),
    ("/usr/share/udhcpc/default.script", "../../../etc/udhcpc/default.script"),
    ("/var/lock", "../run/lock"),
    ("/var/run", "../run"),
];

const SCRIPTS: [(&str, &str); 4] = [
    ("/etc/rc", include_str!("../files/rc")),
    ("/etc/rc.consoles", include_str!("../files/rc.consoles")),
    ("/etc/rc.shutdown", include_str!("../files/rc.shutdown")),
    ("/etc/udhcpc/default.script", include_str!("../files/udhcpc.script")),
];

const FILES: [(&str, u32, &str); 7] = [
    ("/etc/group", 0o644, include_str!("../files/group")),
    ("/etc/inittab", 0o644, include_str!("../files/inittab")),
    ("/etc/nsswitch.conf", 0o644, include_str!("../files/nsswitch.conf")),
    ("/etc/passwd", 0o644, include_str!("../files/passwd")),
    ("/etc/profile", 0o644, include_str!("../files/profile")),
    ("/etc/rc.conf", 0o644, include_str!("../files/rc.conf")),
    ("/etc/shadow", 0o600, include_str!("../files/shadow")),
];

/// All of it, for a guest of this release of the base.
pub(crate) fn tweaks(release: &str, request: &Request) -> Vec<Tweak> {
    let write = |path: &str, mode, content: &str| Tweak::Write { path: path.to_owned(), content: content.to_owned(), mode };
    let hostname = request.hostname.as_deref().unwrap_or("busybox");
    let hosts = format!("127.0.0.1 localhost\n127.0.1.1 {hostname}\n::1 localhost ip6-localhost ip6-loopback\n");
    let os_release = format!(
        "NAME=\"BusyBox and glibc\"\nID=busybox\nID_LIKE=debian\nVERSION_CODENAME={release}\nPRETTY_NAME=\"BusyBox and glibc of Debian {release}\"\n"
    );
    let directories = DIRECTORIES.iter().map(|(path, mode)| Tweak::Directory { path: (*path).to_owned(), mode: *mode });
    let links =
        LINKS.iter().map(|(path, target)| Tweak::Link { path: (*path).to_owned(), target: (*target).to_owned(), only_if_missing: false });
    let scripts = SCRIPTS.iter().map(|(path, content)| write(path, 0o755, content));
    let files = FILES.iter().map(|(path, mode, content)| write(path, *mode, content));
    let own = [
        write("/etc/hostname", 0o644, &format!("{hostname}\n")),
        write("/etc/hosts", 0o644, &hosts),
        write("/etc/os-release", 0o644, &os_release),
        write("/etc/shells", 0o644, "/bin/sh\n/bin/ash\n/bin/bash\n"),
    ];
    directories.chain(links).chain(scripts).chain(files).chain(own).collect()
}
