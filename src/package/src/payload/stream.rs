use std::io::{self, BufRead, Read, Write};

/// Writes what is read through it. A failed write ends the reading and is kept apart, since it says nothing about the package.
pub(crate) struct Tee<'a, R> {
    pub(crate) input: R,
    pub(crate) layer: &'a mut dyn Write,
    pub(crate) failed: Option<io::Error>,
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        if let Err(error) = self.layer.write_all(buffer.get(..read).unwrap_or_default()) {
            self.failed = Some(error);
            return Err(io::Error::other("the layer can't be written"));
        }
        Ok(read)
    }
}

/// Hashes what is consumed of a reader.
#[derive(Debug)]
pub(crate) struct Hashed<R, D> {
    pub(crate) input: R,
    pub(crate) digest: D,
}

impl<R: BufRead, D: sha2::Digest> Read for Hashed<R, D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead, D: sha2::Digest> BufRead for Hashed<R, D> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // What is consumed lies in the buffer already, so that nothing is read here.
        if let Ok(buffer) = self.input.fill_buf() {
            self.digest.update(buffer.get(..amount).unwrap_or(buffer));
        }
        self.input.consume(amount);
    }
}
