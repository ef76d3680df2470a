use super::{InspectError, read};
use crate::mbr::{BOOT_CODE, SECTOR};
use crate::source::ImageSource;

/// Where the four entries begin in a record.
const TABLE: usize = 446;
/// Logical partitions that are looked for: as many as `sfdisk` makes at most.
const MOST_LOGICAL: u32 = 60;
/// A partition of the whole disk, that keeps others away from a GPT.
pub(super) const PROTECTIVE: u8 = 0xEE;

/// A table of the oldest form, or what protects a GPT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MbrFacts {
    /// What `PARTUUID=` begins with.
    pub signature: u32,
    /// Whether there is anything where a BIOS looks for a boot loader.
    pub has_boot_code: bool,
    /// Those in use, logical ones from number 5 on.
    pub entries: Vec<MbrEntryFacts>,
    /// Where the chain of logical partitions ends before it should, in bytes.
    pub broken_chain: Option<u64>,
}

/// A partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MbrEntryFacts {
    /// From 1 on.
    pub number: u32,
    /// What it is for.
    pub kind: u8,
    /// 0x80 for the one to boot from, 0 for others.
    pub flag: u8,
    /// Bytes.
    pub start: u64,
    /// Bytes.
    pub length: u64,
}

impl MbrEntryFacts {
    fn parse(number: u32, bytes: &[u8; 16]) -> Self {
        let [flag, _, _, _, kind, _, _, _, start @ .., a, b, c, d] = *bytes;
        let sectors = |bytes: [u8; 4]| u64::from(u32::from_le_bytes(bytes)) * SECTOR;
        Self { number, kind, flag, start: sectors(start), length: sectors([a, b, c, d]) }
    }

    fn is_used(self) -> bool {
        self.kind != 0
    }

    /// Whether it holds logical partitions.
    #[must_use]
    pub fn is_extended(self) -> bool {
        matches!(self.kind, 0x05 | 0x0F | 0x85)
    }

    /// What the type is called, where it is one of the usual ones.
    #[must_use]
    pub fn kind_name(self) -> Option<&'static str> {
        Some(match self.kind {
            0x01 => "fat12",
            0x04 | 0x06 | 0x0E => "fat16",
            0x05 | 0x0F | 0x85 => "extended",
            0x07 => "ntfs or exfat",
            0x0B | 0x0C => "fat32",
            0x82 => "linux-swap",
            0x83 => "linux",
            0x8E => "linux-lvm",
            0xEE => "gpt-protective",
            0xEF => "esp",
            0xFD => "linux-raid",
            _ => return None,
        })
    }
}

impl MbrFacts {
    /// Reads the first sector; nothing when it doesn't end as such a table does.
    pub(super) fn read(source: &dyn ImageSource) -> Result<Option<Self>, InspectError> {
        let Some(record) = read::bytes::<512>(source, 0)? else { return Ok(None) };
        if record[510..] != [0x55, 0xAA] {
            return Ok(None);
        }
        let entries: Vec<_> = (1..).zip(entries(&record)).map(|(number, bytes)| MbrEntryFacts::parse(number, bytes)).collect();
        let mut facts = Self {
            signature: u32::from_le_bytes([record[440], record[441], record[442], record[443]]),
            has_boot_code: record[..BOOT_CODE].iter().any(|byte| *byte != 0),
            entries: entries.into_iter().filter(|entry| entry.is_used()).collect(),
            broken_chain: None,
        };
        if let Some(extended) = facts.entries.iter().find(|entry| entry.is_extended()).copied() {
            facts.read_logical(source, extended)?;
        }
        Ok(Some(facts))
    }

    /// Each logical partition has a record of its own, which names it and the next record.
    fn read_logical(&mut self, source: &dyn ImageSource, extended: MbrEntryFacts) -> Result<(), InspectError> {
        let mut at = extended.start;
        for number in 5..5 + MOST_LOGICAL {
            let record = read::bytes::<512>(source, at)?.filter(|record| record[510..] == [0x55, 0xAA]);
            let Some(record) = record else {
                self.broken_chain = Some(at);
                return Ok(());
            };
            let [logical, next, ..] = entries(&record).map(|bytes| MbrEntryFacts::parse(number, bytes));
            if logical.is_used() {
                self.entries.push(MbrEntryFacts { start: at.saturating_add(logical.start), ..logical });
            }
            if !next.is_used() {
                return Ok(());
            }
            at = extended.start.saturating_add(next.start);
        }
        self.broken_chain = Some(at);
        Ok(())
    }

    /// Whether it only keeps others away from a GPT.
    #[must_use]
    pub fn is_protective(&self) -> bool {
        self.entries.iter().any(|entry| entry.kind == PROTECTIVE)
    }

    /// Whether it is a table and not a filesystem's boot sector, which ends as one.
    pub(super) fn is_plausible(&self) -> bool {
        self.entries.iter().all(|entry| matches!(entry.flag, 0 | 0x80) && entry.length > 0)
    }

    /// As udev and the kernel name a partition.
    #[must_use]
    pub fn partuuid(&self, number: u32) -> String {
        format!("{:08x}-{number:02x}", self.signature)
    }
}

fn entries(record: &[u8; 512]) -> [&[u8; 16]; 4] {
    const NONE: &[u8; 16] = &[0; 16];
    let table = record[TABLE..510].as_chunks().0;
    [0, 1, 2, 3].map(|index| table.get(index).unwrap_or(NONE))
}
