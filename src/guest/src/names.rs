//! What a host must know to meet the program of this package in a guest.

/// The name of the virtio port that the agent serves.
pub const AGENT_PORT: &str = "org.rootfs-gen.agent";

/// The agent's name in `/usr/bin`: called so, the program is the agent, and as process 1 the init too.
pub const AGENT_PROGRAM: &str = "rootfs-agent";

/// The unit's name in `/usr/lib/systemd/system`.
pub const AGENT_SERVICE: &str = "rootfs-agent.service";

/// The unit's text. It waits for no network and for no device: the agent itself waits for its port, for as long as it takes.
pub const AGENT_SERVICE_TEXT: &str = "\
[Unit]
Description=Agent of rootfs-gen
After=basic.target

[Service]
ExecStart=/usr/bin/rootfs-agent
Restart=always
RestartSec=1
OOMScoreAdjust=-997

[Install]
WantedBy=multi-user.target
";

/// A file that names an initramfs's kernel modules, one path a line, each after those that it needs. Where it exists, `/init` is the first program
/// of an initramfs: it goes on to the root that the kernel's command line names, or stays as the guest's init when that names none.
pub const INITRAMFS_MODULES: &str = "/rootfs-gen.modules";

/// The extended attribute of a regular file that stands for a device node, where no device node can be made. Its value is what [`device_value`] writes.
pub const DEVICE_ATTRIBUTE: &str = "user.rootfs-gen.device";

/// The runner in a container's root, as long as nothing else is there.
pub const CONTAINER_RUNNER: &str = ".rootfs-gen-runner";

/// Where a workshop has the tree.
pub const WORKSHOP_TREE: &str = "/run/rootfs-gen/rootfs";

/// A device as the attribute's value: `c 1 3`, `b 254 0`.
#[must_use]
pub fn device_value(is_block: bool, major: u32, minor: u32) -> String {
    format!("{} {major} {minor}", if is_block { 'b' } else { 'c' })
}

/// What [`device_value`] wrote: whether it is a block device, and its numbers.
#[must_use]
pub fn parse_device_value(value: &[u8]) -> Option<(bool, u32, u32)> {
    let mut words = str::from_utf8(value).ok()?.split(' ');
    let is_block = match words.next()? {
        "b" => true,
        "c" => false,
        _ => return None,
    };
    let numbers = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    words.next().is_none().then_some((is_block, numbers.0, numbers.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_read_as_it_was_written() {
        assert_eq!(parse_device_value(device_value(true, 254, 0).as_bytes()), Some((true, 254, 0)));
        assert_eq!(parse_device_value(device_value(false, 1, 3).as_bytes()), Some((false, 1, 3)));
        for damaged in ["", "c", "c 1", "d 1 3", "c 1 3 4", "c 1 -3", "c  1 3"] {
            assert_eq!(parse_device_value(damaged.as_bytes()), None, "{damaged}");
        }
    }
}
