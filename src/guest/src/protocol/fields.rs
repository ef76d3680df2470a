//! The inside of payloads: numbers in little endian, byte strings and lists with their length before them.

/// Puts a payload together.
#[derive(Debug, Default)]
pub(super) struct FieldWriter(Vec<u8>);

impl FieldWriter {
    pub(super) fn number(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    /// A length beyond 32 bits is written as its maximum: such a payload is longer than any frame, which refuses it.
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self = self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn list<'a>(self, items: impl ExactSizeIterator<Item = &'a [u8]>) -> Self {
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        items.fold(self.number(count), Self::bytes)
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Takes a payload apart. Every method gives none when the payload is too short.
#[derive(Debug)]
pub(super) struct FieldReader<'a>(&'a [u8]);

impl<'a> FieldReader<'a> {
    pub(super) fn new(payload: &'a [u8]) -> Self {
        Self(payload)
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    /// A list grows only as far as the payload really holds items.
    pub(super) fn list(&mut self) -> Option<Vec<Vec<u8>>> {
        let count = self.number()?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(self.bytes()?.to_vec());
        }
        Some(items)
    }

    /// The payload must be used up.
    pub(super) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
