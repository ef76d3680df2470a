//! A container engine as a place where commands run in trees: Docker or Podman, here or elsewhere, through its API alone.
//!
//! Nothing of this machine is mounted into a container, and none is privileged: files cross as streams, so that it is all the same where the engine
//! is. A container for a tree has nothing but our static runner, which talks with this side over the container's standard streams and has a copy of the tree
//! (`rootfs_guest::mirror`). Everything that is made in an engine carries a label that says who made it, and is removed when it is dropped.
//!
//! What is asynchronous is in here: a thread of its own drives the connection, and every call waits.

mod clean;
mod container;
mod context;
mod credentials;
mod endpoint;
mod engine;
mod error;
mod export;
mod image;
mod owner;
mod seats;
mod ssh;
mod streams;

pub use clean::{Cleaned, clean};
pub use endpoint::{DockerEnvironment, Endpoint, Located};
pub use engine::{Engine, EngineWishes};
pub use error::DockerError;
pub use seats::EngineSeats;
