//! How indexes of layers are written: little-endian; texts and lists begin with their length in 32 bits.

/// Appends to bytes.
#[derive(Debug)]
pub(crate) struct Encoder {
    pub(crate) bytes: Vec<u8>,
}

impl Encoder {
    /// Begins with what tells the format.
    pub(crate) fn new(magic: &[u8; 16]) -> Self {
        Self { bytes: magic.to_vec() }
    }

    pub(crate) fn array<const N: usize>(&mut self, bytes: &[u8; N]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.array(&value.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.array(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.array(&value.to_le_bytes());
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.array(&value.to_le_bytes());
    }

    /// Nothing in a package has 2³² bytes or items: a path is short, a control archive below 16 MiB, and entries have 512 bytes of header each.
    pub(crate) fn length(&mut self, length: usize) {
        self.u32(u32::try_from(length).unwrap_or(u32::MAX));
    }

    pub(crate) fn text(&mut self, text: &[u8]) {
        self.length(text.len());
        self.bytes.extend_from_slice(text);
    }

    /// Texts by twos.
    pub(crate) fn pairs(&mut self, pairs: &[(Vec<u8>, Vec<u8>)]) {
        self.length(pairs.len());
        for (name, value) in pairs {
            self.text(name);
            self.text(value);
        }
    }

    pub(crate) fn device(&mut self, kind: u8, major: u32, minor: u32) {
        self.bytes.push(kind);
        self.u32(major);
        self.u32(minor);
    }
}

/// Takes from bytes; none when there are too few.
#[derive(Debug)]
pub(crate) struct Decoder<'a> {
    bytes: &'a [u8],
}

impl<'a> Decoder<'a> {
    /// None for what begins with anything else.
    pub(crate) fn new(magic: &[u8; 16], bytes: &'a [u8]) -> Option<Self> {
        bytes.strip_prefix(magic).map(|bytes| Self { bytes })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Room for so many entries, but never more than there can be: an entry takes more than 20 bytes.
    pub(crate) fn capacity(&self, count: u32) -> usize {
        usize::try_from(count).unwrap_or(usize::MAX).min(self.bytes.len() / 20)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*array)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    pub(crate) fn text(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.u32()?).ok()?;
        let (text, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(text.to_vec())
    }

    /// What [`Encoder::pairs`] wrote.
    pub(crate) fn pairs(&mut self) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
        let mut pairs = Vec::new();
        for _ in 0..self.u32()? {
            pairs.push((self.text()?, self.text()?));
        }
        Some(pairs)
    }
}
