use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use fs_err::{File, OpenOptions};
use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

use crate::TreeError;

/// Memory that an xz stream may ask for: four times what `xz -9` needs.
const XZ_MEMORY: u64 = 256 << 20;
/// Longest way back in a zstd stream: what `zstd --ultra --long=27` writes.
const ZSTD_WINDOW: u32 = 27;

/// How a file is packed, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    Gzip,
    Xz,
    Zstd,
}

/// Where the plain archive is: the file itself, or a copy in `spool` that nothing else uses.
pub(super) fn plain(path: &Path, spool: &Path) -> Result<PathBuf, TreeError> {
    let failed = |error| TreeError::io("read the archive", error);
    let mut file = File::open(path).map_err(failed)?;
    let mut start = Vec::new();
    (&mut file).take(6).read_to_end(&mut start).map_err(failed)?;
    match detect(&start).map_err(|reason| TreeError::Unpackable { path: path.to_owned(), reason })? {
        None => Ok(path.to_owned()),
        Some(compression) => unpack(compression, path, spool),
    }
}

fn detect(start: &[u8]) -> Result<Option<Compression>, &'static str> {
    Ok(match start {
        [0x1f, 0x8b, ..] => Some(Compression::Gzip),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => Some(Compression::Xz),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => return Err("it is packed with bzip2: use gzip, xz or zstd"),
        [0x04, 0x22, 0x4d, 0x18, ..] => return Err("it is packed with lz4: use gzip, xz or zstd"),
        _ => None,
    })
}

fn unpack(compression: Compression, path: &Path, spool: &Path) -> Result<PathBuf, TreeError> {
    let failed = |error| TreeError::io(format!("unpack `{}`", path.display()), error);
    fs_err::create_dir_all(spool).map_err(failed)?;
    let mut decoder = decoder(compression, File::open(path).map_err(failed)?).map_err(failed)?;
    let (mut file, to) = create_new(spool).map_err(failed)?;
    match io::copy(&mut decoder, &mut file) {
        Ok(_) => Ok(to),
        Err(error) => {
            // The first error is what counts.
            let _gone = fs_err::remove_file(&to);
            Err(failed(error))
        }
    }
}

fn decoder(compression: Compression, file: File) -> io::Result<Box<dyn Read>> {
    let file = BufReader::with_capacity(1 << 17, file);
    Ok(match compression {
        Compression::Gzip => Box::new(MultiGzDecoder::new(file)),
        Compression::Xz => Box::new(XzDecoder::new_stream(file, Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?)),
        Compression::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(file)?;
            decoder.window_log_max(ZSTD_WINDOW)?;
            Box::new(decoder)
        }
    })
}

/// The first free number, so that archives of one build don't meet.
fn create_new(spool: &Path) -> io::Result<(File, PathBuf)> {
    for number in 0_u32.. {
        let path = spool.join(format!("{number}.tar"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return Ok((result?, path)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
