//! What lies beside an image: `guest.img.json` says what it holds and how it boots.

use std::path::{Path, PathBuf};

use rootfs_image::{Disk, DiskOptions, Partition, RootHash};
use rootfs_package::lock::LockedPackage;
use serde::{Deserialize, Serialize};

use crate::command_line;
use crate::failure::Failure;
use crate::record::Record;

/// What is known of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImageRecord {
    /// The distribution's name; none for a tree of unknown origin.
    pub(crate) distribution: Option<String>,
    /// The release's own name.
    pub(crate) release: Option<String>,
    /// As `uname -m` says it.
    pub(crate) architecture: Option<String>,
    /// The tree's digest.
    pub(crate) digest: String,
    /// The lock's digest.
    pub(crate) lock: Option<String>,
    /// Bytes of the image.
    pub(crate) size: u64,
    /// Whether guests may map it as NVDIMM.
    #[serde(default)]
    pub(crate) dax: bool,
    /// Where things are in it; none where there is no table.
    #[serde(default)]
    pub(crate) partitions: Vec<PartitionRecord>,
    /// What speaks for every byte of the root filesystem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verity: Option<VerityRecord>,
    /// The packages with the kernel that fits.
    #[serde(default)]
    pub(crate) kernel: Vec<KernelRecord>,
    /// The command line that fits it.
    pub(crate) command_line: String,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartitionRecord {
    pub(crate) number: u32,
    /// `root`, `root-verity`, `esp`, `bios-boot`.
    pub(crate) name: String,
    /// What the table says it is for.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Its first byte in the image.
    pub(crate) start: u64,
    pub(crate) size: u64,
    pub(crate) partuuid: String,
}

/// What dm-verity needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VerityRecord {
    /// Hexadecimal digits, as the salt's.
    pub(crate) root_hash: String,
    pub(crate) salt: String,
    pub(crate) data_blocks: u64,
    pub(crate) data_block_size: u32,
    pub(crate) hash_block_size: u32,
    /// All of it in one line, as Kata's `kernel_verity_params` takes it.
    pub(crate) parameters: String,
}

/// A kernel's package: enough to fetch it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KernelRecord {
    pub(crate) package: String,
    pub(crate) version: String,
    pub(crate) architecture: String,
    /// The repository's name in the distribution's plan.
    pub(crate) repository: String,
    /// Below the repository.
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) sha256: String,
}

impl From<&Partition> for PartitionRecord {
    fn from(partition: &Partition) -> Self {
        Self {
            number: partition.number,
            name: partition.role.name().to_owned(),
            kind: partition.kind.to_string(),
            start: partition.start,
            size: partition.length,
            partuuid: partition.partuuid.clone(),
        }
    }
}

impl From<&RootHash> for VerityRecord {
    fn from(hash: &RootHash) -> Self {
        Self {
            root_hash: hash.hex(),
            salt: hash.salt.iter().map(|byte| format!("{byte:02x}")).collect(),
            data_blocks: hash.data_blocks,
            data_block_size: hash.data_block_size,
            hash_block_size: hash.hash_block_size,
            parameters: hash.to_string(),
        }
    }
}

impl From<&LockedPackage> for KernelRecord {
    fn from(package: &LockedPackage) -> Self {
        Self {
            package: package.name.clone(),
            version: package.version.clone(),
            architecture: package.architecture.clone(),
            repository: package.repository.clone(),
            path: package.path.clone(),
            size: package.size,
            sha256: package.sha256.to_string(),
        }
    }
}

impl KernelRecord {
    /// As the store and the fetcher want it.
    ///
    /// # Errors
    /// When the hash is none.
    pub(crate) fn locked(&self) -> Result<LockedPackage, Failure> {
        Ok(LockedPackage {
            name: self.package.clone(),
            version: self.version.clone(),
            architecture: self.architecture.clone(),
            repository: self.repository.clone(),
            path: self.path.clone(),
            size: self.size,
            sha256: self.sha256.parse().map_err(|error: rootfs_tree::TreeError| Failure::of(&error))?,
            automatic: false,
            essential: false,
            build: None,
        })
    }
}

impl ImageRecord {
    /// Reads what lies beside an image; none when nothing does.
    ///
    /// # Errors
    /// When it is not as [`ImageRecord::write`] wrote it.
    pub(crate) fn read(image: &Path) -> Result<Option<Self>, Failure> {
        let path = image_record_path(image);
        let text = match fs_err::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::of(&error)),
        };
        serde_json::from_slice(&text).map(Some).map_err(|error| Failure::new(format!("can't read `{}`", path.display())).because(&error))
    }

    /// What a build or a directory's record tells of its image.
    ///
    /// # Errors
    /// When the tree has contents without hashes.
    pub(crate) fn of(record: &Record<'_>, options: &DiskOptions, disk: &Disk) -> Result<Self, Failure> {
        let lock = record.lock;
        Ok(Self {
            distribution: lock.map(|lock| lock.distribution.clone()),
            release: lock.map(|lock| lock.release.clone()),
            architecture: lock.map(|lock| lock.architecture.clone()),
            digest: record.tree.digest().map_err(|error| Failure::of(&error))?.to_string(),
            lock: lock.map(|lock| lock.digest().to_string()),
            size: disk.size,
            dax: options.dax,
            partitions: disk.partitions.iter().map(PartitionRecord::from).collect(),
            verity: disk.verity.as_ref().map(VerityRecord::from),
            kernel: lock.map(|lock| lock.kernel.iter().map(KernelRecord::from).collect()).unwrap_or_default(),
            command_line: command_line::of(options, disk),
        })
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        let mut text = serde_json::to_string_pretty(self).map_err(|error| Failure::of(&error))?;
        text.push('\n');
        fs_err::write(path, text).map_err(|error| Failure::of(&error))
    }
}

/// `guest.img` has `guest.img.root_hash.txt` where it has hashes.
#[must_use]
pub(crate) fn root_hash_path(image: &Path) -> PathBuf {
    beside(image, ".root_hash.txt")
}

/// `guest.img` has `guest.img.json`.
#[must_use]
pub(crate) fn image_record_path(image: &Path) -> PathBuf {
    beside(image, ".json")
}

fn beside(image: &Path, suffix: &str) -> PathBuf {
    let mut name = image.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    image.with_file_name(name)
}
