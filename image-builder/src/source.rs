use std::io;

use fs_err::os::unix::fs::FileExt;

/// What an image is read from: any bytes that can be read at an offset, by several threads at once.
pub trait ImageSource: Sync {
    /// Reads at most as much as the buffer holds; nothing past the end.
    ///
    /// # Errors
    /// When it can't be read.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Its length in bytes.
    ///
    /// # Errors
    /// When that can't be found out.
    fn length(&self) -> io::Result<u64>;
}

impl ImageSource for [u8] {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|at| self.get(at..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }
}

impl<S: ImageSource + ?Sized> ImageSource for &S {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        (**self).read_at(offset, buffer)
    }

    fn length(&self) -> io::Result<u64> {
        (**self).length()
    }
}

impl ImageSource for fs_err::File {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}
