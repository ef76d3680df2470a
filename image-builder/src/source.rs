use std::io;
use std::path::Path;

use fs_err::File;
use fs_err::os::unix::fs::FileExt;

/// An image to look at.
pub trait ImageSource: Sync {
    /// Reads from an offset on, as much as there is up to the buffer's length; nothing at the end.
    ///
    /// # Errors
    /// When it can't be read.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Bytes there are.
    fn length(&self) -> u64;

    /// Fills the buffer.
    ///
    /// # Errors
    /// When it can't be read, or ends before.
    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read_at(offset.saturating_add(filled as u64), &mut buffer[filled..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// A file or a block device.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    length: u64,
}

impl FileSource {
    /// Opens it to read.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        // The metadata of a block device tell no length.
        let length = io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
        Ok(Self { file, length })
    }
}

impl ImageSource for FileSource {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn length(&self) -> u64 {
        self.length
    }
}

impl ImageSource for &[u8] {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn length(&self) -> u64 {
        self.len() as u64
    }
}

/// A stretch of an image: a partition, say.
#[derive(Clone, Copy)]
pub struct Stretch<'a> {
    source: &'a dyn ImageSource,
    start: u64,
    length: u64,
}

impl std::fmt::Debug for Stretch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stretch").field("start", &self.start).field("length", &self.length).finish_non_exhaustive()
    }
}

impl<'a> Stretch<'a> {
    /// So many bytes from `start` on, or what there is of them.
    #[must_use]
    pub fn of(source: &'a dyn ImageSource, start: u64, length: u64) -> Self {
        Self { source, start, length: length.min(source.length().saturating_sub(start)) }
    }
}

impl ImageSource for Stretch<'_> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = rest.min(buffer.len());
        if count == 0 {
            return Ok(0);
        }
        self.source.read_at(self.start + offset, &mut buffer[..count])
    }

    fn length(&self) -> u64 {
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_ends_where_it_should() {
        let bytes: Vec<u8> = (0..100).collect();
        let bytes = bytes.as_slice();
        let stretch = Stretch::of(&bytes, 90, 5);
        let mut buffer = [0; 8];
        assert_eq!((stretch.length(), stretch.read_at(3, &mut buffer).unwrap(), &buffer[..2]), (5, 2, &[93, 94][..]));
        assert_eq!(stretch.read_at(u64::MAX, &mut buffer).unwrap(), 0);
        assert_eq!(stretch.read_exact_at(3, &mut buffer).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(Stretch::of(&bytes, 98, u64::MAX).length(), 2);
        assert_eq!(Stretch::of(&bytes, 101, 1).length(), 0);
    }
}
