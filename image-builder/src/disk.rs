//! A disk: a root filesystem with whatever else a machine needs to start from it.
//!
//! `options` is what is wished for, `layout` and `places` the arithmetic, `writer` the emission, `written` what is known at the end. The root
//! filesystem's partition begins at a place that is known before; what lies behind it, and the tables, follow from its size, which may be known
//! only when it is written.

mod bios;
mod check;
mod error;
mod identity;
mod layout;
mod options;
mod places;
mod root;
mod writer;
mod written;

pub use bios::BiosBoot;
pub use error::DiskError;
pub use layout::DiskLayout;
pub use options::{DiskOptions, RootFilesystem, Table};
pub use written::{Disk, Partition, PartitionType, Role};
