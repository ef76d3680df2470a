//! The process in which a plugin's library runs, and what is said between it and the engine.
//!
//! Both sides send frames: the lengths of a JSON header and of a body of plain bytes, as 32-bit little-endian numbers, then both.

mod confine;
mod frame;
mod message;
mod process;
mod serve;
mod table;

pub(crate) use message::{Call, FromWorker, ToWorker};
pub(crate) use process::{Worker, unexpected};
pub use serve::serve;
