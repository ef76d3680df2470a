use super::ErofsError;
use super::format::CLUSTER_MAX;

/// How an erofs is written. The default is what Kata's builder makes: compressed by the slower of lz4's two compressors, as small as it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErofsOptions {
    /// What contents are compressed with. Directories, links and attributes never are.
    pub compression: ErofsCompression,
    /// Most bytes of a compressed cluster: a power of two from 4 KiB, the default, to 1 MiB. Larger ones compress better, and more has to be unpacked where
    /// little of a file is read; they need Linux 5.13.
    pub cluster_size: u32,
    /// With a size, contents that are not compressed are cut into chunks of so many bytes, a power of two from 4 KiB to 1 MiB: those that are the same are
    /// stored once, and zeros nowhere, where that makes the image smaller. They need Linux 5.15, and 6.5 or 6.1.40 to be mapped with DAX. All files are read
    /// twice then. None is the default.
    pub chunk_size: Option<u32>,
    /// Whether the end of a file that fits beside its inode stands there: smaller, but a guest can't map such a file with DAX. Yes is the default.
    pub inline_data: bool,
    /// The volume's name, at most 16 bytes and none of them NUL.
    pub label: Vec<u8>,
    /// The filesystem's identity; without it, one derived from the tree's metadata and these options.
    pub uuid: Option<[u8; 16]>,
}

impl Default for ErofsOptions {
    fn default() -> Self {
        Self {
            compression: ErofsCompression::lz4hc(),
            cluster_size: 4096,
            chunk_size: None,
            inline_data: true,
            label: Vec::new(),
            uuid: None,
        }
    }
}

/// A compressor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErofsCompression {
    /// Nothing is compressed. The image's size is known before it is written.
    None,
    /// The fast one; Linux 5.4 and later read it.
    Lz4,
    /// As fast to read, smaller, slower to write.
    Lz4Hc {
        /// 1 to 12.
        level: u32,
    },
    /// Smaller still; Linux 6.10 and later.
    Zstd {
        /// 1 to 22.
        level: u32,
    },
}

impl ErofsCompression {
    /// Level 9, as mkfs.erofs has it when nothing is said.
    #[must_use]
    pub fn lz4hc() -> Self {
        Self::Lz4Hc { level: 9 }
    }

    /// Level 9. Clusters are short: more takes long, and little is gained.
    #[must_use]
    pub fn zstd() -> Self {
        Self::Zstd { level: 9 }
    }

    /// As mkfs.erofs calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Lz4Hc { .. } => "lz4hc",
            Self::Zstd { .. } => "zstd",
        }
    }
}

impl ErofsOptions {
    /// Refuses what no image can have.
    pub(super) fn check(&self) -> Result<(), ErofsError> {
        let is_possible = |size: u32| size.is_power_of_two() && (4096..=CLUSTER_MAX).contains(&size);
        if !is_possible(self.cluster_size) {
            return Err(ErofsError::ClusterSize { size: self.cluster_size });
        }
        match self.chunk_size {
            Some(size) if !is_possible(size) => return Err(ErofsError::ChunkSize { size }),
            Some(_) if self.compression != ErofsCompression::None => {
                return Err(ErofsError::CompressedChunks { compressor: self.compression.name() });
            }
            _ => {}
        }
        if self.label.len() > 16 || self.label.contains(&0) {
            return Err(ErofsError::Label { label: self.label.escape_ascii().to_string() });
        }
        let (level, most) = match self.compression {
            ErofsCompression::None | ErofsCompression::Lz4 => return Ok(()),
            ErofsCompression::Lz4Hc { level } => (level, 12),
            ErofsCompression::Zstd { level } => (level, 22),
        };
        if (1..=most).contains(&level) {
            return Ok(());
        }
        Err(ErofsError::Level { compressor: self.compression.name(), level, least: 1, most })
    }

    /// Most blocks of a compressed cluster.
    pub(super) fn cluster_blocks(&self) -> u16 {
        // At most 256.
        u16::try_from(self.cluster_size / 4096).unwrap_or(1)
    }
}
