use std::io::{self, Read, Seek, SeekFrom, Write};

use gptman::{GPT, GPTPartitionEntry};

use crate::guid::Guid;
use crate::mbr::{BOOT_CODE, SECTOR};

/// Bytes of the first sector, the header and the table behind it.
const HEAD: u64 = 34 * SECTOR;
/// Bytes of the second table and its header at the end of a disk.
pub(crate) const TAIL: u64 = 33 * SECTOR;
/// The attribute of a partition that is to be mounted read-only, by the Discoverable Partitions Specification.
pub(crate) const READ_ONLY: u64 = 1 << 60;

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: Guid,
    pub(crate) guid: Guid,
    pub(crate) name: &'static str,
    /// Bytes, whole sectors.
    pub(crate) start: u64,
    /// Bytes, whole sectors.
    pub(crate) length: u64,
    pub(crate) attributes: u64,
}

/// Both tables of a disk, and the MBR that keeps others away from it.
#[derive(Debug)]
pub(crate) struct Tables {
    size: u64,
    position: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Tables {
    /// Of a disk of `size` bytes, which are whole sectors; more than the tables take.
    pub(crate) fn new(size: u64, disk: Guid, entries: &[Entry], code: Option<&[u8; BOOT_CODE]>) -> Result<Self, gptman::Error> {
        let buffer = |length: u64| vec![0; usize::try_from(length).unwrap_or(0)];
        let mut tables = Self { size, position: 0, head: buffer(HEAD), tail: buffer(TAIL) };
        let mut gpt = GPT::new_from(&mut tables, SECTOR, disk.to_disk())?;
        for (number, entry) in (1..).zip(entries) {
            gpt[number] = GPTPartitionEntry {
                partition_type_guid: entry.kind.to_disk(),
                unique_partition_guid: entry.guid.to_disk(),
                starting_lba: entry.start / SECTOR,
                ending_lba: (entry.start + entry.length) / SECTOR - 1,
                attribute_bits: entry.attributes,
                partition_name: entry.name.into(),
            };
        }
        gpt.write_into(&mut tables)?;
        GPT::write_protective_mbr_into(&mut tables, SECTOR)?;
        if let Some(code) = code {
            tables.head[..BOOT_CODE].copy_from_slice(code);
        }
        Ok(tables)
    }

    /// Each with its place on the disk.
    pub(crate) fn parts(&self) -> [(u64, &[u8]); 2] {
        [(0, &self.head), (self.size - TAIL, &self.tail)]
    }

    /// What is there of the disk at the position.
    fn here(&mut self) -> &mut [u8] {
        let (start, part) = if self.position < HEAD { (0, &mut self.head) } else { (self.size - TAIL, &mut self.tail) };
        let skipped = self.position.checked_sub(start).and_then(|skipped| usize::try_from(skipped).ok());
        skipped.and_then(|skipped| part.get_mut(skipped..)).unwrap_or_default()
    }
}

impl Read for Tables {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let here = self.here();
        let count = here.len().min(buffer.len());
        buffer[..count].copy_from_slice(&here[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Write for Tables {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let here = self.here();
        let count = here.len().min(bytes.len());
        here[..count].copy_from_slice(&bytes[..count]);
        self.position += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Tables {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
