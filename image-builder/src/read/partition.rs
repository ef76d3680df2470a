use super::ReadError;
use super::form::Filesystem;
use crate::inspect::{DiskFacts, PartitionEntry, PartitionFacts};

/// Names that people give the partition of the root filesystem.
const NAMES: [&str; 3] = ["root", "rootfs", "kata-containers"];

/// The partition that is the root filesystem, where it begins and how long it is: the one whose type or name says so, or the only one that can be read.
pub(super) fn root_of(disk: &DiskFacts) -> Result<(u32, u64, u64), ReadError> {
    let readable: Vec<&PartitionFacts> = disk.partitions.iter().filter(|one| Filesystem::of(&one.content).is_some()).collect();
    let place = |one: &PartitionFacts| (one.number, one.start, one.length);
    for is_root in [is_typed, is_named] {
        if let Some(one) = readable.iter().find(|one| is_root(one)) {
            return Ok(place(one));
        }
    }
    match readable[..] {
        [] => Err(ReadError::NoRoot),
        [one] => Ok(place(one)),
        _ => {
            let numbers: Vec<String> = readable.iter().map(|one| one.number.to_string()).collect();
            Err(ReadError::SeveralRoots { numbers: numbers.join(", ") })
        }
    }
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
