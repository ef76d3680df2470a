use rootfs_tree::Tree;

use super::check::check;
use super::error::DiskError;
use super::identity::Identity;
use super::options::{DiskOptions, Table};
use super::places::Frame;
use super::root::Root;
use super::written::Role;
use crate::ext4::Ext4Layout;
use crate::fat::FatLayout;
use crate::guid::Guid;

/// A disk in which everything has its place, ready to be written.
///
/// It belongs to the tree it was planned from, which must not change before it is written.
#[derive(Debug)]
pub struct DiskLayout {
    pub(super) options: DiskOptions,
    pub(super) frame: Frame,
    pub(super) esp: Option<FatLayout>,
    pub(super) root: Root,
    pub(super) signature: [u8; 4],
    pub(super) guid: Guid,
}

impl DiskLayout {
    /// Gives everything in a tree its place on a disk. The disk's size is the one asked for, or a multiple of 1 MiB; of 2 MiB with a DAX header, and
    /// of what [`DiskOptions::align`] says.
    ///
    /// # Errors
    /// When options exclude each other, a filesystem can't be planned, a boot loader isn't one, or a partition table can't tell the size.
    pub fn plan(tree: &Tree, options: &DiskOptions) -> Result<Self, DiskError> {
        check(options)?;
        options.bios.as_ref().map_or(Ok(()), |bios| bios.check())?;
        let esp = options.esp.as_ref().map(FatLayout::plan).transpose()?;
        let core = options.bios.as_ref().map(|bios| bios.core_length());
        let frame = Frame::new(options, core, esp.as_ref().map(FatLayout::size))?;
        let root = Root::plan(tree, &options.root, &frame)?;
        if let Some(length) = root.length() {
            frame.places(length)?;
        }
        let identity = Identity(root.uuid());
        Ok(Self {
            frame,
            esp,
            signature: options.signature.unwrap_or_else(|| identity.signature()),
            guid: options.guid.unwrap_or_else(|| identity.guid("disk guid 1")),
            root,
            options: options.clone(),
        })
    }

    /// Bytes of the image, where the root filesystem's are known before it is written.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.frame.places(self.root.length()?).ok().map(|places| places.size)
    }

    /// What `root=PARTUUID=` will say, without dm-verity: the root filesystem's partition. In a GPT its identity doesn't depend on what else is on the
    /// disk; in an MBR it has the partition's number, which is that behind an EFI system partition.
    #[must_use]
    pub fn root_partuuid(&self) -> Option<String> {
        match self.options.table {
            _ if self.options.verity.is_some() => None,
            Table::Gpt => Some(self.gpt_guid(Role::Root, None).to_string()),
            Table::Mbr => Some(self.mbr_partuuid(if self.esp.is_some() { 2 } else { 1 })),
            Table::None => None,
        }
    }

    /// The root filesystem, if it is ext4.
    #[must_use]
    pub fn ext4(&self) -> Option<&Ext4Layout> {
        match &self.root {
            Root::Ext4(layout) => Some(layout),
            Root::Squashfs { .. } | Root::Erofs(_) => None,
        }
    }

    pub(super) fn identity(&self) -> Identity {
        Identity(self.root.uuid())
    }
}
