//! A root filesystem as a value.
//!
//! [`Tree`] is an arena of inodes with byte names, modes, owners, times, extended attributes, device nodes and hard links. The content of a file
//! is inline or lies in a [`Layer`]: at an offset of a file, or in a directory that was scanned. Nothing here starts a process or reads a clock.

mod archive;
mod clamp;
mod content;
mod diff;
mod disk;
mod edit;
mod error;
mod layer;
mod links;
mod materialise;
mod node;
mod owners;
mod scan;
mod text;
mod tree;
mod update;
mod xattrs;

pub use content::{Bytes, Section, Sources};
pub use diff::{Change, Difference, diff};
pub use error::TreeError;
pub use layer::Overlay;
pub use node::{Content, Digest, FileContent, Kind, Metadata, Node, Time, Xattrs, ZEROS};
pub use scan::{FileState, Known, ScanOptions};
pub use tree::{Entry, Layer, LayerId, NodeId, PackageId, Tree, Walk};
