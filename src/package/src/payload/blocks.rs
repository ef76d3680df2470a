use std::io::{self, Read};

/// Bytes of a block of a tar archive.
pub(crate) const BLOCK: usize = 512;

/// The blocks of a tar archive, front to back: headers, and contents with what fills their last block. An archive that ends too early is
/// [`io::ErrorKind::UnexpectedEof`].
#[derive(Debug)]
pub(crate) struct TarBlocks<R> {
    pub(crate) input: R,
    position: u64,
    /// Content and padding of the current entry that nobody has read.
    unread: u64,
    padding: u64,
    buffer: Vec<u8>,
}

impl<R: Read> TarBlocks<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, position: 0, unread: 0, padding: 0, buffer: vec![0; 64 << 10] }
    }

    /// Where the input stands.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The next header; none at a block of zeros, or where the input ends.
    pub(crate) fn header(&mut self) -> io::Result<Option<[u8; BLOCK]>> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.input.read(rest) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.position += BLOCK as u64;
        Ok(block.iter().any(|byte| *byte != 0).then_some(block))
    }

    /// A content of so many bytes follows.
    pub(crate) fn begin_content(&mut self, size: u64) {
        self.unread = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
    }

    /// What nobody has read of the content, a piece at a time.
    pub(crate) fn content(&mut self, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        while self.unread > 0 {
            let length = usize::try_from(self.unread).unwrap_or(usize::MAX).min(self.buffer.len());
            let buffer = self.buffer.get_mut(..length).unwrap_or_default();
            let read = self.input.read(buffer)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            each(buffer.get(..read).unwrap_or_default());
            self.unread = self.unread.saturating_sub(read as u64);
            self.position += read as u64;
        }
        Ok(())
    }

    /// Goes on to where the next header is.
    pub(crate) fn skip_content(&mut self) -> io::Result<()> {
        self.unread += std::mem::take(&mut self.padding);
        self.content(|_| {})
    }
}
