use std::io;
use std::ops::Range;
use std::path::Path;

use fs_err::File;
use fs_err::os::unix::fs::FileExt;
use rootfs_image::spread_gpt;
use rootfs_package::observer::{Event, Observer as _};
use rustix::fs::{Advice, FallocateFlags};
use sha2::{Digest as _, Sha256};

use super::{BlockDevice, DeviceError};
use crate::progress::Progress;

/// Bytes that are written at once.
const PIECE: u64 = 4 << 20;
/// What a disk ends with that others may have left there: the backup of a GPT, or what arrays are known by.
const END: u64 = 1 << 20;
/// Bytes of a GPT at a disk's start, and at its end.
const FRONT: usize = 34 * 512;
const BACK: u64 = 33 * 512;

/// Writes an image over a disk: all of it, zeros where it has holes, the backup of a GPT at the disk's end; and reads it back.
///
/// # Errors
/// When it doesn't fit, the disk fails, or the user wants to end.
pub(crate) fn write(device: &BlockDevice, image: &Path, progress: &Progress) -> Result<(), DeviceError> {
    let source = File::open(image).map_err(|error| device.failed("read the image for", error))?;
    let length = source.metadata().map_err(|error| device.failed("read the image for", error))?.len();
    if length > device.size {
        return Err(DeviceError::TooSmall { path: device.path.clone(), needed: length, size: device.size });
    }
    let tables = Tables::of(&source, length, device)?;
    // The end of the disk, as far as it isn't the image's.
    let end = length.max(device.size.saturating_sub(END))..device.size;
    let all = length + (end.end - end.start);
    progress.event(Event::Expect { items: 0, bytes: 2 * all });
    let mut sums = Vec::new();
    for range in [0..length, end] {
        let mut sum = Sha256::new();
        for piece in pieces(&range) {
            device.check(progress)?;
            let mut bytes = vec![0; usize::try_from(piece.end - piece.start).unwrap_or(0)];
            if piece.start < length {
                source.read_exact_at(&mut bytes, piece.start).map_err(|error| device.failed("read the image for", error))?;
            }
            tables.lay_over(piece.start, &mut bytes);
            device.put(piece.start, &bytes)?;
            sum.update(&bytes);
            progress.event(Event::Bytes(bytes.len() as u64));
        }
        sums.push((range, sum.finalize()));
    }
    device.file.sync_all().map_err(|error| device.failed("write", error))?;
    for (range, sum) in sums {
        device.check(progress)?;
        // What the kernel has kept would say nothing of the disk.
        let _is_advice =
            rustix::fs::fadvise(&device.file, range.start, std::num::NonZeroU64::new(range.end - range.start), Advice::DontNeed);
        if device.sum(&range, progress)? != sum[..] {
            return Err(DeviceError::Differs { path: device.path.clone(), from: range.start, to: range.end });
        }
    }
    Ok(())
}

impl BlockDevice {
    fn failed(&self, action: &'static str, source: io::Error) -> DeviceError {
        DeviceError::Io { action, path: self.path.clone(), source }
    }

    fn check(&self, progress: &Progress) -> Result<(), DeviceError> {
        if progress.cancelled() { Err(DeviceError::Interrupted { path: self.path.clone() }) } else { Ok(()) }
    }

    /// Zeros are left to the disk where it can make them itself.
    fn put(&self, offset: u64, bytes: &[u8]) -> Result<(), DeviceError> {
        let is_done = bytes.iter().all(|byte| *byte == 0)
            && [FallocateFlags::PUNCH_HOLE, FallocateFlags::ZERO_RANGE]
                .into_iter()
                .any(|how| rustix::fs::fallocate(&self.file, how | FallocateFlags::KEEP_SIZE, offset, bytes.len() as u64).is_ok());
        if is_done { Ok(()) } else { self.file.write_all_at(bytes, offset).map_err(|error| self.failed("write", error)) }
    }

    fn sum(&self, range: &Range<u64>, progress: &Progress) -> Result<Vec<u8>, DeviceError> {
        let mut sum = Sha256::new();
        for piece in pieces(range) {
            self.check(progress)?;
            let mut bytes = vec![0; usize::try_from(piece.end - piece.start).unwrap_or(0)];
            self.file.read_exact_at(&mut bytes, piece.start).map_err(|error| self.failed("read back", error))?;
            sum.update(&bytes);
            progress.event(Event::Bytes(bytes.len() as u64));
        }
        Ok(sum.finalize().to_vec())
    }
}

fn pieces(range: &Range<u64>) -> impl Iterator<Item = Range<u64>> + use<> {
    let Range { start, end } = *range;
    (0..(end - start).div_ceil(PIECE)).map(move |index| start + index * PIECE..(start + (index + 1) * PIECE).min(end))
}

/// What is other on the disk than in the image: the tables of a GPT.
struct Tables(Vec<(u64, Vec<u8>)>);

impl Tables {
    fn of(source: &File, length: u64, device: &BlockDevice) -> Result<Self, DeviceError> {
        let mut front = vec![0; FRONT];
        if length == device.size || length < 2 * FRONT as u64 {
            return Ok(Self(Vec::new()));
        }
        source.read_exact_at(&mut front, 0).map_err(|error| device.failed("read the image for", error))?;
        let Some(backup) = spread_gpt(&mut front, device.size) else { return Ok(Self(Vec::new())) };
        let gone = vec![0; usize::try_from(BACK).unwrap_or(0)];
        Ok(Self(vec![(0, front), (length - BACK, gone), (device.size - BACK, backup)]))
    }

    /// Puts them where they are over what was read of the image.
    fn lay_over(&self, offset: u64, bytes: &mut [u8]) {
        let end = offset + bytes.len() as u64;
        for (start, table) in &self.0 {
            let (from, to) = (offset.max(*start), end.min(start + table.len() as u64));
            let place = |at: u64, base: u64| usize::try_from(at.saturating_sub(base)).unwrap_or(usize::MAX);
            if from < to
                && let Some(target) = bytes.get_mut(place(from, offset)..place(to, offset))
                && let Some(part) = table.get(place(from, *start)..place(to, *start))
            {
                target.copy_from_slice(part);
            }
        }
    }
}
