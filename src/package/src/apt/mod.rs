//! Debian's archives: from signed indexes to a chosen set of packages, and to a root that dpkg and apt go on from.

pub(crate) mod acquire;
pub(crate) mod compose;
pub mod date;
pub mod deb822;
mod error;
pub mod index;
pub(crate) mod inputs;
pub mod install;
pub mod mention;
mod ownership;
pub mod relation;
pub mod release;
pub mod resolve;
mod source;
pub(crate) mod state;
pub mod universe;
pub mod version;

pub use error::{AptError, LocalError};
pub use index::{Suites, add_local_packages, load_suites};
pub use ownership::assign_owners;
pub use resolve::{ResolveError, Selection, resolve};
pub use source::SourceError;
pub use universe::Universe;
