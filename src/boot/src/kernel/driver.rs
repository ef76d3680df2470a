/// What a kernel must have for a machine of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Driver {
    /// NVMe disks.
    Nvme,
    /// The PCI form of virtio devices.
    VirtioPci,
    /// The form of virtio devices that Firecracker has.
    VirtioMmio,
    /// Virtio disks.
    VirtioBlk,
    /// Virtio ports, the agent's among them.
    VirtioConsole,
    /// Virtio network cards.
    VirtioNet,
    /// What finds NVDIMMs by the firmware's tables.
    Nfit,
    /// NVDIMMs as disks.
    Pmem,
    /// The ext4 filesystem.
    Ext4,
    /// The squashfs filesystem.
    Squashfs,
    /// The erofs filesystem.
    Erofs,
}

impl Driver {
    /// Every driver, in the order in which they are loaded.
    pub const ALL: [Self; 11] = [
        Self::VirtioPci,
        Self::VirtioMmio,
        Self::VirtioBlk,
        Self::VirtioConsole,
        Self::VirtioNet,
        Self::Nvme,
        Self::Nfit,
        Self::Pmem,
        Self::Ext4,
        Self::Squashfs,
        Self::Erofs,
    ];

    /// The module's name.
    #[must_use]
    pub fn module(self) -> &'static str {
        match self {
            Self::Nvme => "nvme",
            Self::VirtioPci => "virtio_pci",
            Self::VirtioMmio => "virtio_mmio",
            Self::VirtioBlk => "virtio_blk",
            Self::VirtioConsole => "virtio_console",
            Self::VirtioNet => "virtio_net",
            Self::Nfit => "nfit",
            Self::Pmem => "nd_pmem",
            Self::Ext4 => "ext4",
            Self::Squashfs => "squashfs",
            Self::Erofs => "erofs",
        }
    }

    /// What the kernel's configuration calls it.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Nvme => "CONFIG_BLK_DEV_NVME",
            Self::VirtioPci => "CONFIG_VIRTIO_PCI",
            Self::VirtioMmio => "CONFIG_VIRTIO_MMIO",
            Self::VirtioBlk => "CONFIG_VIRTIO_BLK",
            Self::VirtioConsole => "CONFIG_VIRTIO_CONSOLE",
            Self::VirtioNet => "CONFIG_VIRTIO_NET",
            Self::Nfit => "CONFIG_ACPI_NFIT",
            Self::Pmem => "CONFIG_BLK_DEV_PMEM",
            Self::Ext4 => "CONFIG_EXT4_FS",
            Self::Squashfs => "CONFIG_SQUASHFS",
            Self::Erofs => "CONFIG_EROFS_FS",
        }
    }
}

/// How a kernel has a driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// From the start.
    BuiltIn,
    /// Once its module is loaded.
    Module,
    /// Not at all.
    Missing,
    /// Nothing is known about this kernel.
    Unknown,
}
