use super::error::FatError;
use crate::ext4::Size;

pub(super) const SECTOR: u64 = 512;
pub(super) const ENTRY: u64 = 32;
/// Clusters that decide between the kinds: FAT16 has from 4085 on, FAT32 from 65525 on. Some count differently, so none is near either.
const LEAST_16: u64 = 4085 + 16;
const MOST_16: u64 = 65524 - 16;
const LEAST_32: u64 = 65525 + 16;
const MOST_32: u64 = 0x0FFF_FFF5 - 16;
/// Sectors in a cluster of FAT32, and the bytes of the largest filesystem that has them.
const CLUSTERS: [(u64, u64); 5] = [(1, 260 << 20), (8, 8 << 30), (16, 16 << 30), (32, 32 << 30), (64, u64::MAX)];

/// FAT16 or FAT32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// With entries in a root directory of its own.
    Fat16 {
        root_entries: u64,
    },
    Fat32,
}

/// Where the parts of a filesystem are, in sectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    pub(super) kind: Kind,
    pub(super) sectors_per_cluster: u64,
    /// Sectors of one of the two tables.
    pub(super) table: u64,
    pub(super) clusters: u64,
    pub(super) sectors: u64,
}

/// Clusters that files and directories take, by sectors in one, and whether those of the root directory are among them.
pub(super) type Demand<'a> = &'a dyn Fn(u64, bool) -> u64;

impl Geometry {
    /// The one of a size; `root_entries` are those in the root directory.
    pub(super) fn find(size: Size, root_entries: u64, demand: Demand<'_>) -> Result<Self, FatError> {
        match size {
            Size::Minimal => Self::smallest(0, demand),
            Size::Free(bytes) => Self::smallest(bytes, demand),
            Size::Fixed(bytes) => Self::fixed(bytes, root_entries, demand),
        }
    }

    /// FAT32 with so many bytes free.
    fn smallest(free: u64, demand: Demand<'_>) -> Result<Self, FatError> {
        CLUSTERS
            .into_iter()
            .find_map(|(per_cluster, limit)| {
                let clusters = demand(per_cluster, true).saturating_add(free.div_ceil(per_cluster * SECTOR)).max(LEAST_32);
                Some(Self::with_clusters(Kind::Fat32, per_cluster, clusters)?).filter(|found| found.sectors * SECTOR <= limit)
            })
            .ok_or(FatError::TooLarge { limit: u64::from(u32::MAX) * SECTOR })
    }

    fn fixed(bytes: u64, root_entries: u64, demand: Demand<'_>) -> Result<Self, FatError> {
        let sectors = bytes / SECTOR;
        if sectors > u64::from(u32::MAX) {
            return Err(FatError::TooLarge { limit: u64::from(u32::MAX) * SECTOR });
        }
        let small = Kind::Fat16 { root_entries: root_entries.max(512).next_multiple_of(SECTOR / ENTRY) };
        let large = CLUSTERS.into_iter().find(|(_, limit)| bytes <= *limit).map(|(per_cluster, _)| (Kind::Fat32, per_cluster));
        // A cluster more for the few sizes that are too large for FAT16 and too small for FAT32.
        let found = large
            .into_iter()
            .chain([(small, 1), (small, 2)])
            .find_map(|(kind, per_cluster)| Self::with_sectors(kind, per_cluster, sectors));
        let fits = |found: &Self| demand(found.sectors_per_cluster, found.kind == Kind::Fat32) <= found.clusters;
        found.filter(fits).map_or_else(
            || {
                let least = Self::with_clusters(small, 1, demand(1, false).max(LEAST_16)).map_or_else(|| Self::smallest(0, demand), Ok)?;
                Err(FatError::TooSmall { size: bytes, needed: least.sectors * SECTOR })
            },
            Ok,
        )
    }

    /// With so many clusters, exactly.
    fn with_clusters(kind: Kind, sectors_per_cluster: u64, clusters: u64) -> Option<Self> {
        if !kind.range().contains(&clusters) {
            return None;
        }
        let table = kind.table(clusters);
        let sectors = kind.front() + 2 * table + clusters * sectors_per_cluster;
        (sectors <= u64::from(u32::MAX)).then_some(Self { kind, sectors_per_cluster, table, clusters, sectors })
    }

    /// In so many sectors: the smallest table that has a number for every cluster behind it.
    fn with_sectors(kind: Kind, sectors_per_cluster: u64, sectors: u64) -> Option<Self> {
        let rest = sectors.checked_sub(kind.front())?;
        let clusters = |table: u64| rest.saturating_sub(2 * table) / sectors_per_cluster;
        let (mut too_small, mut enough) = (0, kind.table(rest / sectors_per_cluster));
        while enough - too_small > 1 {
            let middle = too_small + (enough - too_small) / 2;
            if kind.table(clusters(middle)) <= middle { enough = middle } else { too_small = middle }
        }
        let clusters = clusters(enough);
        kind.range().contains(&clusters).then_some(Self { kind, sectors_per_cluster, table: enough, clusters, sectors })
    }

    /// The sector where the root directory of FAT16 is, and clusters of FAT32 begin.
    pub(super) fn behind_tables(&self) -> u64 {
        self.kind.reserved() + 2 * self.table
    }

    /// The byte where a cluster begins; the first one has number 2.
    pub(super) fn offset(&self, cluster: u64) -> u64 {
        (self.kind.front() + 2 * self.table + (cluster - 2) * self.sectors_per_cluster) * SECTOR
    }
}

impl Kind {
    /// Sectors in front of the tables.
    pub(super) fn reserved(self) -> u64 {
        if self == Self::Fat32 { 32 } else { 1 }
    }

    /// Bytes of a cluster's number.
    pub(super) fn width(self) -> u64 {
        if self == Self::Fat32 { 4 } else { 2 }
    }

    /// All sectors that are neither tables nor clusters.
    fn front(self) -> u64 {
        let root = if let Self::Fat16 { root_entries } = self { root_entries * ENTRY / SECTOR } else { 0 };
        self.reserved() + root
    }

    fn table(self, clusters: u64) -> u64 {
        ((clusters + 2) * self.width()).div_ceil(SECTOR)
    }

    fn range(self) -> std::ops::RangeInclusive<u64> {
        if self == Self::Fat32 { LEAST_32..=MOST_32 } else { LEAST_16..=MOST_16 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_has_a_kind() {
        let least = Geometry::fixed(0, 1, &|_, _| 1).unwrap_err();
        let FatError::TooSmall { needed, .. } = least else { panic!("{least}") };
        let mut kinds = Vec::new();
        for sectors in needed / SECTOR..80_000 {
            let found = Geometry::fixed(sectors * SECTOR, 1, &|_, _| 1).unwrap();
            // What a driver computes from the parameters.
            let counted = (found.sectors - found.kind.front() - 2 * found.table) / found.sectors_per_cluster;
            assert_eq!(counted, found.clusters, "{sectors}");
            assert!((counted + 2) * found.kind.width() <= found.table * SECTOR, "{sectors}");
            kinds.push((found.kind, found.sectors_per_cluster));
        }
        kinds.dedup();
        let small = Kind::Fat16 { root_entries: 512 };
        assert_eq!(kinds, [(small, 1), (small, 2), (Kind::Fat32, 1)]);
        assert!(Geometry::fixed(needed - 1, 1, &|_, _| 1).is_err());
    }

    #[test]
    fn what_is_needed_is_enough() {
        for clusters in [1, 5000, 65_000, 65_508, 65_509, 70_000, 600_000, 3_000_000] {
            let demand = |per_cluster: u64, _: bool| clusters_of(clusters, per_cluster);
            let error = Geometry::fixed(0, 1, &demand).unwrap_err();
            let FatError::TooSmall { needed, .. } = error else { panic!("{error}") };
            Geometry::fixed(needed, 1, &demand).unwrap_or_else(|error| panic!("{clusters}: {error}"));
        }
    }

    fn clusters_of(sectors: u64, per_cluster: u64) -> u64 {
        sectors.div_ceil(per_cluster)
    }
}
