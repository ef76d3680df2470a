//! qcow2, version 3 (docs/interop/qcow2.rst of QEMU): what is written is written once; what is read is of whoever made it.
//!
//! A disk is written as it is by many threads, each cluster at its own place in the file; only when all is there, clusters are moved together, or compressed,
//! in the order of the disk, and the tables are put behind them. So the same disk gives the same bytes whatever the threads did, and no second file is needed.

mod check;
mod error;
mod file;
mod format;
mod layout;
mod pack;
mod source;

pub use error::Qcow2Error;
pub use file::{Qcow2Compression, Qcow2File};
pub use source::{Qcow2Facts, Qcow2Image};
