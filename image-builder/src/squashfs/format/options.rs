//! What follows the superblock when [`super::Flags::COMPRESSOR_OPTIONS`] is set, as one metadata block that is not compressed. The kernel reads those of
//! xz and lz4; squashfs-tools read all.

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// In [`XzOptions::flags`]: some blocks went through the filter for x86 code.
pub(crate) const XZ_X86: u32 = 1;
/// In [`Lz4Options::version`]: blocks have no header.
pub(crate) const LZ4_LEGACY: u32 = 1;
/// In [`Lz4Options::flags`]: made by the slower of the two compressors.
pub(crate) const LZ4_HC: u32 = 1;

/// Of zlib.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct GzipOptions {
    pub(crate) compression_level: U32,
    /// The window's size is two to this power.
    pub(crate) window_size: U16,
    /// 0: the default alone.
    pub(crate) strategies: U16,
}

/// Of xz: `struct disk_comp_opts` of the kernel's `fs/squashfs/xz_wrapper.c`.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct XzOptions {
    /// In bytes: 2ⁿ or 2ⁿ + 2ⁿ⁺¹.
    pub(crate) dictionary_size: U32,
    /// Filters, one bit each.
    pub(crate) flags: U32,
}

/// Of lz4: `struct lz4_comp_opts` of the kernel's `fs/squashfs/lz4_wrapper.c`. Never left out.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct Lz4Options {
    pub(crate) version: U32,
    pub(crate) flags: U32,
}

/// Of zstd.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct ZstdOptions {
    pub(crate) compression_level: U32,
}

const _: () = assert!(size_of::<GzipOptions>() == 8 && size_of::<XzOptions>() == 8);
const _: () = assert!(size_of::<Lz4Options>() == 8 && size_of::<ZstdOptions>() == 4);
