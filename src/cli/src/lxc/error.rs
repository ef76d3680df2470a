use std::path::PathBuf;

use rootfs_image::SquashfsReadError;
use rootfs_sandbox::UserNamespaceError;

/// Why LXC can't be told to run a root filesystem.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LxcError {
    /// A name that is none for a container and a host.
    #[error("a container can't be called `{name}`")]
    Name {
        /// As it was said.
        name: String,
    },
    /// A network that is none.
    #[error("--net {said}: there is no such network")]
    Network {
        /// As it was said.
        said: String,
    },
    /// A path that would not be read back as it is.
    #[error("LXC's configuration can't hold the path {path:?}")]
    Path {
        /// The path.
        path: PathBuf,
    },
    /// Neither a directory nor a squashfs.
    #[error("`{}` is no directory and no squashfs image", path.display())]
    Form {
        /// What was named.
        path: PathBuf,
    },
    /// A plain user has named an image.
    #[error("a plain user's container can't have an image as its root: only root can mount `{}`", path.display())]
    Mount {
        /// The image.
        path: PathBuf,
    },
    /// Only the record beside the directory knows the owners.
    #[error("the files in `{}` belong to whoever built it, and a container would see them so", path.display())]
    OwnersBeside {
        /// The directory.
        path: PathBuf,
    },
    /// The directory is another user's.
    #[error("`{}` belongs to user {owner}, and a container of user {caller} would see its files so", path.display())]
    Owner {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who asks.
        caller: u32,
    },
    /// What is to be mounted is no directory.
    #[error("--rw {}: it is no directory", path.display())]
    Writable {
        /// As it was said.
        path: PathBuf,
    },
    /// The image has no directory to mount it at.
    #[error("--rw: there is no directory /rw in `{}`", path.display())]
    NoMountpoint {
        /// The image.
        path: PathBuf,
    },
    /// A plain user's container can't be in the host's network namespace with a `/sys` of its own.
    #[error("--net none: only root's containers share the host's network")]
    SharedNetwork,
    /// The container has a configuration already.
    #[error("`{}` exists", path.display())]
    Exists {
        /// The configuration.
        path: PathBuf,
    },
    /// Nothing says where LXC keeps containers.
    #[error("there is no place for containers: HOME is not set")]
    NoPlace,
    /// An image that can't be read.
    #[error("can't look at `{}`", path.display())]
    Squashfs {
        /// The image.
        path: PathBuf,
        /// Why not.
        #[source]
        source: SquashfsReadError,
    },
    /// Links that lead in a circle.
    #[error("in `{}`, {name} is a link that leads nowhere for ever", path.display())]
    LinkLoop {
        /// The root filesystem.
        path: PathBuf,
        /// The path in it.
        name: String,
    },
    /// A plain user without ids of its own.
    #[error("can't make a container as a plain user")]
    Ids(#[source] UserNamespaceError),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] std::io::Error),
}

impl LxcError {
    /// Whether the user asked for what can't be, rather than something failing.
    pub(crate) fn is_usage(&self) -> bool {
        !matches!(self, Self::Squashfs { .. } | Self::LinkLoop { .. } | Self::Ids(_) | Self::Disk(_))
    }

    /// What the user can do.
    pub(crate) fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Name { .. } => "take letters, digits, `-`, `_` and `.`, a letter or digit first, 63 characters at most",
            Self::Network { .. } => {
                "take empty (loopback alone), veth:BRIDGE (a cable to a bridge of the host), or none (the host's own network)"
            }
            Self::Path { .. } => "rename it: control characters, a space at the end and what is not UTF-8 have no place there",
            Self::Form { .. } => "name a directory, or write an image with `rootfs-gen image DIR -o root.squashfs`",
            Self::Mount { .. } => "name a directory (`rootfs-gen DISTRO -r DIR` builds one), or do it as root",
            Self::OwnersBeside { .. } => "build it as root, or as a user with subordinate ids (docs/without-root.md)",
            Self::Owner { .. } => "do it as that user, or build the directory anew",
            Self::Writable { .. } => "make it first, with mkdir",
            Self::NoMountpoint { .. } => "build the image from a tree with a directory /rw; one of BusyBox has it",
            Self::SharedNetwork => "take --net empty or --net veth:BRIDGE, or do it as root",
            Self::Exists { .. } => "`--force` replaces it",
            Self::NoPlace => "name one with --dir DIR",
            Self::Ids(error) => return error.hint(),
            Self::Squashfs { .. } => "`rootfs-gen verify` tells all that is wrong with it",
            Self::LinkLoop { .. } => "`rootfs-gen check` tells all that is wrong with a directory",
            Self::Disk(_) => return None,
        };
        Some(text.to_owned())
    }
}
