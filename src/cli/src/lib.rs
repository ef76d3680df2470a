//! The command line of rootfs-gen: from arguments to a request, along the road of a build, to what the user reads.

pub mod args;
mod config_file;
pub mod customise;
mod disk;
mod engine_options;
pub mod environment;
mod expectations;
pub mod failure;
mod guest_kernel;
mod hooks;
mod host_mirrors;
mod image_record;
pub mod interrupt;
pub mod invocation;
pub mod pipeline;
pub mod progress;
mod publish;
mod record;
pub mod registry;
pub mod report;
pub mod setting_error;
pub mod settings;
pub mod sourced;
pub mod target;
mod units;
pub mod verbs;
pub mod wishes;
