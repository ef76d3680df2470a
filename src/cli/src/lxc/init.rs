use super::{LxcError, Root};

/// What a tree's `/sbin/init` is, as far as LXC must know: which signals it takes for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Init {
    /// BusyBox's.
    BusyBox,
    /// systemd.
    Systemd,
    /// OpenRC's own.
    OpenRc,
    /// One with an inittab: sysvinit.
    Sysv,
    /// Something else.
    Other,
    /// There is none.
    None,
}

impl Init {
    /// Looks what a tree has.
    ///
    /// # Errors
    /// When it can't be looked into.
    pub(crate) fn of(root: &Root) -> Result<Self, LxcError> {
        let Some(path) = root.file("/sbin/init")? else { return Ok(Self::None) };
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        Ok(match name {
            b"systemd" => Self::Systemd,
            b"openrc-init" => Self::OpenRc,
            name if name.starts_with(b"busybox") => Self::BusyBox,
            b"init" if root.file("/etc/inittab")?.is_some() => Self::Sysv,
            _ => Self::Other,
        })
    }

    /// In a summary.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BusyBox => "busybox",
            Self::Systemd => "systemd",
            Self::OpenRc => "openrc",
            Self::Sysv => "sysvinit",
            Self::Other => "unknown",
            Self::None => "none",
        }
    }
}
