use super::SquashfsError;
use super::compress::Codec;
use super::metadata::Metadata;
use crate::sink::Image;

/// The end of the image as it grows by tables.
#[derive(Debug)]
pub(super) struct Tables<'a> {
    pub(super) image: &'a Image<'a>,
    pub(super) codec: &'a Codec,
    /// Where the next one begins.
    pub(super) end: u64,
}

impl Tables<'_> {
    /// Appends bytes; gives where they begin.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<u64, SquashfsError> {
        let start = self.end;
        self.image.data(start, bytes)?;
        self.end += bytes.len() as u64;
        Ok(start)
    }

    /// Appends a table that is found by where its blocks begin: the blocks, and behind them `head` and their places. Gives where `head` begins.
    pub(super) fn append_indexed(&mut self, name: &'static str, bytes: &[u8], head: &[u8]) -> Result<u64, SquashfsError> {
        let mut metadata = Metadata::new(self.codec, name);
        metadata.push(bytes)?;
        metadata.finish()?;
        let start = self.append(metadata.bytes())?;
        let index = metadata.blocks().iter().flat_map(|block| (start + block).to_le_bytes());
        let index: Vec<u8> = head.iter().copied().chain(index).collect();
        self.append(&index)
    }
}
