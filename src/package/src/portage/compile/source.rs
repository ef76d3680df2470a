//! Archives and directories that a build trusts: where they are, who has signed them, and the tree that is in them.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use rootfs_plugin::{Architecture, BuildError, Key, Stage3};
use rootfs_sandbox::SeatImage;
use rootfs_tree::{Digest, Kind, Metadata, ScanOptions, Time, Tree, TreeError};
use sha2::{Digest as _, Sha256, Sha512};

use super::CompileError;
use crate::compression::BUFFER;
use crate::engine::{build_error, caused};
use crate::fetch::Fetcher;
use crate::lock::LockedPackage;
use crate::openpgp::{Keyring, OpenPgpError};
use crate::portage::binary::hex;
use crate::store::Store;

/// A stage3 of today has 300 MB, and a snapshot of Gentoo's repository 50 MB.
const MOST_BYTES: u64 = 8 << 30;

/// A signature, or a list of hashes or of archives.
const MOST_TEXT: u64 = 1 << 20;

/// What stands behind an archive's name in that of its signature.
const DETACHED: [&str; 2] = [".asc", ".gpgsig"];

/// And in that of a signed list of hashes.
const LIST: &str = ".DIGESTS";

/// Who may sign.
pub(super) struct Signers {
    keys: Keyring,
    fingerprints: Vec<String>,
    allow_unsigned: bool,
    now: i64,
}

impl Signers {
    /// Reads the keys. Where fingerprints are pinned, others count for nothing.
    pub(super) fn read(stage3: &Stage3, allow_unsigned: bool, now: i64) -> Result<Self, BuildError> {
        let mut keys = Keyring::new();
        for key in &stage3.keys {
            let (origin, bytes) = match key {
                Key::Armoured(text) => ("the distribution".to_owned(), text.clone().into_bytes()),
                Key::File(path) => (path.display().to_string(), fs_err::read(path).map_err(|error| build_error(&error))?),
            };
            keys.add(&origin, &bytes).map_err(|error| build_error(&error))?;
        }
        let fingerprints = stage3.fingerprints.clone();
        keys.retain(|fingerprint| fingerprints.is_empty() || fingerprints.iter().any(|pinned| pinned == fingerprint));
        Ok(Self { keys, fingerprints, allow_unsigned, now })
    }

    fn require_any(&self, what: &'static str, place: &str) -> Result<(), CompileError> {
        if !self.keys.is_empty() {
            return Ok(());
        }
        Err(CompileError::NoKey { what, place: place.to_owned(), fingerprints: self.fingerprints.clone() })
    }
}

/// Where sources come from and go to.
#[derive(Clone, Copy)]
pub(super) struct Shelf<'a> {
    pub(super) fetcher: &'a Fetcher<'a>,
    pub(super) store: &'a Store,
    pub(super) signers: &'a Signers,
}

/// Something that is there, and believed.
pub(super) struct Source {
    what: &'static str,
    place: String,
    /// Of the archive, or of the directory's tree.
    pub(super) sha256: Digest,
    /// Upper-case fingerprints of who has signed it.
    pub(super) signed_by: Vec<String>,
    size: u64,
    /// A directory's.
    tree: Option<Tree>,
}

impl Shelf<'_> {
    /// The archive that a signed list names: its first line that is no comment.
    pub(super) fn first_of_list(&self, list: &str) -> Result<String, BuildError> {
        let failed = |error| caused(format!("can't get the list `{list}`"), &error);
        let (bytes, _) = self.fetcher.document(&[list.to_owned()], MOST_TEXT).map_err(failed)?;
        let text = if self.signers.allow_unsigned {
            crate::openpgp::clear_text(&bytes).map_err(|error| build_error(&error))?
        } else {
            self.signers.require_any("list of stage3s", list).map_err(|error| build_error(&error))?;
            self.signers.keys.verify_clearsigned(&bytes, self.signers.now).map_err(|error| caused(list, &error))?.text
        };
        let named = text.lines().filter(|line| !line.starts_with('#')).find_map(|line| line.split_ascii_whitespace().next());
        let above = list.rsplit_once('/').map(|(above, _)| above);
        match (named.filter(|name| crate::lock::is_path(name)), above) {
            (Some(name), Some(above)) => Ok(format!("{above}/{name}")),
            _ => Err(build_error(&CompileError::List { place: list.to_owned() })),
        }
    }

    /// Finds an archive or a directory, brings the archive into the store, and sees who has signed it. A directory is the user's own, whom nobody else can vouch for;
    /// whose its files are counts only in one that is a root.
    pub(super) fn find(&self, what: &'static str, place: &str, is_root: bool) -> Result<Source, BuildError> {
        let path = (!place.contains("://")).then(|| PathBuf::from(place));
        if let Some(path) = path.as_deref().filter(|path| path.is_dir()) {
            let path = fs_err::canonicalize(path).map_err(|error| build_error(&error))?;
            let read = || -> Result<(Tree, Digest), TreeError> {
                let tree = Tree::scan(&path, &ScanOptions::default())?;
                let mut tree = if is_root { tree } else { of_nobody(tree)? };
                tree.hash_contents()?;
                let digest = tree.digest()?;
                Ok((tree, digest))
            };
            let (tree, sha256) = read().map_err(|source| build_error(&CompileError::Tree { what, place: place.to_owned(), source }))?;
            let size = bytes(&tree);
            return Ok(Source { what, place: place.to_owned(), sha256, signed_by: Vec::new(), size, tree: Some(tree) });
        }
        let signature = self.signature(what, place, path.as_deref())?;
        let (sha256, size) = self.archive(place, path.as_deref(), signature.as_ref())?;
        let signed_by = match &signature {
            None => Vec::new(),
            Some(signature) => self.verify(what, place, &sha256, signature).map_err(|error| build_error(&error))?,
        };
        Ok(Source { what, place: place.to_owned(), sha256, signed_by, size, tree: None })
    }

    /// The signature beside an archive; none when none is asked for.
    fn signature(&self, what: &'static str, place: &str, path: Option<&Path>) -> Result<Option<Signature>, BuildError> {
        if self.signers.allow_unsigned {
            return Ok(None);
        }
        if path.is_some_and(|path| !path.exists()) {
            let missing = fs_err::File::open(place).err().map(|error| build_error(&error));
            return Err(missing.unwrap_or_else(|| BuildError::new(format!("can't read `{place}`"))));
        }
        self.signers.require_any(what, place).map_err(|error| build_error(&error))?;
        for suffix in DETACHED.into_iter().chain([LIST]) {
            let name = format!("{place}{suffix}");
            let bytes = match path {
                Some(_) if !Path::new(&name).exists() => continue,
                Some(_) => fs_err::read(&name).map_err(|error| build_error(&error))?,
                None => match self.fetcher.document(std::slice::from_ref(&name), MOST_TEXT) {
                    Ok((bytes, _)) => bytes,
                    Err(error) if error.is_not_found() => continue,
                    Err(error) => return Err(caused(format!("can't get the signature `{name}`"), &error)),
                },
            };
            return Ok(Some(Signature { name, bytes, is_list: suffix == LIST }));
        }
        Err(build_error(&CompileError::Unsigned { what, place: place.to_owned() }))
    }

    /// The archive in the store. An earlier build may have noted the hash of the one with this signature.
    fn archive(&self, place: &str, path: Option<&Path>, signature: Option<&Signature>) -> Result<(Digest, u64), BuildError> {
        if let Some(path) = path {
            return self.store.insert_file(path).map_err(|error| build_error(&error));
        }
        let note = signature.map(|signature| format!("archive {place} {}", Digest(Sha256::digest(&signature.bytes).into())));
        if let Some(known) = note.as_deref().and_then(|note| noted(note, self.store)) {
            return Ok(known);
        }
        let failed = |error: &(dyn std::error::Error + 'static)| caused(format!("can't get `{place}`"), error);
        let bytes = self.fetcher.content(place, &[place.to_owned()], MOST_BYTES).map_err(|error| failed(&error))?;
        let sha256 = self.store.insert_bytes(&bytes).map_err(|error| failed(&error))?;
        let size = bytes.len() as u64;
        if let Some(note) = note {
            self.store.keep_document(&note, format!("{sha256} {size}").as_bytes()).map_err(|error| failed(&error))?;
        }
        Ok((sha256, size))
    }

    fn verify(&self, what: &'static str, place: &str, sha256: &Digest, signature: &Signature) -> Result<Vec<String>, CompileError> {
        let Signers { keys, now, .. } = self.signers;
        let place = place.to_owned();
        let refused = |source: OpenPgpError| CompileError::Signature { what, place: place.clone(), source };
        let unreadable = |source| CompileError::Read { what, place: place.clone(), source };
        let path = self.store.blob(sha256);
        let mut file = fs_err::File::open(&path).map_err(unreadable)?;
        if !signature.is_list {
            return keys.verify_detached_stream(&mut file, &signature.bytes, *now).map_err(refused);
        }
        let signed = keys.verify_clearsigned(&signature.bytes, *now).map_err(refused)?;
        let hash = sha512(file).map_err(unreadable)?;
        let name = place.rsplit('/').next().unwrap_or_default();
        if signed.text.lines().any(|line| line.split_ascii_whitespace().eq([hash.as_str(), name])) {
            return Ok(signed.fingerprints);
        }
        Err(CompileError::Changed { what, place, list: signature.name.clone() })
    }
}

struct Signature {
    name: String,
    bytes: Vec<u8>,
    /// It is a list of hashes, and not of the archive itself.
    is_list: bool,
}

impl Source {
    /// An image that an engine has, and the user has named.
    pub(super) fn of_image(image: &SeatImage) -> Result<Self, BuildError> {
        let unknown = || BuildError::new(format!("the engine doesn't say what the image `{}` is known by", image.name));
        let sha256 = image.id.parse().ok().ok_or_else(unknown)?;
        Ok(Self { what: "image", place: image.name.clone(), sha256, signed_by: Vec::new(), size: 0, tree: None })
    }

    /// What is in it. An archive is unpacked into `spool`, which must stay as long as the tree is used.
    pub(super) fn tree(&self, store: &Store, spool: &Path) -> Result<Tree, BuildError> {
        let failed = |source| build_error(&CompileError::Tree { what: self.what, place: self.place.clone(), source });
        if let Some(tree) = &self.tree {
            return Ok(tree.clone());
        }
        let path = store.verify(&self.sha256).map_err(|error| build_error(&error))?;
        Tree::from_tar(&path, spool).map_err(failed)
    }

    /// As it was named.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// As a lock has it, under this name.
    pub(super) fn locked(&self, name: &str, architecture: Architecture) -> LockedPackage {
        let file = self.place.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let is_sound = crate::lock::is_path(file);
        LockedPackage {
            name: name.to_owned(),
            version: format!("{:.12}", self.sha256.to_string()),
            architecture: architecture.name().to_owned(),
            repository: crate::lock::LOCAL.to_owned(),
            path: if is_sound { file.to_owned() } else { name.to_owned() },
            size: self.size.max(1),
            sha256: self.sha256,
            automatic: false,
            essential: false,
            build: None,
        }
    }
}

/// A directory's tree without what is no matter of its content: whose it is on this machine, when it was written, and what git keeps beside it.
pub(super) fn of_nobody(mut tree: Tree) -> Result<Tree, TreeError> {
    tree.remove(b"/.git", Time::default())?;
    let entries: Vec<_> = tree.walk().collect();
    for entry in entries {
        let node = tree.node_mut(entry.id);
        let mode = match node.kind {
            Kind::Directory(_) => 0o755,
            Kind::Symlink(_) => 0o777,
            _ if node.metadata.mode & 0o100 != 0 => 0o755,
            _ => 0o644,
        };
        node.metadata = Metadata::root(mode, Time::default());
    }
    Ok(tree)
}

/// As lower-case hexadecimal digits.
fn sha512(input: impl Read) -> std::io::Result<String> {
    let mut hash = Sha512::new();
    let mut input = BufReader::with_capacity(BUFFER, input);
    loop {
        let piece = input.fill_buf()?;
        if piece.is_empty() {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(piece);
        let length = piece.len();
        input.consume(length);
    }
}

/// How much all files have, each name counted.
fn bytes(tree: &Tree) -> u64 {
    let length = |entry: rootfs_tree::Entry| match &tree.node(entry.id).kind {
        Kind::File(content) => content.length,
        _ => 0,
    };
    tree.walk().map(length).sum()
}

fn noted(note: &str, store: &Store) -> Option<(Digest, u64)> {
    let text = String::from_utf8(store.document(note).ok()??).ok()?;
    let (sha256, size) = text.split_once(' ')?;
    let (sha256, size) = (sha256.parse().ok()?, size.parse().ok()?);
    store.contains(&sha256, Some(size)).then_some((sha256, size))
}
