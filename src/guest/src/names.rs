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
