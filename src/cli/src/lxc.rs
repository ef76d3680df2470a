//! A root filesystem as a container of LXC: what is asked of it, what can't be, and the configuration that says so (lxc.container.conf(5)).

mod commands;
mod config;
mod container;
mod error;
mod init;
mod names;
mod place;
mod root;

pub(crate) use commands::Commands;
pub(crate) use container::{Container, Network};
pub(crate) use error::LxcError;
pub(crate) use init::Init;
pub(crate) use names::{container_name, is_container_name};
pub(crate) use place::{default_place, write_config};
pub(crate) use root::Root;
