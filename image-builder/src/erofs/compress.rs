//! Contents as clusters that each fill whole blocks: as much goes into one as there is room for.

mod lz4;
mod zstd;

use super::format::{BLOCK, Lz4Config, ZstdConfig, algorithm};
use super::index::{Cluster, Form};
use super::{ErofsCompression, ErofsError, ErofsOptions};
use zerocopy::IntoBytes;

/// Most bytes of a content that are compressed without looking at what was before: what one thread does at once. Each piece ends with a cluster that is
/// not full.
pub(super) const PIECE: u64 = 4 << 20;

/// [`BLOCK`] in memory.
const BLOCK_SIZE: usize = 4096;
const _: () = assert!(BLOCK_SIZE as u64 == BLOCK);

/// What compresses one cluster after the other. What it gives depends on its input alone.
#[derive(Debug)]
enum Filler {
    Lz4(lz4::Filler),
    Zstd(zstd::Filler),
}

/// How an image is compressed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Codec {
    compression: ErofsCompression,
    /// Most bytes of a cluster.
    room: usize,
    form: Form,
}

/// A piece of a content as clusters.
#[derive(Debug, Default)]
pub(super) struct Packed {
    /// Whole blocks.
    pub(super) bytes: Vec<u8>,
    pub(super) clusters: Vec<Cluster>,
}

impl Codec {
    /// None when nothing is to be compressed. The options are checked before.
    pub(super) fn of(options: &ErofsOptions) -> Option<Self> {
        let algorithm = match options.compression {
            ErofsCompression::None => return None,
            ErofsCompression::Lz4 | ErofsCompression::Lz4Hc { .. } => algorithm::LZ4,
            ErofsCompression::Zstd { .. } => algorithm::ZSTD,
        };
        let form = Form { algorithm, is_big: options.cluster_blocks() > 1 };
        Some(Self { compression: options.compression, room: usize::from(options.cluster_blocks()) * BLOCK_SIZE, form })
    }

    pub(super) fn form(&self) -> Form {
        self.form
    }

    /// What stands behind the superblock for the kernel; nothing where lz4 is used as it always was.
    pub(super) fn configuration(&self) -> Vec<u8> {
        let blocks = u16::try_from(self.room / BLOCK_SIZE).unwrap_or(1);
        match self.compression {
            ErofsCompression::Zstd { .. } => {
                let windowlog = u8::try_from(zstd::window_log(self.room) - 10).unwrap_or(0);
                let length = u16::try_from(size_of::<ZstdConfig>() - 2).unwrap_or(0);
                ZstdConfig { length: length.into(), format: 0, windowlog, reserved: [0; 4] }.as_bytes().to_vec()
            }
            ErofsCompression::Lz4 | ErofsCompression::Lz4Hc { .. } if self.form.is_big => {
                let length = u16::try_from(size_of::<Lz4Config>() - 2).unwrap_or(0);
                let config =
                    Lz4Config { length: length.into(), max_distance: u16::MAX.into(), max_pclusterblks: blocks.into(), reserved: [0; 10] };
                config.as_bytes().to_vec()
            }
            _ => Vec::new(),
        }
    }

    /// For one thread.
    pub(super) fn packer(&self) -> Packer {
        Packer { codec: *self, filler: None, cluster: Vec::new() }
    }

    fn filler(&self) -> Result<Option<Filler>, ErofsError> {
        Ok(match self.compression {
            ErofsCompression::None => None,
            ErofsCompression::Lz4 => Some(Filler::Lz4(lz4::Filler::new(None))),
            ErofsCompression::Lz4Hc { level } => Some(Filler::Lz4(lz4::Filler::new(Some(level)))),
            ErofsCompression::Zstd { level } => Some(Filler::Zstd(zstd::Filler::new(level, self.room)?)),
        })
    }
}

/// Compresses pieces, one after another.
#[derive(Debug)]
pub(super) struct Packer {
    codec: Codec,
    filler: Option<Filler>,
    cluster: Vec<u8>,
}

impl Packer {
    /// Compresses a piece, which is the end of its content or whole blocks.
    pub(super) fn pack(&mut self, piece: &[u8]) -> Result<Packed, ErofsError> {
        if self.filler.is_none() {
            self.filler = self.codec.filler()?;
        }
        let mut packed = Packed::default();
        let mut rest = piece;
        let (mut last, mut plain) = (0, 0);
        while !rest.is_empty() {
            self.cluster.clear();
            // What fits a block takes one either way; and the kernel takes the end of a content for longer than it is when that is compressed.
            let taken = if rest.len() > BLOCK_SIZE && plain == 0 { self.fill(rest, last)? } else { 0 };
            let blocks = self.cluster.len().div_ceil(BLOCK_SIZE);
            let is_plain = taken <= blocks * BLOCK_SIZE || taken <= BLOCK_SIZE;
            // What does not get shorter is not tried again at each of its blocks.
            plain = match plain {
                0 if is_plain => self.codec.room / BLOCK_SIZE - 1,
                left => left.saturating_sub(1),
            };
            let (length, blocks) = if is_plain { (rest.len().min(BLOCK_SIZE), 1) } else { (taken, blocks) };
            let start = packed.bytes.len();
            packed.bytes.resize(start + blocks * BLOCK_SIZE, 0);
            let (now, later) = rest.split_at(length);
            if is_plain {
                packed.bytes[start..start + length].copy_from_slice(now);
            } else {
                // Zeros are in front of it.
                let from = packed.bytes.len() - self.cluster.len();
                packed.bytes[from..].copy_from_slice(&self.cluster);
            }
            // A piece has fewer bytes, and a cluster fewer blocks, than these can say.
            let (length, blocks) = (u32::try_from(length).unwrap_or(u32::MAX), u16::try_from(blocks).unwrap_or(u16::MAX));
            packed.clusters.push(Cluster { length, blocks, is_plain });
            last = now.len();
            rest = later;
        }
        Ok(packed)
    }

    /// Puts as much into a cluster as there is room for, which is about `last`; gives how much.
    fn fill(&mut self, rest: &[u8], last: usize) -> Result<usize, ErofsError> {
        match &mut self.filler {
            None => Ok(0),
            Some(Filler::Lz4(filler)) => filler.fill(rest, last, self.codec.room, &mut self.cluster),
            Some(Filler::Zstd(filler)) => filler.fill(rest, last, self.codec.room, &mut self.cluster),
        }
    }
}
