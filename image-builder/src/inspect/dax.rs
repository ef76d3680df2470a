use super::mbr::MbrFacts;
use super::{InspectError, read};
use crate::dax::{HEADER, INFO_BLOCK, InfoBlock, SIGNATURE};
use crate::source::{ImageSource, Stretch};

/// The header that lets a guest map an image as NVDIMM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaxFacts {
    /// Whether it begins as it should. One that doesn't is known by the two tables.
    pub has_signature: bool,
    /// Major and minor.
    pub version: (u16, u16),
    /// Where the device begins that the guest sees, in bytes.
    pub data_offset: u64,
    /// Bytes that the device begins later, and ends earlier.
    pub pads: (u32, u32),
    /// 1 when the records of pages are in memory, 2 when they are on the device.
    pub mode: u32,
    /// Bytes; the kernel maps in steps of this.
    pub align: u32,
    /// As it is written.
    pub checksum: u64,
    /// As it should be.
    pub right_checksum: u64,
    /// The table that such a guest sees, with places counted from the image's start.
    pub body: Option<MbrFacts>,
}

impl DaxFacts {
    pub(super) fn read(source: &dyn ImageSource, front: Option<&MbrFacts>) -> Result<Option<Self>, InspectError> {
        let Some(block) = read::get::<InfoBlock>(source, INFO_BLOCK)? else { return Ok(None) };
        let body = Stretch::of(source, HEADER, u64::MAX);
        let body = MbrFacts::read(&body)?.map(|mut table| {
            table.entries.iter_mut().for_each(|entry| entry.start = entry.start.saturating_add(HEADER));
            table
        });
        let facts = Self {
            has_signature: block.signature == SIGNATURE,
            version: (block.version_major.get(), block.version_minor.get()),
            data_offset: block.dataoff.get(),
            pads: (block.start_pad.get(), block.end_trunc.get()),
            mode: block.mode.get(),
            align: block.align.get(),
            checksum: block.checksum.get(),
            right_checksum: block.sum(),
            body,
        };
        let is_one = facts.has_signature || front.is_some_and(|front| !front.entries.is_empty()) && facts.agrees_with(front);
        Ok(Some(facts).filter(|_| is_one))
    }

    /// Whether both tables name the same bytes in the same way.
    #[must_use]
    pub fn agrees_with(&self, front: Option<&MbrFacts>) -> bool {
        match (front, &self.body) {
            (Some(front), Some(body)) => front.signature == body.signature && front.entries == body.entries,
            _ => false,
        }
    }
}
