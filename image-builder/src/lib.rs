//! Disk images from a [`Tree`](rootfs_tree::Tree), in process and the same bytes every time.
//!
//! An image is planned first and written afterwards. A plan is arithmetic: it knows the place of every byte, so a size is computed and never
//! tried, an image that can't be is refused before a byte is written, and contents can be copied by many threads at once. Nothing here starts a
//! process, reads a clock or a random source, mounts anything or needs privilege: identifiers are derived from the tree, times come from it or
//! are given.
//!
//! ```no_run
//! use rootfs_image::{DiskLayout, DiskOptions, Image, ImageFile};
//! use rootfs_tree::{ScanOptions, Tree};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tree = Tree::scan("./out".as_ref(), &ScanOptions::default())?;
//! let layout = DiskLayout::plan(&tree, &DiskOptions::default())?;
//! let file = ImageFile::create("guest.img".as_ref())?;
//! let disk = layout.write(&tree, &Image::new(&file))?;
//! file.finish(disk.size)?;
//! # Ok(())
//! # }
//! ```

mod cpio;
mod dax;
mod disk;
mod ext4;
mod fat;
mod feed;
mod gpt;
mod guid;
mod image_file;
pub mod inspect;
mod mbr;
mod progress;
mod sink;
mod source;
mod squashfs;
mod stream;
mod uki;
mod verity;

pub use cpio::{Cpio, CpioError, write_cpio};
pub use disk::{BiosBoot, Disk, DiskError, DiskLayout, DiskOptions, Partition, PartitionType, Role, RootFilesystem, Table};
pub use ext4::{BlockSize, Ext4Error, Ext4Layout, Ext4Options, Holes, Journal, Profile, Size};
pub use fat::{EspOptions, FatError, FatLayout};
pub use gpt::Architecture;
pub use guid::Guid;
pub use image_file::ImageFile;
pub use progress::{Progress, Quiet};
pub use sink::{Image, Sink, SinkError};
pub use source::{FileSource, ImageSource, Stretch};
pub use squashfs::{
    LeftOut, OtherXattrs, Squashfs, SquashfsCompression, SquashfsError, SquashfsInfo, SquashfsOptions, SquashfsReadError, SquashfsReader,
    SquashfsVerified,
};
pub use stream::{Compression, Encoder};
pub use uki::{Uki, UkiError};
pub use verity::{RootHash, RootHashError, VerityError, VerityOptions, VeritySink, hash_area_size, verify};
