use super::error::DiskError;
use super::options::{DiskOptions, RootFilesystem, Table};

const DAX: &str = "a DAX header";

/// Refuses what can't be together.
pub(super) fn check(options: &DiskOptions) -> Result<(), DiskError> {
    let bare = options.table == Table::None;
    let rules = [
        (
            options.dax && options.table == Table::Gpt,
            [DAX, "a GPT", "the second table of a GPT would be at the end for one of the two views only, so use an MBR"],
        ),
        (
            options.dax && matches!(options.root, RootFilesystem::Squashfs(_)),
            [DAX, "squashfs", "what is compressed can't be mapped: use ext4 or erofs"],
        ),
        (options.dax && bare, [DAX, "a disk without a table", "its guests look for a partition"]),
        (options.dax && options.esp.is_some(), [DAX, "an EFI system partition", "a guest that maps its disk has its kernel from outside"]),
        (options.dax && options.bios.is_some(), [DAX, "a boot loader", "a guest that maps its disk has its kernel from outside"]),
        (options.verity.is_some() && bare, ["dm-verity", "a disk without a table", "the hashes need a partition"]),
        (options.esp.is_some() && bare, ["an EFI system partition", "a disk without a table", "it is a partition"]),
        (options.bios.is_some() && bare, ["a boot loader", "a disk without a table", "a filesystem has no room for it"]),
    ];
    match rules.into_iter().find(|(applies, _)| *applies) {
        Some((_, [one, other, why])) => Err(DiskError::Exclusive { one, other, why }),
        None => Ok(()),
    }
}
