use std::collections::BTreeMap;

use super::error::Qcow2Error;
use super::format::{COMPRESSED, OFFSET};
use super::source::{Qcow2Image, read_table};

/// Problems that are told one by one.
const MOST: usize = 100;

/// What came of comparing tables and counts.
#[derive(Debug, Default)]
pub(crate) struct Qcow2Report {
    /// Where in the file, and what is wrong there.
    pub(crate) problems: Vec<(u64, &'static str)>,
    /// How many more there are.
    pub(crate) more: u64,
    /// Clusters of the disk that are in the file, and of these, compressed ones.
    pub(crate) clusters: u64,
    pub(crate) compressed: u64,
    /// Clusters that are counted and belong to nothing.
    pub(crate) leaks: u64,
}

impl Qcow2Report {
    fn add(&mut self, offset: u64, what: &'static str) {
        if self.problems.len() < MOST {
            self.problems.push((offset, what));
        } else {
            self.more += 1;
        }
    }
}

impl Qcow2Image<'_> {
    /// Looks at all tables: whether what they lead to is in the file, belongs to one only, and is counted as often as it is used. A disk with snapshots has
    /// tables that are not looked at; only what isn't counted is then wrong.
    ///
    /// # Errors
    /// When a table can't be read.
    pub(crate) fn verify(&self) -> Result<Qcow2Report, Qcow2Error> {
        let mut check = Check { image: self, report: Qcow2Report::default(), used: BTreeMap::new() };
        check.run()?;
        Ok(check.report)
    }
}

struct Check<'a, 'b> {
    image: &'a Qcow2Image<'b>,
    report: Qcow2Report,
    /// How often each cluster of the file is used.
    used: BTreeMap<u64, u64>,
}

impl Check<'_, '_> {
    fn run(&mut self) -> Result<(), Qcow2Error> {
        let (image, cluster) = (self.image, self.image.facts().cluster);
        let header = &image.header;
        self.take(0, 1);
        self.take(header.l1_table_offset.get(), image.first.len() as u64 * 8);
        let counts = u64::from(header.refcount_table_clusters.get()) * cluster;
        self.take(header.refcount_table_offset.get(), counts);
        for entry in &image.first {
            let offset = entry & OFFSET;
            if offset == 0 {
                continue;
            }
            // A table is read once; one that is used twice is wrong anyway.
            if !offset.is_multiple_of(cluster) || self.used.contains_key(&(offset / cluster)) {
                self.report.add(offset, "a second table is where something else is");
                continue;
            }
            self.take(offset, cluster);
            for entry in image.second(offset)? {
                self.cluster(entry);
            }
        }
        self.counts(counts.min(image.source.length()) / 8)
    }

    fn cluster(&mut self, entry: u64) {
        let (cluster, length) = (self.image.facts().cluster, self.image.source.length());
        if entry & COMPRESSED != 0 {
            let (offset, most) = self.image.compressed(entry);
            self.report.clusters += 1;
            self.report.compressed += 1;
            if offset >= length {
                self.report.add(offset, "a compressed cluster is behind the end of the file");
            } else {
                let start = offset / 512 * 512;
                self.take(start, most + (offset - start));
            }
        } else if entry & OFFSET != 0 {
            let offset = entry & OFFSET;
            self.report.clusters += 1;
            if !offset.is_multiple_of(cluster) || offset >= length {
                self.report.add(offset, "a cluster is where none can be");
            } else {
                self.take(offset, cluster);
            }
        }
    }

    fn take(&mut self, offset: u64, length: u64) {
        let cluster = self.image.facts().cluster;
        let end = offset.saturating_add(length).min(self.image.source.length().next_multiple_of(cluster));
        for number in offset / cluster..end.div_ceil(cluster) {
            *self.used.entry(number).or_default() += 1;
        }
    }

    /// Compares what is counted with what is used.
    fn counts(&mut self, entries: u64) -> Result<(), Qcow2Error> {
        let (image, cluster) = (self.image, self.image.facts().cluster);
        let table = read_table(image.source, "table of counts", image.header.refcount_table_offset.get(), entries)?;
        let bits = 1_u64 << image.header.refcount_order.get();
        let per_block = cluster * 8 / bits;
        let mut blocks = BTreeMap::new();
        for (index, offset) in (0_u64..).zip(table).map(|(index, entry)| (index, entry & OFFSET)).filter(|(_, offset)| *offset != 0) {
            if self.used.contains_key(&(offset / cluster)) || !offset.is_multiple_of(cluster) || offset >= image.source.length() {
                self.report.add(offset, "a block of counts is where something else is");
                continue;
            }
            self.take(offset, cluster);
            blocks.insert(index, offset);
        }
        let has_snapshots = image.facts().snapshots > 0;
        for (index, offset) in blocks {
            let mut block = vec![0; usize::try_from(cluster.min(image.source.length() - offset)).unwrap_or(0)];
            image.source.read_exact_at(offset, &mut block)?;
            for slot in 0..per_block {
                let number = index * per_block + slot;
                let (said, used) = (count_at(&block, slot, bits), self.used.remove(&number).unwrap_or(0));
                if said < used {
                    self.report.add(number * cluster, "a cluster is used more often than it is counted");
                } else if said > used && !has_snapshots {
                    self.report.leaks += 1;
                }
            }
        }
        let uncounted: Vec<u64> = self.used.keys().copied().collect();
        uncounted.into_iter().for_each(|number| self.report.add(number.saturating_mul(cluster), "a cluster in use is not counted"));
        Ok(())
    }
}

/// A count of so many bits: whole bytes, high ones first, or bits, low ones first.
fn count_at(block: &[u8], slot: u64, bits: u64) -> u64 {
    let Ok(at) = usize::try_from(slot * bits / 8) else { return 0 };
    if bits < 8 {
        let byte = block.get(at).copied().unwrap_or(0);
        return u64::from(byte) >> (slot * bits % 8) & ((1 << bits) - 1);
    }
    let length = usize::try_from(bits / 8).unwrap_or(0);
    block.get(at..at + length).unwrap_or_default().iter().fold(0, |count, byte| count << 8 | u64::from(*byte))
}
