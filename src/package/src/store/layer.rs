use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use fs_err as fs;
use rayon::prelude::*;
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::blob::sharded;
use super::temporary::read_if_there;
use super::{Store, StoreError};
use crate::apk::{ApkContent, ApkError, ApkFault, ApkLayer, Trust, read_apk};
use crate::deb::{DebContent, DebError, DebFault, DebLayer, read_deb};
use crate::payload::StreamFault;
use crate::portage::binary::{self, BinaryContent, BinaryError, BinaryFault, BinaryLayer, read_binary};
use crate::rpm::package;
use crate::rpm::package::{RpmContent, RpmError, RpmFault, RpmHeader, RpmLayer, read_rpm, read_rpm_header};

const BUFFER: usize = 256 << 10;

/// What an index says of its layer's file, for the file to be believed without being read.
const IDENTITY: usize = 16 + 6 * 8;

/// What a format's packages hold besides the bytes of their payload.
pub(crate) trait Unpacked: Sized {
    /// As bytes, which begin with what tells the format.
    fn encode(&self) -> Vec<u8>;

    /// What [`Unpacked::encode`] wrote; none for anything else.
    fn decode(bytes: &[u8]) -> Option<Self>;

    /// Every regular file.
    fn files(&self) -> Vec<LayerFile>;
}

/// A regular file of a layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LayerFile {
    /// Where its content begins in the layer.
    pub(crate) offset: u64,
    /// In bytes.
    pub(crate) length: u64,
    /// Of its content.
    pub(crate) sha256: Digest,
}

/// A sound layer of whichever format.
#[derive(Debug)]
pub(super) struct LayerFiles {
    pub(super) data: PathBuf,
    pub(super) files: Vec<LayerFile>,
}

impl Store {
    /// A Debian package of the store with its payload unpacked: at once when it has been before, else from the blob. Safe and meant to be called for many
    /// packages in parallel.
    ///
    /// # Errors
    /// When the package is missing, damaged (it is removed then) or unsound, or the store can't be written.
    pub fn deb(&self, sha256: &Digest) -> Result<DebLayer, DebError> {
        let data = self.layer_path(sha256, ".data.tar");
        if let Some(DebContent { control, entries }) = self.kept_layer(sha256) {
            return Ok(DebLayer { control, data, entries });
        }
        let content = self.unpack(sha256, read_deb, |fault, package| match fault {
            DebFault::Write(source) => StoreError::writing(&data, 0, source).into(),
            source => DebError::Unsound { package, source },
        })?;
        Ok(DebLayer { control: content.control, data, entries: content.entries })
    }

    /// An Alpine package of the store with its payload unpacked, as [`Store::deb`]. One that was unpacked before is believed by its hash, and `trust`
    /// is asked of an identity only.
    ///
    /// # Errors
    /// When the package is missing, damaged (it is removed then), unsound or another one than is meant, or the store can't be written.
    pub fn apk(&self, sha256: &Digest, trust: Trust<'_>) -> Result<ApkLayer, ApkError> {
        let data = self.layer_path(sha256, ".data.tar");
        let is_meant = |content: &ApkContent| match trust {
            Trust::Identity(identity) => identity == content.identity,
            Trust::Pinned => true,
            // Who has signed it is not kept.
            Trust::Signature(_) => false,
        };
        if let Some(content) = self.kept_layer(sha256).filter(is_meant) {
            return Ok(ApkLayer { content, data });
        }
        let content = self.unpack(
            sha256,
            |input, size, layer| read_apk(input, size, trust, layer),
            |fault, package| match fault {
                ApkFault::Stream(StreamFault::Write(source)) => StoreError::writing(&data, 0, source).into(),
                source => ApkError::Unsound { package, source },
            },
        )?;
        Ok(ApkLayer { content, data })
    }

    /// An RPM package of the store with its payload unpacked, as [`Store::deb`]. One that was unpacked before is believed by its hash when it is pinned; who
    /// has signed it is not kept, so that is asked of the package itself.
    ///
    /// # Errors
    /// When the package is missing, damaged (it is removed then), unsound or not signed by who is trusted, or the store can't be written.
    pub fn rpm(&self, sha256: &Digest, trust: package::Trust<'_>) -> Result<RpmLayer, RpmError> {
        let data = self.layer_path(sha256, ".data.tar");
        if let (package::Trust::Pinned, Some(content)) = (trust, self.kept_layer(sha256)) {
            return Ok(RpmLayer { content, data });
        }
        let content = self.unpack(
            sha256,
            |input, size, layer| read_rpm(input, size, trust, layer),
            |fault, package| match fault {
                RpmFault::Stream(StreamFault::Write(source)) => StoreError::writing(&data, 0, source).into(),
                source => RpmError::Unsound { package, source },
            },
        )?;
        Ok(RpmLayer { content, data })
    }

    /// A Gentoo package of the store with its payload unpacked, as [`Store::rpm`].
    ///
    /// # Errors
    /// When the package is missing, damaged (it is removed then), unsound or not signed by who is trusted, or the store can't be written.
    pub fn binary(&self, sha256: &Digest, trust: binary::Trust<'_>) -> Result<BinaryLayer, BinaryError> {
        let data = self.layer_path(sha256, ".data.tar");
        if let (binary::Trust::Pinned, Some(content)) = (trust, self.kept_layer(sha256)) {
            return Ok(BinaryLayer { content, data });
        }
        let content = self.unpack(
            sha256,
            |input, size, layer| read_binary(input, size, trust, layer),
            |fault, package| match fault {
                BinaryFault::Stream(StreamFault::Write(source)) => StoreError::writing(&data, 0, source).into(),
                source => BinaryError::Unsound { package, source },
            },
        )?;
        Ok(BinaryLayer { content, data })
    }

    /// Who of the trusted has signed a Gentoo package of the store, by the fingerprints of their primary keys. Its payload is not unpacked.
    ///
    /// # Errors
    /// When the package is missing, damaged (it is removed then), unsound or not signed by who is trusted.
    pub fn binary_signers(&self, sha256: &Digest, trust: binary::Trust<'_>) -> Result<Vec<String>, BinaryError> {
        let package = self.verify(sha256)?;
        let (input, size) = open(&package)?;
        binary::verify(input, size, trust).map_err(|source| BinaryError::Unsound { package, source })
    }

    /// Makes a layer of a package: `read` gets the package, its length in bytes, and where to write its payload. `refused` says what the package's fault means,
    /// which may also be that the layer can't be written.
    fn unpack<T: Unpacked, F, E: From<StoreError>>(
        &self,
        sha256: &Digest,
        read: impl FnOnce(fs::File, u64, &mut dyn Write) -> Result<T, F>,
        refused: impl FnOnce(F, PathBuf) -> E,
    ) -> Result<T, E> {
        let package = self.verify(sha256)?;
        let (input, size) = open(&package)?;
        let mut file = self.temporary()?;
        let content = read(input, size, &mut BufWriter::with_capacity(BUFFER, &mut file)).map_err(|fault| refused(fault, package))?;
        self.keep(file, &self.layer_path(sha256, ".data.tar"))?;
        self.write_index(sha256, &content)?;
        Ok(content)
    }

    /// The headers of an RPM package of the store, whose payload is not looked at.
    ///
    /// # Errors
    /// When the package is missing, damaged (it is removed then), unsound or not signed by who is trusted.
    pub fn rpm_header(&self, sha256: &Digest, trust: package::Trust<'_>) -> Result<RpmHeader, RpmError> {
        let package = self.verify(sha256)?;
        let (input, _) = open(&package)?;
        read_rpm_header(input, trust).map_err(|source| RpmError::Unsound { package, source })
    }

    /// The same, with what the package says of others.
    pub(crate) fn rpm_relations(&self, sha256: &Digest, trust: package::Trust<'_>) -> Result<(RpmHeader, package::RpmRelations), RpmError> {
        let package = self.verify(sha256)?;
        let (input, _) = open(&package)?;
        package::read_rpm_relations(input, trust).map_err(|source| RpmError::Unsound { package, source })
    }

    /// Whether [`Fetcher`](crate::fetch::Fetcher) has nothing to do: the blob is there, and it or the layer made of it is sound. Such a blob need not
    /// be hashed again, since nobody will read it.
    pub(crate) fn holds(&self, sha256: &Digest, size: u64) -> bool {
        self.has_size(sha256, Some(size)) && (self.is_verified(sha256) || self.kept_files(sha256).is_some() || self.verify(sha256).is_ok())
    }

    /// The layer of a package, of whichever format, as [`Store::kept_layer`].
    pub(super) fn kept_files(&self, sha256: &Digest) -> Option<LayerFiles> {
        let deb = || Some(self.kept_layer::<DebContent>(sha256)?.files());
        let apk = || Some(self.kept_layer::<ApkContent>(sha256)?.files());
        let rpm = || Some(self.kept_layer::<RpmContent>(sha256)?.files());
        let binary = || Some(self.kept_layer::<BinaryContent>(sha256)?.files());
        Some(LayerFiles { files: deb().or_else(apk).or_else(rpm).or_else(binary)?, data: self.layer_path(sha256, ".data.tar") })
    }

    /// What the layer holds, if its index is whole and its file is what the index says.
    fn kept_layer<T: Unpacked>(&self, sha256: &Digest) -> Option<T> {
        let index = read_if_there(&self.layer_path(sha256, ".index")).ok()??;
        let (sealed, seal) = index.split_last_chunk::<32>()?;
        if Sha256::digest(sealed)[..] != seal[..] {
            return None;
        }
        let (identity, content) = sealed.split_first_chunk::<IDENTITY>()?;
        let content = T::decode(content)?;
        let data = self.layer_path(sha256, ".data.tar");
        let file = fs::File::open(&data).ok()?;
        if self.file_identity(&file).ok()? != *identity {
            check_contents(&file, &content.files()).then_some(())?;
            // Only spares the next build the hashing.
            let _kept = self.write_index(sha256, &content);
        }
        Some(content)
    }

    fn write_index(&self, sha256: &Digest, content: &impl Unpacked) -> Result<(), StoreError> {
        let data = self.layer_path(sha256, ".data.tar");
        let file = fs::File::open(&data).map_err(|source| StoreError::reading(&data, source))?;
        let identity = self.file_identity(&file).map_err(|source| StoreError::reading(&data, source))?;
        let mut index = [&identity[..], &content.encode()].concat();
        index.extend_from_slice(&Sha256::digest(&index));
        self.write(&self.layer_path(sha256, ".index"), &index)
    }

    /// The boot of the machine, and the file's length, inode and times. A file that has them all is the one that was written.
    fn file_identity(&self, file: &fs::File) -> io::Result<[u8; IDENTITY]> {
        let metadata = file.metadata()?;
        let mut identity = [0; IDENTITY];
        identity[..16].copy_from_slice(&self.shared.boot);
        let words = [
            metadata.len(),
            metadata.ino(),
            metadata.mtime().cast_unsigned(),
            metadata.mtime_nsec().cast_unsigned(),
            metadata.ctime().cast_unsigned(),
            metadata.ctime_nsec().cast_unsigned(),
        ];
        for (slot, word) in identity[16..].chunks_exact_mut(8).zip(words) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        Ok(identity)
    }

    fn layer_path(&self, sha256: &Digest, suffix: &str) -> PathBuf {
        sharded(&self.root().join("layers"), sha256, suffix)
    }
}

/// A package's file and its length in bytes.
fn open(package: &Path) -> Result<(fs::File, u64), StoreError> {
    let failed = |source| StoreError::reading(package, source);
    let file = fs::File::open(package).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    Ok((file, size))
}

/// Changes when the machine starts anew; where the kernel doesn't tell, always the same.
pub(super) fn boot() -> [u8; 16] {
    let id = fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let mut boot = [0; 16];
    boot.copy_from_slice(&Sha256::digest(id)[..16]);
    boot
}

/// Whether every file of the layer has its hash.
fn check_contents(file: &fs::File, files: &[LayerFile]) -> bool {
    files.par_iter().all(|known| hash_range(file, known.offset, known.length).is_ok_and(|found| found == known.sha256))
}

fn hash_range(file: &fs::File, offset: u64, length: u64) -> io::Result<Digest> {
    let mut sha256 = Sha256::new();
    let mut input = Range { file, offset, left: length };
    let mut buffer = vec![0; usize::try_from(length).unwrap_or(BUFFER).clamp(1, BUFFER)];
    loop {
        let read = input.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        sha256.update(&buffer[..read]);
    }
    if input.left > 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(Digest(sha256.finalize().into())) }
}

struct Range<'a> {
    file: &'a fs::File,
    offset: u64,
    left: u64,
}

impl Read for Range<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.file().read_at(&mut buffer[..length], self.offset)?;
        self.offset += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}
