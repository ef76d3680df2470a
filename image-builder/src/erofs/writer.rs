use rayon::prelude::*;
use rootfs_tree::Tree;
use zerocopy::IntoBytes;

use super::compress::Codec;
use super::data::{Data, Form, Stored};
use super::format::{BLOCK, BLOCK_BITS, Incompat, MAGIC, SUPER_OFFSET, Superblock, algorithm, checksum, compat};
use super::inode::Inodes;
use super::layout::{Layout, Sizes};
use super::xattr::Xattrs;
use super::{ErofsCompression, ErofsError, ErofsOptions, check};
use crate::batch::Batch;
use crate::census::Census;
use crate::contents::Contents;
use crate::duplicates::Duplicates;
use crate::feed::Feed;
use crate::guid::name_based;
use crate::sink::Image;

/// From so many bytes on it is asked whether a file has a hole there.
const LEAST_HOLE: usize = 64 << 10;
/// Bytes of inodes that one thread makes at once.
const STRETCH: u64 = 256 << 10;

/// An erofs that is ready to be written.
///
/// It belongs to the tree it was planned from, which must not change before it is written.
#[derive(Debug)]
pub struct ErofsLayout {
    options: ErofsOptions,
    census: Census,
    duplicates: Duplicates,
    uuid: [u8; 16],
    nodes: usize,
    /// Where contents will be, and how many bytes the image has, where nothing is compressed.
    planned: Option<(Stored, u64)>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erofs {
    /// The image's length in bytes: a multiple of 4096.
    pub size: u64,
    /// Files, directories and so on; several names of one are counted once.
    pub inodes: u32,
    /// Files whose content is that of another, and stored once.
    pub duplicates: usize,
    /// Files that are compressed.
    pub compressed: usize,
    /// Files in chunks, of which some are also elsewhere or zeros.
    pub chunked: usize,
}

impl ErofsLayout {
    /// Looks whether a tree can become an erofs. Files of the same length are read when nobody has hashed them yet: contents that are the same are stored
    /// once. With chunks all files are read that have more than a block.
    ///
    /// # Errors
    /// When the tree has what erofs can't say, or a content can't be read.
    pub fn plan(tree: &Tree, options: &ErofsOptions) -> Result<Self, ErofsError> {
        options.check()?;
        let census = Census::of(tree)?;
        check::check_inodes(tree, &census)?;
        let contents = Contents::of(tree, LEAST_HOLE);
        let duplicates = Duplicates::of(tree, &census, &contents)?;
        let uuid = options.uuid.unwrap_or_else(|| identity_of(tree, options));
        let mut layout = Self { options: options.clone(), census, duplicates, uuid, nodes: tree.node_count(), planned: None };
        let xattrs = Xattrs::of(tree, &layout.census)?;
        if options.compression == ErofsCompression::None {
            let sizes = layout.sizes(tree, &xattrs);
            let chunk_size = options.chunk_size.and_then(|size| usize::try_from(size).ok());
            let stored = Data { census: &layout.census, contents: &contents, sizes: &sizes }.place(chunk_size)?;
            let end = Layout::of(tree, &layout.census, &sizes, &xattrs, &stored)?.end;
            layout.planned = Some((stored, end * BLOCK));
        }
        Ok(layout)
    }

    /// Bytes, where nothing is compressed; else they are known once it is written.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.planned.as_ref().map(|(_, size)| *size)
    }

    /// The filesystem's identity.
    #[must_use]
    pub fn uuid(&self) -> [u8; 16] {
        self.uuid
    }

    fn sizes(&self, tree: &Tree, xattrs: &Xattrs<'_>) -> Sizes {
        Sizes::of(tree, &self.census, xattrs, &self.duplicates, &self.options)
    }

    /// Writes the filesystem. Contents are compressed by as many threads as rayon has; the bytes are the same whatever their number.
    ///
    /// The superblock is written last: without it an image that isn't complete is none. Blocks of zeros are not written. Memory is bounded by the number of
    /// inodes, of compressed clusters and of threads.
    ///
    /// # Errors
    /// When a content can't be read or has another length than the tree says, when the image can't be written, or on cancellation.
    pub fn write(&self, tree: &Tree, image: &Image<'_>) -> Result<Erofs, ErofsError> {
        if tree.node_count() != self.nodes {
            return Err(ErofsError::TreeChanged);
        }
        let xattrs = Xattrs::of(tree, &self.census)?;
        let sizes = self.sizes(tree, &xattrs);
        let contents = Contents::of(tree, LEAST_HOLE);
        let data = Data { census: &self.census, contents: &contents, sizes: &sizes };
        let codec = Codec::of(&self.options);
        image.advance(sizes.shared_files().map(|(later, _)| sizes.length(later)).sum());
        let compressed;
        let stored = match (&self.planned, &codec) {
            (Some((stored, _)), _) => {
                image.advance(data.found_elsewhere(stored));
                data.copy(stored, image)?;
                stored
            }
            (None, Some(codec)) => {
                compressed = data.compress(codec, image)?;
                &compressed
            }
            (None, None) => return Err(ErofsError::TreeChanged),
        };
        let layout = Layout::of(tree, &self.census, &sizes, &xattrs, stored)?;
        let inodes = Inodes {
            tree,
            census: &self.census,
            sizes: &sizes,
            xattrs: &xattrs,
            stored,
            layout: &layout,
            contents: &contents,
            codec: codec.as_ref(),
        };
        if layout.xattr_block > 0 {
            image.data(layout.xattr_block * BLOCK, &xattrs.shared())?;
        }
        write_inodes(&inodes, &data, image)?;
        self.write_superblock(&inodes, image)?;
        Ok(Erofs {
            size: layout.end * BLOCK,
            inodes: self.census.last(),
            duplicates: self.duplicates.count(),
            compressed: stored.count(|form| matches!(form, Form::Clusters { .. })),
            chunked: stored.count(|form| matches!(form, Form::Chunks { .. })),
        })
    }

    fn write_superblock(&self, inodes: &Inodes<'_>, image: &Image<'_>) -> Result<(), ErofsError> {
        let Inodes { layout, sizes, stored, codec, .. } = inodes;
        // An image without a compressed file is read by what knows no compression.
        let has = |is_wanted: fn(Form) -> bool| stored.count(is_wanted) > 0;
        let codec = codec.filter(|_| has(|form| matches!(form, Form::Clusters { .. })));
        let configuration = codec.map(Codec::configuration).unwrap_or_default();
        let algorithms = if configuration.is_empty() {
            0
        } else if let ErofsCompression::Zstd { .. } = self.options.compression {
            1 << algorithm::ZSTD
        } else {
            1 << algorithm::LZ4
        };
        let mut volume_name = [0; 16];
        volume_name[..self.options.label.len()].copy_from_slice(&self.options.label);
        let incompat = Incompat::default()
            .with(Incompat::ZERO_PADDING, codec.is_some())
            .with(Incompat::COMPR_CFGS, !configuration.is_empty())
            .with(Incompat::CHUNKED_FILE, has(|form| matches!(form, Form::Chunks { .. })));
        // The layout is checked: all blocks have numbers of 32 bits.
        let block = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).into();
        let superblock = Superblock {
            magic: MAGIC.into(),
            checksum: 0.into(),
            feature_compat: (compat::SB_CHKSUM | compat::MTIME).into(),
            blkszbits: BLOCK_BITS,
            sb_extslots: 0,
            root_nid: layout.root_nid().into(),
            inos: u64::from(self.census.last()).into(),
            build_time: sizes.time.seconds.cast_unsigned().into(),
            build_time_nsec: sizes.time.nanoseconds.into(),
            blocks: block(layout.end),
            meta_blkaddr: block(layout.meta_block),
            xattr_blkaddr: block(layout.xattr_block),
            uuid: self.uuid,
            volume_name,
            feature_incompat: incompat.0.into(),
            available_compr_algs: algorithms.into(),
            extra_devices: 0.into(),
            devt_slotoff: 0.into(),
            dirblkbits: 0,
            xattr_prefix_count: 0,
            xattr_prefix_start: 0.into(),
            packed_nid: 0.into(),
            xattr_filter_reserved: 0,
            reserved: [0; 23],
        };
        let mut bytes = superblock.as_bytes().to_vec();
        bytes.extend_from_slice(&configuration);
        bytes.resize(usize::try_from(BLOCK - SUPER_OFFSET).unwrap_or(0), 0);
        let sum = checksum(&bytes).to_le_bytes();
        bytes[4..8].copy_from_slice(&sum);
        Ok(image.data(SUPER_OFFSET, &bytes)?)
    }
}

/// Writes inodes in stretches of whole blocks, by all threads, and the blocks of directories and of files that are read once.
fn write_inodes(inodes: &Inodes<'_>, data: &Data<'_>, image: &Image<'_>) -> Result<(), ErofsError> {
    let layout = inodes.layout;
    let mut order: Vec<u32> = (1..=inodes.census.last()).collect();
    let offset = |number: u32| layout.offsets[number as usize - 1];
    order.par_sort_unstable_by_key(|number| offset(*number));
    let mut stretches: Vec<&[u32]> = Vec::new();
    let mut rest = &order[..];
    while let Some(first) = rest.first() {
        let end = (offset(*first) / BLOCK * BLOCK).saturating_add(STRETCH);
        let mut count = rest.partition_point(|number| offset(*number) < end);
        // No block may be in two of them.
        while let (Some(last), Some(next)) = (rest.get(count - 1), rest.get(count)) {
            let end = offset(*last) + layout.lengths[*last as usize - 1];
            if offset(*next) >= end.next_multiple_of(BLOCK) {
                break;
            }
            count += 1;
        }
        let (stretch, later) = rest.split_at(count);
        stretches.push(stretch);
        rest = later;
    }
    stretches.into_par_iter().try_for_each_init(Vec::new, |buffer, stretch| {
        image.check_cancelled()?;
        let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else { return Ok(()) };
        let start = offset(*first) / BLOCK * BLOCK;
        let end = offset(*last) + layout.lengths[*last as usize - 1];
        let mut bytes = vec![0; usize::try_from(end - start).unwrap_or(usize::MAX)];
        let mut batch = Batch::new(image);
        for number in stretch {
            let tail = match inodes.codec {
                None if data.is_read_once(*number, inodes.stored) => {
                    Some(data.copy_whole(*number, inodes.stored, &mut batch, buffer, image)?.to_vec())
                }
                _ => None,
            };
            let encoded = inodes.encode(*number, tail, buffer)?;
            let at = usize::try_from(offset(*number) - start).unwrap_or(usize::MAX);
            bytes[at..at + encoded.bytes.len()].copy_from_slice(&encoded.bytes);
            if !encoded.blocks.is_empty() {
                image.data(inodes.blocks_offset(*number), &encoded.blocks)?;
            }
            image.advance(inodes.unseen(*number));
        }
        batch.flush()?;
        Ok(image.data(layout.meta_block * BLOCK + start, &bytes)?)
    })
}

impl Inodes<'_> {
    /// Bytes of a content that nobody has told of yet: what stands beside the inode alone.
    fn unseen(&self, number: u32) -> u64 {
        let is_read = self.codec.is_some() && self.sizes.flat_blocks(number) > 0;
        if is_read || self.sizes.is_shared(number) || self.tree.file(self.census.inode(number).node).is_none() {
            return 0;
        }
        match self.stored.files[number as usize - 1].form {
            Form::Chunks { .. } => 0,
            Form::Flat | Form::Clusters { .. } => self.sizes.flat_tail(number),
        }
    }
}

/// From the options, and all names and metadata of the tree; contents are not read.
fn identity_of(tree: &Tree, options: &ErofsOptions) -> [u8; 16] {
    let mut feed = Feed::new("erofs 1");
    feed.bytes(&options.label);
    let (compression, level) = match options.compression {
        ErofsCompression::None => options.chunk_size.map_or((0, 0), |size| (4, size)),
        ErofsCompression::Lz4 => (1, 0),
        ErofsCompression::Lz4Hc { level } => (2, level),
        ErofsCompression::Zstd { level } => (3, level),
    };
    let numbers = [compression, level, options.cluster_size, options.inline_data.into()];
    numbers.into_iter().for_each(|number| feed.number(number.into()));
    feed.tree(tree);
    name_based(&feed.finish()[..16])
}
