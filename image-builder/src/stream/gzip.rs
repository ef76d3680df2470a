//! gzip by many threads (RFC 1951, RFC 1952): a stream is cut into pieces, each is deflated with the end of the one before as its dictionary, and
//! all become one member, which any decoder reads.

use std::io::{self, Write};

use flate2::{Compress, Crc, FlushCompress, Status};
use rayon::prelude::*;

/// Bytes that are deflated at once.
const PIECE: usize = 512 << 10;

/// How far back deflate looks.
const WINDOW: usize = 32 << 10;

/// Pieces that wait in memory for each thread.
const PIECES_EACH: usize = 4;

/// Magic, deflate, no flags, no time, no hint, Unix.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];

/// Packs what is written to it.
pub(super) struct GzipEncoder<W: Write> {
    out: W,
    level: u32,
    began: bool,
    /// The window before what waits, then what waits.
    pending: Vec<u8>,
    /// Bytes of that window.
    window: usize,
    checksum: Crc,
    /// Bytes that may wait.
    most: usize,
}

impl<W: Write> GzipEncoder<W> {
    pub(super) fn new(out: W, level: u32) -> Self {
        let most = PIECE * PIECES_EACH * rayon::current_num_threads().max(1);
        Self { out, level, began: false, pending: Vec::new(), window: 0, checksum: Crc::new(), most }
    }

    /// Ends the stream.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.pack(true)?;
        self.out.write_all(&self.checksum.sum().to_le_bytes())?;
        self.out.write_all(&self.checksum.amount().to_le_bytes())?;
        Ok(self.out)
    }

    /// Deflates all whole pieces that wait, and at the end the rest too.
    fn pack(&mut self, last: bool) -> io::Result<()> {
        if !self.began {
            self.began = true;
            self.out.write_all(&HEADER)?;
        }
        let waiting = self.pending.len() - self.window;
        let end = self.window + if last { waiting } else { waiting - waiting % PIECE };
        let starts: Vec<usize> = (self.window..end).step_by(PIECE).collect();
        let (pending, level) = (&self.pending[..end], self.level);
        let packed: Vec<(Vec<u8>, Crc)> = starts
            .par_iter()
            .map(|start| {
                let piece = &pending[*start..end.min(start + PIECE)];
                let dictionary = &pending[start.saturating_sub(WINDOW)..*start];
                let is_last = last && start + piece.len() == end;
                let mut checksum = Crc::new();
                checksum.update(piece);
                Ok((deflate(piece, dictionary, level, is_last)?, checksum))
            })
            .collect::<io::Result<_>>()?;
        for (bytes, checksum) in &packed {
            self.out.write_all(bytes)?;
            self.checksum.combine(checksum);
        }
        if last && packed.is_empty() {
            self.out.write_all(&deflate(&[], &[], level, true)?)?;
        }
        let keep = end.saturating_sub(WINDOW);
        self.window = end - keep;
        self.pending.drain(..keep);
        Ok(())
    }
}

impl<W: Write> Write for GzipEncoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE);
        self.pending.extend_from_slice(&bytes[..taken]);
        if self.pending.len() - self.window >= self.most {
            self.pack(false)?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A piece that ends at a byte, so that the next can follow; the last one ends the stream.
fn deflate(piece: &[u8], dictionary: &[u8], level: u32, last: bool) -> io::Result<Vec<u8>> {
    let mut compress = Compress::new(flate2::Compression::new(level), false);
    if !dictionary.is_empty() {
        compress.set_dictionary(dictionary)?;
    }
    let flush = if last { FlushCompress::Finish } else { FlushCompress::Sync };
    let mut packed = Vec::with_capacity(piece.len() / 2 + 64);
    loop {
        let read = usize::try_from(compress.total_in()).unwrap_or(usize::MAX);
        let status = compress.compress_vec(&piece[read..], &mut packed, flush)?;
        let room = packed.len() < packed.capacity();
        let all_read = compress.total_in() == piece.len() as u64;
        match status {
            Status::StreamEnd => return Ok(packed),
            // Room that is left means that nothing waits inside.
            _ if !last && all_read && room => return Ok(packed),
            _ => packed.reserve(piece.len() / 4 + 64),
        }
    }
}
