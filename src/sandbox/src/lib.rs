//! Runs commands in a tree, apart from the host: fresh namespaces, no network, and nothing left when it ends. Or programs of the host on a tree, in a
//! [`Workshop`]: there they see the host's files, which they can't change, and its network.
//!
//! The far side is the static program [`GUEST`], which this crate's build embeds. Only this crate starts processes.

mod attend;
mod channel;
mod command;
mod connection;
mod elsewhere;
mod error;
mod guest;
mod launch;
mod mountpoint;
mod sandbox;
mod seat;
mod user_namespace;
mod workshop;

pub use attend::attend;
pub use command::{Command, Exit, Outcome, Runner, Stream};
pub use elsewhere::{Beside, Elsewhere, FarSide, FarStreams};
pub use error::{SandboxError, Trouble};
pub use guest::GUEST;
pub use launch::start_worker;
pub use sandbox::{Sandbox, SandboxOptions};
pub use seat::{Local, Recipe, Seat, SeatImage, Seats, WantedWorkshop};
pub use user_namespace::{IdMaps, IdRange, UserNamespaceError, enter_user_namespace, id_maps, is_in_user_namespace};
pub use workshop::Workshop;

pub use rootfs_guest::mirror::{MOUNTED, View};
pub use rootfs_guest::names::{DEVICE_ATTRIBUTE, parse_device_value};
