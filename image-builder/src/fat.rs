//! FAT from a tree: what firmware reads.
//!
//! `format` is the disk's structs, `plan` and `geometry` the arithmetic, `writer` the emission. FAT32, as the UEFI specification wants the system
//! partition of a disk; FAT16 where a fixed size is too small for it. Source of the format: Microsoft's *FAT32 File System Specification* 1.03.

mod date;
mod error;
pub(crate) mod format;
mod geometry;
mod name;
mod options;
mod plan;
mod writer;

pub use error::FatError;
pub use options::EspOptions;
pub use plan::FatLayout;
