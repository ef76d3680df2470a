//! What is in an image, whoever made it, and whether it is sound: tables, filesystems and archives, read without mounting anything.
//!
//! An image is hostile. Nothing is allocated by a length that it claims, nothing is read more often than a fixed number of times, and streams
//! are read with bounded memory.
//!
//! ```no_run
//! use rootfs_image::FileSource;
//! use rootfs_image::inspect::{Inspection, Verification};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let image = FileSource::open("guest.img".as_ref())?;
//! let inspection = Inspection::of(&image)?;
//! let verification = Verification::of(&image, &inspection, None)?;
//! assert!(verification.is_sound());
//! # Ok(())
//! # }
//! ```

mod archive;
mod content;
mod cpio;
mod dax;
mod disk;
mod error;
mod ext;
mod fat;
mod gpt;
mod gpt_check;
mod magic;
mod mbr;
mod packed;
mod problem;
mod read;
mod tar;
mod verify;
mod verity;

pub use archive::{ArchiveFacts, ArchiveForm};
pub(crate) use content::Kind;
pub use content::{Content, Inspection, Qcow2Content};
pub use dax::DaxFacts;
pub use disk::{DiskFacts, PartitionEntry, PartitionFacts};
pub use error::InspectError;
pub use ext::ExtFacts;
pub use fat::{FatFacts, FatKind};
pub use gpt::{GptEntryFacts, GptFacts, GptTable};
pub use mbr::{MbrEntryFacts, MbrFacts};
pub(crate) use packed::Flow;
pub use packed::Packing;
pub use problem::{Flaw, Problem};
pub use verify::{Note, Verification};
pub use verity::{KnownRootHash, VerityFacts};
