use std::fmt::Write as _;

use rootfs_plugin::Architecture;

use super::names::{field, path_text};
use super::{Container, Init, LxcError, Network};

/// Why LXC is told no profile of AppArmor's.
const APPARMOR: &str = "\
# Where the host has AppArmor, LXC's usual profile lets nobody mount an overlay; BusyBox's /etc/rc then keeps copies of /etc, /var, /home and /root
# instead. A profile of your own with `mount fstype=overlay,` and `mount fstype=tmpfs,` allows it; `unconfined` takes none.
#lxc.apparmor.profile = unconfined
";

/// Why LXC is told no filter of system calls.
const SECCOMP: &str = "\
# Keeps calls that could harm the host (kexec, loading modules) from root inside. Not every host has the file or seccomp.
#lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp
";

impl Container {
    /// The configuration, as lxc.container.conf(5) of LXC 4 to 6 takes it.
    ///
    /// # Errors
    /// When a path can't be written there.
    pub(crate) fn config(&self) -> Result<String, LxcError> {
        let mut text = String::from("# Written by rootfs-gen lxc, for LXC 4 to 6.\n");
        let mut part = |lines: String| {
            text.push('\n');
            text.push_str(&lines);
        };
        part(self.root()?);
        part(self.init());
        part(self.network());
        part(self.mounts()?);
        part(TERMINALS.to_owned());
        part(self.rights());
        Ok(text)
    }

    fn root(&self) -> Result<String, LxcError> {
        let mut text = format!("lxc.uts.name = {}\n", self.name);
        if let Some(architecture) = self.architecture {
            // No LXC 4 knows this one.
            let comment = if architecture == Architecture::Riscv64 { "# Known from LXC 5 on.\n#" } else { "" };
            let _ = writeln!(text, "{comment}lxc.arch = {architecture}");
        }
        let path = path_text(&self.root)?;
        if self.is_image {
            text.push_str("# Of the filesystem LXC finds out by itself; LXC 5 takes no `-t squashfs` here.\n");
            let _ = writeln!(text, "lxc.rootfs.path = loop:{path}\nlxc.rootfs.options = ro");
        } else {
            let _ = writeln!(text, "lxc.rootfs.path = dir:{path}");
        }
        Ok(text)
    }

    fn init(&self) -> String {
        let signals = match self.init {
            Init::BusyBox => {
                "# BusyBox's init powers off at SIGUSR2 (and halts at SIGUSR1, which is the same in a container).\nlxc.signal.halt = SIGUSR2\nlxc.signal.reboot = SIGTERM\n"
            }
            Init::Systemd => {
                "# systemd's signals for halt.target and reboot.target.\nlxc.signal.halt = SIGRTMIN+3\nlxc.signal.reboot = SIGRTMIN+5\n"
            }
            Init::OpenRc | Init::Sysv => "lxc.signal.halt = SIGPWR\nlxc.signal.reboot = SIGINT\n",
            Init::Other => {
                "# What this init takes for a shutdown is not known. These are what LXC sends if not told otherwise.\n#lxc.signal.halt = SIGPWR\n#lxc.signal.reboot = SIGINT\n"
            }
            Init::None => {
                return format!("# There is no /sbin/init. Single commands run all the same: lxc-execute -n {} -- /bin/sh\n", self.name);
            }
        };
        format!("lxc.init.cmd = /sbin/init\n{signals}")
    }

    fn network(&self) -> String {
        match &self.network {
            Network::Empty => "# No network but loopback.\nlxc.net.0.type = empty\n".to_owned(),
            Network::Host => "# The host's own network; /etc/rc of BusyBox's guest leaves it alone when it is told so.\nlxc.net.0.type = none\nlxc.environment = RC_NETWORK=NO\n".to_owned(),
            Network::Bridge(bridge) => format!("lxc.net.0.type = veth\nlxc.net.0.link = {bridge}\nlxc.net.0.flags = up\n"),
        }
    }

    fn mounts(&self) -> Result<String, LxcError> {
        let mut text = String::from(if self.init == Init::Systemd {
            "# systemd makes control groups of its own.\nlxc.mount.auto = proc:mixed sys:mixed cgroup:rw\n"
        } else {
            "lxc.mount.auto = proc:mixed sys:ro cgroup:mixed\n"
        });
        if let Some(writable) = &self.writable {
            let from = field(path_text(writable)?);
            let _ = writeln!(
                text,
                "# Keeps what is written to /etc, /var, /home and /root.\nlxc.mount.entry = {from} rw none bind,create=dir 0 0"
            );
        }
        Ok(text)
    }

    fn rights(&self) -> String {
        let mut text = String::new();
        match &self.ids {
            None => text.push_str("# Root inside is the host's root: it is not to change the clock, load modules or reach hardware.\nlxc.cap.drop = mac_admin mac_override sys_time sys_module sys_rawio\n"),
            Some(maps) => {
                text.push_str("# Root inside is you; all others are your subordinate ids, as in the directory.\n");
                for (kind, ranges) in [('u', &maps.users), ('g', &maps.groups)] {
                    for range in ranges {
                        let _ = writeln!(text, "lxc.idmap = {kind} {} {} {}", range.inside, range.outside, range.count);
                    }
                }
            }
        }
        text + APPARMOR + SECCOMP
    }
}

/// Devices and terminals. The console's log lies beside the configuration only when LXC is told so: `lxc-start -L FILE`.
const TERMINALS: &str = "\
lxc.autodev = 1
# /dev/tty1 to /dev/tty4 for lxc-console. The console itself is a terminal of the host's: lxc-console -t 0, or lxc-start -F.
lxc.tty.max = 4
lxc.pty.max = 1024
";

#[cfg(test)]
mod tests;
