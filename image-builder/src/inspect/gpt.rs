//! GUID partition tables as they lie on disk: the UEFI specification, version 2.10, chapter 5.3.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::{InspectError, read};
use crate::gpt::type_name;
use crate::guid::Guid;
use crate::source::ImageSource;

const SIGNATURE: [u8; 8] = *b"EFI PART";
/// Bytes of a header in use.
const HEADER: usize = 92;
/// Longest table that is read, in bytes: 64 times the usual one.
const MOST: u64 = 1 << 20;

#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
struct Header {
    signature: [u8; 8],
    revision: U32,
    header_size: U32,

    header_crc32: U32,
    reserved: U32,
    my_lba: U64,

    alternate_lba: U64,
    first_usable_lba: U64,

    last_usable_lba: U64,
    disk_guid: [u8; 16],
    partition_entry_lba: U64,

    number_of_partition_entries: U32,
    size_of_partition_entry: U32,
    partition_entry_array_crc32: U32,
}

const _: () = assert!(size_of::<Header>() == HEADER);

#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
struct Entry {
    partition_type_guid: [u8; 16],
    unique_partition_guid: [u8; 16],
    starting_lba: U64,
    ending_lba: U64,
    attributes: U64,
    partition_name: [U16; 36],
}

const _: () = assert!(size_of::<Entry>() == 128);

/// Both tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GptFacts {
    /// Bytes of a sector: 512 or 4096.
    pub sector: u64,
    /// At the start.
    pub primary: Option<GptTable>,
    /// At the end.
    pub backup: Option<GptTable>,
}

/// One of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GptTable {
    /// Of the header, in bytes.
    pub offset: u64,
    /// Bytes of the header.
    pub header_size: u32,
    /// Whether the header's checksum is right.
    pub is_header_right: bool,
    /// Whether the entries' checksum is right, and all of them are there.
    pub are_entries_right: bool,
    /// The sector that it says it is in.
    pub own_sector: u64,
    /// The sector of the other header.
    pub other_sector: u64,
    /// First and last sector that partitions may have.
    pub usable: (u64, u64),
    /// What the disk is known by.
    pub guid: Guid,
    /// Where entries begin, in bytes.
    pub entries_offset: u64,
    /// Entries that there is room for, and bytes of one.
    pub shape: (u32, u32),
    /// Those in use.
    pub entries: Vec<GptEntryFacts>,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GptEntryFacts {
    /// From 1 on.
    pub number: u32,
    /// What it is for.
    pub kind: Guid,
    /// What it is known by.
    pub guid: Guid,
    /// What a user sees.
    pub name: String,
    /// First and last sector.
    pub sectors: (u64, u64),
    /// Bits.
    pub attributes: u64,
}

impl GptEntryFacts {
    /// What the type is called, where it is known: `esp`, `root-x86-64`.
    #[must_use]
    pub fn kind_name(&self) -> Option<String> {
        const OTHERS: [(Guid, &str); 9] = [
            (Guid::new(0x0657_FD6D_A4AB_43C4_84E5_0933_C84B_4F4F), "swap"),
            (Guid::new(0x933A_C7E1_2EB4_4F13_B844_0E14_E2AE_F915), "home"),
            (Guid::new(0x3B8F_8425_20E0_4F3B_907F_1A25_A76F_98E8), "srv"),
            (Guid::new(0x4D21_B016_B534_45C2_A9FB_5C16_E091_FD2D), "var"),
            (Guid::new(0xBC13_C2FF_59E6_4262_A352_B275_FD6F_7172), "xbootldr"),
            (Guid::new(0xE6D6_D379_F507_44C2_A23C_238F_2A3D_F928), "linux-lvm"),
            (Guid::new(0xA19D_880F_05FC_4D3B_A006_743F_0F84_911E), "linux-raid"),
            (Guid::new(0xEBD0_A0A2_B9E5_4433_87C0_68B6_B726_99C7), "microsoft-basic-data"),
            (Guid::new(0xE3C9_E316_0B5C_4DB8_817D_F92D_F002_15AE), "microsoft-reserved"),
        ];
        let other = || OTHERS.iter().find(|(guid, _)| *guid == self.kind).map(|(_, name)| (*name).to_owned());
        type_name(self.kind).or_else(other)
    }
}

impl GptFacts {
    /// Reads both tables; nothing when there is neither.
    pub(super) fn read(source: &dyn ImageSource) -> Result<Option<Self>, InspectError> {
        for sector in [512, 4096] {
            let last = (source.length() / sector).saturating_sub(1);
            let primary = GptTable::read(source, sector, 1)?;
            // The primary tells where the other is; where that is not true, it is looked for at the end.
            let told = primary.as_ref().filter(|table| table.is_header_right).map(|table| table.other_sector);
            let backup = match told.filter(|told| *told > 1 && *told < last) {
                Some(told) => GptTable::read(source, sector, told)?,
                None => None,
            };
            let backup = if backup.is_none() && last > 1 { GptTable::read(source, sector, last)? } else { backup };
            if primary.is_some() || backup.is_some() {
                return Ok(Some(Self { sector, primary, backup }));
            }
        }
        Ok(None)
    }

    /// The table to go by: the primary unless only the other is right.
    #[must_use]
    pub fn best(&self) -> Option<&GptTable> {
        let tables = || [&self.primary, &self.backup].into_iter().flatten();
        tables().find(|table| table.is_right()).or_else(|| tables().next())
    }
}

impl GptTable {
    /// Whether both checksums are right.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.is_header_right && self.are_entries_right
    }

    fn read(source: &dyn ImageSource, sector: u64, lba: u64) -> Result<Option<Self>, InspectError> {
        let Some(offset) = lba.checked_mul(sector) else { return Ok(None) };
        let Some(bytes) = read::bytes::<512>(source, offset)? else { return Ok(None) };
        let Ok((header, _)) = Header::read_from_prefix(&bytes) else { return Ok(None) };
        if header.signature != SIGNATURE {
            return Ok(None);
        }
        let header_size = header.header_size.get();
        let in_use = usize::try_from(header_size).ok().filter(|size| *size >= HEADER).and_then(|size| bytes.get(..size));
        let is_header_right = in_use.is_some_and(|in_use| {
            let mut plain = in_use.to_vec();
            plain[16..20].fill(0);
            crc32(&plain) == header.header_crc32.get()
        });
        let (count, size) = (header.number_of_partition_entries.get(), header.size_of_partition_entry.get());
        let entries_offset = header.partition_entry_lba.get().saturating_mul(sector);
        let length = u64::from(count) * u64::from(size);
        let mut array = Vec::new();
        if size >= 128 && size.is_multiple_of(8) && length <= MOST {
            array.resize(usize::try_from(length).unwrap_or(0), 0);
            let there = read::fill(source, entries_offset, &mut array)?;
            array.truncate(there);
        }
        let are_entries_right = array.len() as u64 == length && crc32(&array) == header.partition_entry_array_crc32.get();
        let step = usize::try_from(size).unwrap_or(0).max(128);
        let entries = (1..).zip(array.chunks_exact(step)).filter_map(|(number, bytes)| entry(number, bytes)).collect();
        Ok(Some(Self {
            offset,
            header_size,
            is_header_right,
            are_entries_right,
            own_sector: header.my_lba.get(),
            other_sector: header.alternate_lba.get(),
            usable: (header.first_usable_lba.get(), header.last_usable_lba.get()),
            guid: Guid::from_disk(header.disk_guid),
            entries_offset,
            shape: (count, size),
            entries,
        }))
    }
}

/// One in use.
fn entry(number: u32, bytes: &[u8]) -> Option<GptEntryFacts> {
    let (entry, _) = Entry::read_from_prefix(bytes).ok()?;
    let kind = Guid::from_disk(entry.partition_type_guid);
    let name: Vec<u16> = entry.partition_name.iter().map(|unit| unit.get()).take_while(|unit| *unit != 0).collect();
    (kind != Guid([0; 16])).then(|| GptEntryFacts {
        number,
        kind,
        guid: Guid::from_disk(entry.unique_partition_guid),
        name: read::printable(&String::from_utf16_lossy(&name)),
        sectors: (entry.starting_lba.get(), entry.ending_lba.get()),
        attributes: entry.attributes.get(),
    })
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}
