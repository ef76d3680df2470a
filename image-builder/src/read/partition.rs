use super::ReadError;
use super::form::Filesystem;
use crate::inspect::{DiskFacts, PartitionEntry, PartitionFacts};

/// Names that people give the partition of the root filesystem.
const NAMES: [&str; 3] = ["root", "rootfs", "kata-containers"];

/// A partition, where it begins and how long it is: the one that was asked for; else the one whose type or name says that it is the root filesystem, or the only
/// one that can be read.
pub(super) fn choose(disk: &DiskFacts, wanted: Option<u32>) -> Result<(u32, u64, u64), ReadError> {
    let place = |one: &PartitionFacts| (one.number, one.start, one.length);
    let is_readable = |one: &PartitionFacts| Filesystem::of(&one.content).is_some();
    if let Some(number) = wanted {
        return match disk.partitions.iter().find(|one| one.number == number) {
            None => Err(ReadError::NoPartition { number, partitions: told(disk.partitions.iter()) }),
            Some(one) if !is_readable(one) => Err(ReadError::NoFilesystem { number, found: one.content.name() }),
            Some(one) => Ok(place(one)),
        };
    }
    let readable: Vec<&PartitionFacts> = disk.partitions.iter().filter(|one| is_readable(one)).collect();
    for is_root in [is_typed, is_named] {
        if let Some(one) = readable.iter().find(|one| is_root(one)) {
            return Ok(place(one));
        }
    }
    match readable[..] {
        [] => Err(ReadError::NoRoot),
        [one] => Ok(place(one)),
        _ => Err(ReadError::SeveralRoots { partitions: told(readable.into_iter()) }),
    }
}

/// `1 (ext4), 2 (squashfs)`
fn told<'a>(partitions: impl Iterator<Item = &'a PartitionFacts>) -> String {
    let told: Vec<String> = partitions.map(|one| format!("{} ({})", one.number, one.content.name())).collect();
    if told.is_empty() { "none".to_owned() } else { told.join(", ") }
}

/// Whether a type of the Discoverable Partitions Specification says so.
fn is_typed(partition: &PartitionFacts) -> bool {
    partition.kind_name().is_some_and(|name| (name == "root" || name.starts_with("root-")) && !name.contains("verity"))
}

fn is_named(partition: &PartitionFacts) -> bool {
    match &partition.entry {
        PartitionEntry::Gpt(entry) => NAMES.contains(&entry.name.to_lowercase().as_str()),
        PartitionEntry::Mbr(_) => false,
    }
}
