use rootfs_tree::Tree;
use zerocopy::IntoBytes;

use super::error::DiskError;
use super::identity::Identity;
use super::layout::DiskLayout;
use super::options::Table;
use super::places::{Places, Stretch};
use super::written::{Disk, Partition, PartitionType, Role};
use crate::dax::{HEADER, INFO_BLOCK, InfoBlock};
use crate::gpt::{self, Tables};
use crate::guid::Guid;
use crate::mbr::{self, BOOT_CODE, MOST, boot_record};
use crate::sink::Image;
use crate::squashfs::Squashfs;
use crate::verity::{RootHash, VeritySink};

impl DiskLayout {
    /// Writes the disk, its tables last. Whoever holds the image's file then gives it [`Disk::size`].
    ///
    /// # Errors
    /// As [`crate::Ext4Layout::write`]; with dm-verity also when the image can't be read back.
    pub fn write(&self, tree: &Tree, image: &Image<'_>) -> Result<Disk, DiskError> {
        let disk = image.from(self.frame.header);
        if let (Some(bios), Some(place)) = (&self.options.bios, self.frame.bios) {
            disk.data(place.start, &bios.core(place.start))?;
        }
        if let (Some(esp), Some(options), Some(place)) = (&self.esp, &self.options.esp, self.frame.esp) {
            esp.write(&options.tree, &disk.from(place.start))?;
        }
        let (places, verity, squashfs) = self.write_root(tree, &disk)?;
        let partitions = self.partitions(&places, verity.as_ref());
        match self.options.table {
            Table::Mbr => self.write_boot_records(&partitions, places.size, image)?,
            Table::Gpt => self.write_gpt(&partitions, verity.as_ref(), places.size, image)?,
            Table::None => {}
        }
        Ok(Disk { size: places.size, partitions, verity, squashfs })
    }

    fn write_root(&self, tree: &Tree, disk: &Image<'_>) -> Result<(Places, Option<RootHash>, Option<Squashfs>), DiskError> {
        let image = disk.from(self.frame.root);
        let Some(options) = &self.options.verity else {
            let (length, squashfs) = self.root.write(tree, &image)?;
            return Ok((self.frame.places(length)?, None, squashfs));
        };
        let identity = self.identity();
        let salt = options.salt.clone().unwrap_or_else(|| identity.salt().to_vec());
        let sink = VeritySink::new(image, &salt)?;
        let (length, squashfs) = self.root.write(tree, &image.through(&sink))?;
        let places = self.frame.places(length)?;
        let uuid = options.superblock.then(|| identity.guid("verity uuid 1").0);
        let hashes = disk.from(places.verity.map_or(places.root.end(), |place| place.start));
        let verity = sink.finish(places.root.length, &hashes, uuid)?;
        Ok((places, Some(verity), squashfs))
    }

    /// All partitions, with their places in the image.
    fn partitions(&self, places: &Places, verity: Option<&RootHash>) -> Vec<Partition> {
        let bios = self.frame.bios.filter(|_| self.options.table == Table::Gpt);
        let wanted: [(Role, Option<Stretch>); 4] = [
            (Role::BiosBoot, bios),
            (Role::Esp, self.frame.esp),
            (Role::Root, Some(places.root).filter(|_| self.options.table != Table::None)),
            (Role::RootVerity, places.verity),
        ];
        let present = wanted.into_iter().filter_map(|(role, place)| Some((role, place?)));
        let partition = |(number, (role, place)): (u32, (Role, Stretch))| {
            let (kind, partuuid) = match self.options.table {
                Table::Gpt => (PartitionType::Gpt(self.gpt_type(role)), self.gpt_guid(role, verity).to_string()),
                _ => {
                    let kind = if role == Role::Esp { mbr::ESP } else { mbr::LINUX };
                    (PartitionType::Mbr(kind), self.mbr_partuuid(number))
                }
            };
            Partition { number, role, start: self.frame.header + place.start, length: place.length, kind, partuuid }
        };
        (1..).zip(present).map(partition).collect()
    }

    fn gpt_type(&self, role: Role) -> Guid {
        let architecture = self.options.architecture;
        match role {
            Role::BiosBoot => gpt::BIOS_BOOT,
            Role::Esp => gpt::ESP,
            Role::Root => architecture.map_or(gpt::LINUX, gpt::Architecture::root),
            Role::RootVerity => architecture.map_or(gpt::LINUX, gpt::Architecture::root_verity),
        }
    }

    /// A partition's GUID. Those of a root filesystem with hashes are the halves of the root hash, by which systemd finds them.
    pub(super) fn gpt_guid(&self, role: Role, verity: Option<&RootHash>) -> Guid {
        let half = |index: usize| verity.and_then(|verity| verity.root_hash.as_chunks().0.get(index).copied());
        let derived = match role {
            Role::Root => half(0),
            Role::RootVerity => half(1),
            Role::BiosBoot | Role::Esp => None,
        };
        derived.map_or_else(|| Identity(self.guid.0).guid(&format!("partition {} 1", role.name())), Guid)
    }

    /// A partition's identity in an MBR, as the kernel writes it.
    pub(super) fn mbr_partuuid(&self, number: u32) -> String {
        format!("{:08x}-{number:02x}", u32::from_le_bytes(self.signature))
    }

    /// The MBR; with a DAX header both, and what else is in it.
    fn write_boot_records(&self, partitions: &[Partition], size: u64, image: &Image<'_>) -> Result<(), DiskError> {
        // As Kata's tables, the ones with a header in front mark a partition only where there are two.
        let boots = !self.options.dax || self.options.verity.is_some();
        let code = self.boot_code();
        let record = |skip: u64| {
            let entries: Vec<_> = partitions
                .iter()
                .map(|partition| mbr::Entry {
                    kind: if let PartitionType::Mbr(kind) = partition.kind { kind } else { mbr::LINUX },
                    boot: boots && partition.role == Role::Root,
                    start: partition.start - skip,
                    length: partition.length,
                })
                .collect();
            boot_record(self.signature, &entries, code.as_ref()).ok_or(DiskError::TooLarge { size, limit: MOST })
        };
        image.data(0, &record(0)?)?;
        if self.options.dax {
            image.data(INFO_BLOCK, InfoBlock::new().as_bytes())?;
            image.data(HEADER, &record(HEADER)?)?;
        }
        Ok(())
    }

    fn write_gpt(&self, partitions: &[Partition], verity: Option<&RootHash>, size: u64, image: &Image<'_>) -> Result<(), DiskError> {
        let attributes = if self.options.verity.is_some() { gpt::READ_ONLY } else { 0 };
        let entries: Vec<_> = partitions
            .iter()
            .map(|partition| gpt::Entry {
                kind: if let PartitionType::Gpt(kind) = partition.kind { kind } else { gpt::LINUX },
                guid: self.gpt_guid(partition.role, verity),
                name: partition.role.name(),
                start: partition.start,
                length: partition.length,
                attributes: if matches!(partition.role, Role::Root | Role::RootVerity) { attributes } else { 0 },
            })
            .collect();
        for (offset, bytes) in Tables::new(size, self.guid, &entries, self.boot_code().as_ref())?.parts() {
            image.data(offset, bytes)?;
        }
        Ok(())
    }

    fn boot_code(&self) -> Option<[u8; BOOT_CODE]> {
        Some(self.options.bios.as_ref()?.boot_code(self.frame.bios?.start))
    }
}
