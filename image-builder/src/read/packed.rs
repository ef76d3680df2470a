use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::ReadError;
use super::spool::{Spool, create_new};
use crate::inspect::{Flow, Packing};
use crate::progress::Progress;
use crate::source::ImageSource;

/// How much may be unpacked, of one stream after another.
#[derive(Debug)]
pub(crate) struct UnpackLimit {
    limit: u64,
    written: u64,
}

impl UnpackLimit {
    /// What so many bytes may unpack to.
    pub(crate) fn of(length: u64) -> Self {
        Self { limit: Spool::limit(length), written: 0 }
    }

    fn take(&mut self, count: usize) -> Result<(), ReadError> {
        self.written = self.written.saturating_add(count as u64);
        if self.written <= self.limit { Ok(()) } else { Err(ReadError::TooMuch { what: "contents", limit: self.limit }) }
    }
}

/// Unpacks what is compressed as a whole into a new file of the spool, and shows it piece by piece; gives the file. Stretches of zeros become holes.
pub(crate) fn unpack(
    source: &dyn ImageSource,
    packing: Packing,
    (spool, limit): (&Path, &mut UnpackLimit),
    progress: &dyn Progress,
    mut see: impl FnMut(&[u8]),
) -> Result<PathBuf, ReadError> {
    let failure = Cell::new(None);
    let mut plain = packing.unpack(Flow::new(source, 0, &failure)).map_err(ReadError::Spool)?;
    let (mut file, path) = create_new(spool, "plain")?;
    let mut buffer = vec![0; 1 << 18];
    let mut length = 0_u64;
    loop {
        if progress.cancelled() {
            return Err(ReadError::Cancelled);
        }
        let count = match plain.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failure.take().map_or(ReadError::Spool(error), ReadError::Inspect)),
        };
        see(&buffer[..count]);
        length = length.saturating_add(count as u64);
        if buffer[..count].iter().all(|byte| *byte == 0) {
            let offset = i64::try_from(count).map_or(std::io::SeekFrom::Current(0), std::io::SeekFrom::Current);
            std::io::Seek::seek(&mut file, offset).map_err(ReadError::Spool)?;
        } else {
            limit.take(count)?;
            file.write_all(&buffer[..count]).map_err(ReadError::Spool)?;
        }
    }
    file.set_len(length).map_err(ReadError::Spool)?;
    Ok(path)
}
