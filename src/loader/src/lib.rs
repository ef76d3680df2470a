//! Distributions that are found and not built in: where they are looked for, what they say of themselves, and how their code is run.
//!
//! A plugin is a directory with a `distro.toml`. Where that names a `library`, the library's code decides; it runs in a process of its own ([`worker`]), so that
//! whatever it does is an error with the plugin's name and no more.

mod elf;
mod error;
mod file;
mod library;
mod load;
mod search;
pub mod shell;
pub mod worker;

pub use error::{LoadError, WorkerError};
pub use library::{LibraryDistro, WorkerOptions};
pub use load::{Base, Found, Kind, load};
pub use search::{Searched, search};
