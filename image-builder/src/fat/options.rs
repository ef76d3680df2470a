use rootfs_tree::Tree;

use crate::ext4::Size;

/// What an EFI system partition should be like.
#[derive(Debug, Clone, Default)]
pub struct EspOptions {
    /// What is on it: directories and files. FAT keeps names and times, and nothing of owners and modes.
    pub tree: Tree,
    /// How large. Not less than FAT32 can be, 33 MiB, most of which the image's file doesn't store; a fixed size below that makes it FAT16.
    pub size: Size,
    /// The volume's name, at most 11 bytes; without it, `ESP`.
    pub label: Option<String>,
    /// The volume's identity; without it, one derived from names, lengths and times.
    pub volume_id: Option<u32>,
}
