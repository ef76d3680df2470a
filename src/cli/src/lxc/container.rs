use std::path::PathBuf;
use std::str::FromStr;

use rootfs_plugin::Architecture;
use rootfs_sandbox::IdMaps;

use super::names::is_interface;
use super::{Init, LxcError};

/// All that its configuration says of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Container {
    /// Its name, and the host's inside.
    pub(crate) name: String,
    /// The root filesystem's absolute path.
    pub(crate) root: PathBuf,
    /// Whether that is an image, which nobody can write to.
    pub(crate) is_image: bool,
    /// What `/sbin/init` is.
    pub(crate) init: Init,
    /// What the programs in it run on, where that is known.
    pub(crate) architecture: Option<Architecture>,
    /// What it is connected to.
    pub(crate) network: Network,
    /// The host's directory to mount at `/rw`.
    pub(crate) writable: Option<PathBuf>,
    /// Whom the users inside are; none where they are the host's own, as in root's containers.
    pub(crate) ids: Option<IdMaps>,
}

/// What a container is connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Network {
    /// What the host is: LXC's word is `none`, for no network of its own.
    Host,
    /// Nothing: its loopback interface is all there is.
    Empty,
    /// A bridge of the host.
    Bridge(String),
}

impl FromStr for Network {
    type Err = LxcError;

    fn from_str(said: &str) -> Result<Self, LxcError> {
        match said {
            "none" => Ok(Self::Host),
            "empty" => Ok(Self::Empty),
            _ => match said.strip_prefix("veth:").filter(|bridge| is_interface(bridge)) {
                Some(bridge) => Ok(Self::Bridge(bridge.to_owned())),
                None => Err(LxcError::Network { said: said.to_owned() }),
            },
        }
    }
}
