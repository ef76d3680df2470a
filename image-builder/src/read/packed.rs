use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::ReadError;
use super::spool::{Spool, create_new};
use crate::inspect::{Flow, Packing};
use crate::progress::Progress;
use crate::source::ImageSource;

/// Unpacks an image that is compressed as a whole; gives the plain one. Stretches of zeros become holes.
pub(super) fn unpack(source: &dyn ImageSource, packing: Packing, spool: &Path, progress: &dyn Progress) -> Result<PathBuf, ReadError> {
    let failure = Cell::new(None);
    let mut plain = packing.unpack(Flow::new(source, 0, &failure)).map_err(ReadError::Spool)?;
    let limit = Spool::limit(source.length());
    let (mut file, path) = create_new(spool, "plain")?;
    let mut buffer = vec![0; 1 << 18];
    let (mut length, mut written) = (0_u64, 0_u64);
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
        length = length.saturating_add(count as u64);
        if buffer[..count].iter().all(|byte| *byte == 0) {
            let offset = i64::try_from(count).map_or(std::io::SeekFrom::Current(0), std::io::SeekFrom::Current);
            std::io::Seek::seek(&mut file, offset).map_err(ReadError::Spool)?;
        } else {
            written += count as u64;
            if written > limit {
                return Err(ReadError::TooMuch { what: "contents", limit });
            }
            file.write_all(&buffer[..count]).map_err(ReadError::Spool)?;
        }
    }
    file.set_len(length).map_err(ReadError::Spool)?;
    Ok(path)
}
