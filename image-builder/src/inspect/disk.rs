use super::{Content, DaxFacts, FatFacts, GptEntryFacts, GptFacts, InspectError, MbrEntryFacts, MbrFacts};
use crate::source::{ImageSource, Stretch};

/// Partitions whose contents are looked at; a table that has more is hostile.
const MOST: usize = 256;

/// A disk, by its tables.
#[derive(Debug)]
pub struct DiskFacts {
    /// The header in front of it.
    pub dax: Option<DaxFacts>,
    /// The table in the first sector.
    pub mbr: Option<MbrFacts>,
    /// The other tables.
    pub gpt: Option<GptFacts>,
    /// Those of the GPT if there is one; otherwise the MBR's, without what only holds or protects others.
    pub partitions: Vec<PartitionFacts>,
}

/// A partition with what is in it.
#[derive(Debug)]
pub struct PartitionFacts {
    /// From 1 on, as Linux numbers it.
    pub number: u32,
    /// Its first byte in the image.
    pub start: u64,
    /// Bytes.
    pub length: u64,
    /// What `PARTUUID=` takes.
    pub partuuid: String,
    /// As the table has it.
    pub entry: PartitionEntry,
    /// By its first bytes.
    pub content: Content,
}

/// A partition in its table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names")]
pub enum PartitionEntry {
    Mbr(MbrEntryFacts),
    Gpt(GptEntryFacts),
}

impl PartitionFacts {
    /// What the type is called, where it is known.
    #[must_use]
    pub fn kind_name(&self) -> Option<String> {
        match &self.entry {
            PartitionEntry::Mbr(entry) => entry.kind_name().map(str::to_owned),
            PartitionEntry::Gpt(entry) => entry.kind_name(),
        }
    }

    fn read(source: &dyn ImageSource, (start, length): (u64, u64), partuuid: String, entry: PartitionEntry) -> Result<Self, InspectError> {
        let number = match &entry {
            PartitionEntry::Mbr(entry) => entry.number,
            PartitionEntry::Gpt(entry) => entry.number,
        };
        let content = Content::of_partition(&Stretch::of(source, start, length))?;
        Ok(Self { number, start, length, partuuid, entry, content })
    }
}

impl DiskFacts {
    /// Nothing when there are no tables, or only one that is empty, or a boot sector of FAT.
    pub(super) fn read(source: &dyn ImageSource) -> Result<Option<Self>, InspectError> {
        let (mbr, gpt) = (MbrFacts::read(source)?, GptFacts::read(source)?);
        let dax = DaxFacts::read(source, mbr.as_ref())?;
        let has_partitions = mbr.as_ref().is_some_and(|mbr| !mbr.entries.is_empty() && mbr.is_plausible());
        let is_disk = dax.is_some() || gpt.is_some() || has_partitions && FatFacts::read(source)?.is_none();
        if is_disk { Self::of(source, dax, mbr, gpt).map(Some) } else { Ok(None) }
    }

    /// Of what is nothing else, and ends its first sector as a table: one that is empty, or damaged.
    pub(super) fn read_doubtful(source: &dyn ImageSource) -> Result<Option<Self>, InspectError> {
        MbrFacts::read(source)?.map(|mbr| Self::of(source, None, Some(mbr), None)).transpose()
    }

    fn of(source: &dyn ImageSource, dax: Option<DaxFacts>, mbr: Option<MbrFacts>, gpt: Option<GptFacts>) -> Result<Self, InspectError> {
        let mut partitions = Vec::new();
        if let Some((sector, table)) = gpt.as_ref().and_then(|gpt| Some((gpt.sector, gpt.best()?))) {
            for entry in table.entries.iter().take(MOST) {
                let (first, last) = entry.sectors;
                let start = first.saturating_mul(sector);
                let length = last.saturating_add(1).saturating_mul(sector).saturating_sub(start);
                let entry = PartitionEntry::Gpt(entry.clone());
                let guid = if let PartitionEntry::Gpt(entry) = &entry { entry.guid.to_string() } else { String::new() };
                partitions.push(PartitionFacts::read(source, (start, length), guid, entry)?);
            }
        } else if let Some(mbr) = &mbr {
            for entry in mbr.entries.iter().filter(|entry| !entry.is_extended() && entry.kind != super::mbr::PROTECTIVE) {
                let partuuid = mbr.partuuid(entry.number);
                partitions.push(PartitionFacts::read(source, (entry.start, entry.length), partuuid, PartitionEntry::Mbr(*entry))?);
            }
        }
        Ok(Self { dax, mbr, gpt, partitions })
    }
}
