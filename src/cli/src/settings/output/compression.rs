use rootfs_image::{Compression, ErofsCompression, Qcow2Compression, SquashfsCompression};

use crate::output::Format;
use crate::setting_error::SettingError;
use crate::sourced::Sourced;

/// `NAME[:LEVEL]`, as it was said.
#[derive(Debug, Clone)]
pub(super) struct Packing {
    said: Sourced<String>,
    algorithm: Algorithm,
    level: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    None,
    Gzip,
    Xz,
    Zstd,
    Lz4,
    Lz4Hc,
}

/// All names that are known; gzip and zstd go by those of their suffixes too.
const NAMES: [(&str, Algorithm); 8] = [
    ("none", Algorithm::None),
    ("gz", Algorithm::Gzip),
    ("gzip", Algorithm::Gzip),
    ("xz", Algorithm::Xz),
    ("zstd", Algorithm::Zstd),
    ("zst", Algorithm::Zstd),
    ("lz4", Algorithm::Lz4),
    ("lz4hc", Algorithm::Lz4Hc),
];

impl Packing {
    pub(super) fn parse(said: &Sourced<String>) -> Result<Self, SettingError> {
        let (name, level) = said.value.split_once(':').map_or((said.value.as_str(), None), |(name, level)| (name, Some(level)));
        let known = NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, algorithm)| algorithm);
        let algorithm = known.ok_or_else(|| SettingError::invalid(said, format!("`{name}` is none of gz, xz, zstd, lz4, lz4hc, none")))?;
        let level = level.map(|level| level.parse().or(Err(SettingError::invalid(said, format!("`{level}` is no level")))));
        Ok(Self { said: said.clone(), algorithm, level: level.transpose()? })
    }

    /// As it was said, for what is wrong with it.
    pub(super) fn said(&self) -> &Sourced<String> {
        &self.said
    }

    /// The level, which must be one of these.
    fn level(&self, name: &str, usual: u32, (least, most): (u32, u32)) -> Result<u32, SettingError> {
        match self.level {
            None => Ok(usual),
            Some(level) if (least..=most).contains(&level) => Ok(level),
            Some(_) => Err(SettingError::invalid(&self.said, format!("{name} has the levels {least} to {most}"))),
        }
    }

    /// Without a level where there are none.
    fn no_level(&self, name: &str) -> Result<(), SettingError> {
        if self.level.is_some() { Err(SettingError::invalid(&self.said, format!("{name} has no levels"))) } else { Ok(()) }
    }

    /// How the clusters of a qcow2 are compressed.
    pub(super) fn of_qcow2(&self) -> Result<Qcow2Compression, SettingError> {
        match self.algorithm {
            Algorithm::None => {
                self.no_level("none")?;
                Ok(Qcow2Compression::None)
            }
            Algorithm::Zstd => Ok(Qcow2Compression::Zstd { level: self.level("zstd", 3, (1, 22))? }),
            _ => Err(SettingError::invalid(&self.said, "a qcow2 is packed with zstd or none")),
        }
    }

    /// How the blocks of a squashfs are compressed.
    pub(super) fn of_squashfs(&self) -> Result<SquashfsCompression, SettingError> {
        Ok(match self.algorithm {
            Algorithm::None => {
                self.no_level("none")?;
                SquashfsCompression::None
            }
            Algorithm::Gzip => SquashfsCompression::Gzip { level: self.level("gzip", 9, (1, 9))? },
            // The filter is for the tree's architecture, which is known when it is written.
            Algorithm::Xz => SquashfsCompression::Xz { level: self.level("xz", 6, (0, 9))?, dictionary: None, x86: false },
            Algorithm::Zstd => SquashfsCompression::Zstd { level: self.level("zstd", 15, (1, 22))? },
            Algorithm::Lz4 | Algorithm::Lz4Hc => {
                self.no_level("lz4")?;
                SquashfsCompression::Lz4 { hc: self.algorithm == Algorithm::Lz4Hc }
            }
        })
    }

    /// How the files of an erofs are compressed.
    pub(super) fn of_erofs(&self) -> Result<ErofsCompression, SettingError> {
        match self.algorithm {
            Algorithm::None => self.no_level("none").map(|()| ErofsCompression::None),
            Algorithm::Lz4 => self.no_level("lz4").map(|()| ErofsCompression::Lz4),
            Algorithm::Lz4Hc => Ok(ErofsCompression::Lz4Hc { level: self.level("lz4hc", 9, (1, 12))? }),
            Algorithm::Zstd => Ok(ErofsCompression::Zstd { level: self.level("zstd", 9, (1, 22))? }),
            Algorithm::Gzip | Algorithm::Xz => Err(SettingError::invalid(&self.said, "an erofs is packed with lz4, lz4hc, zstd or none")),
        }
    }
}

/// How an archive is packed: as was said, as its name says, or as every kernel unpacks it.
pub(super) fn of_archive(packing: Option<Packing>, named: Option<Compression>, format: Format) -> Result<Compression, SettingError> {
    let Some(packing) = packing else {
        return Ok(named.unwrap_or(if format == Format::Cpio { Compression::GZIP } else { Compression::None }));
    };
    let usual = match packing.algorithm {
        Algorithm::None => Compression::None,
        Algorithm::Gzip => Compression::GZIP,
        Algorithm::Xz => Compression::XZ,
        Algorithm::Zstd => Compression::ZSTD,
        Algorithm::Lz4 | Algorithm::Lz4Hc => {
            let reason = format!("{} is packed with gz, xz, zstd or none", format.described());
            return Err(SettingError::invalid(&packing.said, reason));
        }
    };
    if let Some(named) = named.filter(|named| *named != Compression::None && name_of(*named) != name_of(usual)) {
        return Err(SettingError::invalid(&packing.said, format!("the file's name says {}", name_of(named))));
    }
    let Some(levels) = usual.levels() else {
        packing.no_level("none")?;
        return Ok(usual);
    };
    let level = packing.level.map(|level| packing.level(name_of(usual), level, levels)).transpose()?;
    Ok(level.map_or(usual, |level| usual.at_level(level)))
}

fn name_of(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "none",
        Compression::Gzip { .. } => "gz",
        Compression::Xz { .. } => "xz",
        Compression::Zstd { .. } => "zstd",
    }
}
