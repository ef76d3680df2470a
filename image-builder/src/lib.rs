//! What virtual machines and containers start from, of a [`Tree`](rootfs_tree::Tree): in process, and the same bytes every time.
//!
//! | | |
//! |---|---|
//! | [`DiskLayout`] | a disk: MBR or GPT, a root filesystem, an EFI system partition, GRUB for a BIOS, dm-verity's hashes, Kata's DAX header |
//! | [`Ext4Layout`], [`Squashfs`], [`ErofsLayout`], [`FatLayout`] | filesystems alone |
//! | [`write_cpio`] | a kernel's first root; tars are written by the tree itself |
//! | [`Qcow2File`] | a disk as QEMU's own image, sparse and compressed |
//! | [`write_oci_layout`], [`write_docker_archive`] | images of containers |
//! | [`Encoder`] | what packs an archive, on all processors |
//! | [`Uki`] | a kernel as a program for UEFI firmware |
//! | [`ReadImage`] | all of these back into a tree, ours and others' |
//! | [`Containers`] | images of containers, which may be many in one place: what is said of them, and their layers as one tree |
//!
//! Nothing here starts a process, reads a clock or a random source, mounts anything or needs privilege: identifiers are derived from the tree, times come
//! from it or are given. A disk is planned first: a plan is arithmetic, knows the place of every byte, and refuses what can't be before a byte is written.
//! Only a squashfs, and an erofs that is compressed, have a size that is known once they are. Contents are then copied or compressed by many threads at once.
//!
//! A tar to a disk that a kernel starts from:
//!
//! ```no_run
//! use rootfs_image::{DiskLayout, DiskOptions, Image, ImageFile};
//! use rootfs_tree::Tree;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tree = Tree::from_tar("rootfs.tar.xz".as_ref(), "spool".as_ref())?;
//! let layout = DiskLayout::plan(&tree, &DiskOptions::default())?;
//! let file = ImageFile::create("guest.img".as_ref())?;
//! let disk = layout.write(&tree, &Image::new(&file))?;
//! file.finish(disk.size)?;
//! println!("root={} rw", disk.root_device().unwrap_or_default());
//! # Ok(())
//! # }
//! ```

mod batch;
mod calendar;
mod census;
mod contents;
mod cpio;
mod dax;
mod disk;
mod duplicates;
mod erofs;
mod ext4;
mod fat;
mod feed;
mod gpt;
mod guid;
mod image_file;
pub mod inspect;
mod limits;
mod mbr;
mod oci;
mod pipeline;
mod progress;
mod qcow2;
mod read;
mod sink;
mod source;
mod squashfs;
mod stream;
mod uki;
mod verity;

pub use contents::ContentError;
pub use cpio::{Cpio, CpioError, write_cpio};
pub use disk::{BiosBoot, Disk, DiskError, DiskLayout, DiskOptions, Partition, PartitionType, Role, RootFilesystem, Table};
pub use erofs::{Erofs, ErofsCompression, ErofsError, ErofsLayout, ErofsOptions};
pub use erofs::{ErofsContent, ErofsEntry, ErofsInfo, ErofsInode, ErofsKind, ErofsName, ErofsReadError, ErofsReader, ErofsVerified};
pub use ext4::{BlockSize, Ext4Error, Ext4Layout, Ext4Options, Holes, Journal, Profile, Size};
pub use ext4::{Ext4Facts, Ext4Flaw, Ext4Image, Ext4Place, Ext4Problem, Ext4ReadError, Ext4Report};
pub use fat::{EspOptions, FatError, FatLayout};
pub use gpt::{Architecture, spread_gpt};
pub use guid::Guid;
pub use image_file::ImageFile;
pub use limits::InodeError;
pub use oci::{
    ContainerChoice, ContainerEntry, ContainerError, ContainerForm, ContainerImage, ContainerLayer, ContainerPlatform, Containers,
};
pub use oci::{OciError, OciImage, OciOptions, merge_oci_layout, write_docker_archive, write_oci_layout};
pub use progress::{Progress, Quiet};
pub use qcow2::{Qcow2Compression, Qcow2Error, Qcow2Facts, Qcow2File, Qcow2Image};
pub use read::{ReadError, ReadImage};
pub use sink::{Image, Sink, SinkError};
pub use source::{FileSource, ImageSource, Stretch};
pub use squashfs::{
    LeftOut, OtherXattrs, Squashfs, SquashfsCompression, SquashfsEntry, SquashfsError, SquashfsInfo, SquashfsOptions, SquashfsReadError,
    SquashfsReader, SquashfsVerified,
};
pub use stream::{Compression, Encoder};
pub use uki::{Uki, UkiError};
pub use verity::{RootHash, RootHashError, VerityError, VerityOptions, VeritySink, hash_area_size, verify};
