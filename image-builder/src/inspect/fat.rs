use zerocopy::FromBytes;

use super::problem::{Findings, Flaw};
use super::{InspectError, read};
use crate::fat::format::{BOOT_SIGNATURE, Parameters, Parameters32, Volume};
use crate::source::ImageSource;

/// Clusters from which on it is FAT16, and FAT32.
const LEAST_16: u64 = 4085;
const LEAST_32: u64 = 65525;
/// What `boot_sig` is where a volume has a label and a number.
const EXTENDED_BOOT_SIGNATURE: u8 = 0x29;

/// Which of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names")]
pub enum FatKind {
    Fat12,
    Fat16,
    Fat32,
}

impl FatKind {
    /// `FAT32`, say.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fat12 => "FAT12",
            Self::Fat16 => "FAT16",
            Self::Fat32 => "FAT32",
        }
    }
}

/// What the parameters in the first sector say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FatFacts {
    /// By the number of clusters.
    pub kind: FatKind,
    /// Bytes.
    pub sector: u32,
    /// Bytes.
    pub cluster: u32,
    /// Clusters for files and directories.
    pub clusters: u64,
    /// Bytes of the filesystem.
    pub size: u64,
    /// Empty for none.
    pub label: String,
    /// What the filesystem is known by, where it has a number.
    pub volume_id: Option<u32>,
    /// Of each table, in bytes.
    table: u64,
    tables: u8,
    /// Where the first begins.
    tables_offset: u64,
    media: u8,
    /// FAT32: the sectors of what is known of free clusters and of the other boot sector.
    others: Option<(u16, u16)>,
}

impl FatFacts {
    pub(super) fn read(source: &dyn ImageSource) -> Result<Option<Self>, InspectError> {
        let Some(record) = read::bytes::<512>(source, 0)? else { return Ok(None) };
        Ok(Self::parse(&record))
    }

    /// Nothing for what can't be one: a boot sector ends as an MBR does.
    fn parse(record: &[u8; 512]) -> Option<Self> {
        let (parameters, rest) = Parameters::read_from_prefix(record).ok()?;
        let (sector, per_cluster) = (u64::from(parameters.byts_per_sec.get()), u64::from(parameters.sec_per_clus));
        let is_one = record[510..] == BOOT_SIGNATURE
            && matches!(parameters.jmp_boot, [0xEB, _, 0x90] | [0xE9, ..])
            && sector.is_power_of_two()
            && (512..=4096).contains(&sector)
            && per_cluster.is_power_of_two()
            && parameters.rsvd_sec_cnt.get() > 0
            && (1..=2).contains(&parameters.num_fats)
            && matches!(parameters.media, 0xF0 | 0xF8..);
        if !is_one {
            return None;
        }
        let is_32 = parameters.fat_sz_16.get() == 0;
        let (own, volume) = if is_32 {
            let (own, rest) = Parameters32::read_from_prefix(rest).ok()?;
            (Some(own), rest)
        } else {
            (None, rest)
        };
        let (volume, _) = Volume::read_from_prefix(volume).ok()?;
        let either = |short: u16, long: u32| if short == 0 { u64::from(long) } else { u64::from(short) };
        let sectors = either(parameters.tot_sec_16.get(), parameters.tot_sec_32.get());
        let table = either(parameters.fat_sz_16.get(), own.as_ref().map_or(0, |own| own.fat_sz_32.get()));
        let root = (u64::from(parameters.root_ent_cnt.get()) * 32).div_ceil(sector);
        let front = u64::from(parameters.rsvd_sec_cnt.get()) + u64::from(parameters.num_fats) * table + root;
        let clusters = sectors.checked_sub(front).filter(|_| table > 0)? / per_cluster;
        let kind = match clusters {
            _ if is_32 => FatKind::Fat32,
            ..LEAST_16 => FatKind::Fat12,
            _ => FatKind::Fat16,
        };
        let is_labelled = volume.boot_sig == EXTENDED_BOOT_SIGNATURE;
        let label = Some(read::text(&volume.vol_lab)).filter(|label| is_labelled && label != "NO NAME");
        Some(Self {
            kind,
            sector: u32::try_from(sector).ok()?,
            cluster: u32::try_from(sector * per_cluster).ok()?,
            clusters,
            size: sectors * sector,
            label: label.unwrap_or_default(),
            volume_id: is_labelled.then(|| volume.vol_id.get()),
            table: table * sector,
            tables: parameters.num_fats,
            tables_offset: u64::from(parameters.rsvd_sec_cnt.get()) * sector,
            media: parameters.media,
            others: own.map(|own| (own.fs_info.get(), own.bk_boot_sec.get())),
        })
    }
}

/// The parameters, both tables and what FAT32 has twice.
pub(super) fn check(source: &dyn ImageSource, facts: &FatFacts, findings: &mut Findings) -> Result<(), InspectError> {
    findings.checked("parameters");
    if facts.size > source.length() {
        findings.add(0, Flaw::Cut { length: source.length(), needed: facts.size });
        return Ok(());
    }
    let (bits, most) = match facts.kind {
        FatKind::Fat12 => (12, LEAST_16),
        FatKind::Fat16 => (16, LEAST_32),
        FatKind::Fat32 => (32, 0x0FFF_FFF7),
    };
    if facts.clusters == 0 || facts.clusters >= most {
        findings.add(0, Flaw::Field { what: "number of clusters", value: facts.clusters });
    }
    if facts.table * 8 < (facts.clusters + 2) * bits {
        findings.add(0, Flaw::Field { what: "length of a table", value: facts.table });
    }
    if read::bytes::<1>(source, facts.tables_offset)? != Some([facts.media]) {
        findings.add(facts.tables_offset, Flaw::Form { what: "the first entry of the table is not the kind of the disk" });
    }
    for table in 1..u64::from(facts.tables) {
        let at = facts.tables_offset + table * facts.table;
        if let Some(at) = read::first_difference(source, facts.tables_offset, at, facts.table)? {
            findings.add(at, Flaw::Form { what: "the two tables of clusters differ" });
        }
    }
    findings.checked("tables of clusters");
    if let Some((info, backup)) = facts.others {
        let sector = u64::from(facts.sector);
        let at = u64::from(info) * sector;
        let info = read::bytes::<512>(source, at)?.filter(|info| info[..4] == *b"RRaA" && info[484..488] == *b"rrAa");
        if info.is_none() {
            findings.add(at, Flaw::Form { what: "the sector that counts free clusters is none" });
        }
        if !matches!(backup, 0 | 0xFFFF)
            && let Some(at) = read::first_difference(source, 0, u64::from(backup) * sector, 512)?
        {
            findings.add(at, Flaw::Form { what: "the second boot sector is not like the first" });
        }
    }
    findings.left_out("files and directories: of FAT only parameters and tables are compared");
    Ok(())
}
